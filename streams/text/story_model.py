"""Whether an article belongs to a story, and two stories to each other: two logistic models.

Weights were learned on folded development streams of four English news-event corpora
(998 articles, 189 stories); features are dimensionless, so no term of them is in here.
"""

import json
import math
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

__all__ = ["ClusterConfig", "JoinFeatures", "MergeFeatures", "join_logit", "merge_logit", "probability"]

MAX_GAP_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class JoinWeights:
    """Weights of `join_logit`."""

    all: float = 1.7
    title: float = 5.91
    lead: float = 8.9
    ent: float = 6.75
    nearest: float = 4.25
    log_size: float = -1.96
    single: float = -0.05
    gap: float = -0.01
    log_gap: float = -2.36
    bias: float = -2.22


@dataclass(frozen=True, slots=True)
class MergeWeights:
    """Weights of `merge_logit`."""

    all: float = -1.82
    title: float = 2.89
    lead: float = 6.04
    ent: float = -1.01
    nearest: float = 7.08
    mean_nearest: float = 16.25
    nearest_ent: float = 3.63
    log_gap: float = -1.39
    log_distance: float = -0.33
    log_smaller: float = -3.18
    log_bigger: float = -1.27
    bias: float = -1.81


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """Everything a decision of the cluster stage depends on besides its input.

    Days are of the clock of a language, which `first_seen_at` drives. A story closes
    `window_days` after it last grew and is forgotten after `forget_days`; so is the identity
    of an article, but not before `keep_articles` more records have come. One record moves the
    clock by `clock_step_days` at most: a wrong date must not close every story. (A source that
    writes nothing but dates far ahead still runs it on; what stays open is bounded by `max_live`.) Beyond
    `max_live` open stories the oldest close early. A query looks at no more than
    `posting_budget` postings, rarest terms first.
    """

    join: JoinWeights = field(default_factory=JoinWeights)
    merge: MergeWeights = field(default_factory=MergeWeights)
    join_threshold: float = 1.0
    merge_threshold: float = 1.0
    merge_every: int = 25
    query_terms: int = 24
    candidates: int = 24
    neighbours: int = 6
    posting_budget: int = 3000
    window_days: float = 20.0
    forget_days: float = 30.0
    keep_articles: int = 10_000
    max_live: int = 100_000
    clock_step_days: float = 1.0
    expiry_per_step: int = 64

    def digest(self) -> str:
        """Hash of the whole configuration, the same on every machine."""
        return _digest(self)


@cache
def _digest(config: ClusterConfig) -> str:
    return blake2b(json.dumps(asdict(config), sort_keys=True).encode(), digest_size=8).hexdigest()


class JoinFeatures(NamedTuple):
    """Cosines of an article with a story's four fields and its nearest recent member, story size, days apart."""

    all: float
    title: float
    lead: float
    ent: float
    nearest: float
    size: int
    gap_days: float


class MergeFeatures(NamedTuple):
    """Cosines of two stories, similarities of their recent members, days apart, sizes."""

    all: float
    title: float
    lead: float
    ent: float
    nearest: float
    mean_nearest: float
    nearest_ent: float
    gap_days: float
    distance_days: float
    smaller: int
    bigger: int


def join_logit(found: JoinFeatures, by: JoinWeights) -> float:
    """Log odds that the article is about the story; the terms are added in a fixed order."""
    gap = min(found.gap_days, MAX_GAP_DAYS)
    logit = by.bias + by.all * found.all + by.title * found.title + by.lead * found.lead + by.ent * found.ent
    logit += by.nearest * found.nearest + by.log_size * math.log(found.size)
    logit += by.single if found.size == 1 else 0.0
    return logit + by.gap * gap + by.log_gap * math.log1p(gap)


def merge_logit(found: MergeFeatures, by: MergeWeights) -> float:
    """Log odds that two stories are one; the terms are added in a fixed order."""
    logit = by.bias + by.all * found.all + by.title * found.title + by.lead * found.lead + by.ent * found.ent
    logit += by.nearest * found.nearest + by.mean_nearest * found.mean_nearest + by.nearest_ent * found.nearest_ent
    logit += by.log_gap * math.log1p(found.gap_days) + by.log_distance * math.log1p(found.distance_days)
    return logit + by.log_smaller * math.log(found.smaller) + by.log_bigger * math.log(found.bigger)


def probability(logit: float) -> float:
    """Logistic of `logit`, to four places: the last bits differ between machines."""
    return round(1 / (1 + math.exp(-logit)), 4)
