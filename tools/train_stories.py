# ruff: noqa: INP001, T201 - a script, not part of a package, that prints its result
"""Learn the weights of `streams.text.story_model` from folded development streams.

    python tools/train_stories.py DATA                    the weights, from all stories
    python tools/train_stories.py DATA --cross-validate   train on half of the stories, score the other, both ways

DATA holds `streams/en_fold60_seed{S}_dev.tsv` (columns ts_days, id, file, cluster) and the
files they name. Joining is learned with every article put into its true story, merging
from what the learned joins make of the streams. Needs scikit-learn, which newsloom does not.
"""

import argparse
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from schemas import StoryCandidate, StoryEvent, StoryVectors
from streams.ids import story_id
from streams.outcome import Ok
from streams.stages.cluster import ClusterState, cluster
from streams.state.memory import MemoryTable
from streams.state.protocols import Origin
from streams.state.story_profile import article_profile, joined
from streams.state.story_record import micros
from streams.state.story_search import join_candidates, merge_candidates
from streams.text.story_model import ClusterConfig, JoinWeights, MergeWeights, join_logit, merge_logit
from streams.text.vectorize import vectorize

START = datetime(2020, 1, 1, tzinfo=UTC)
NEVER = 1e9
JOIN_SEEDS = (11, 12, 13)
MERGE_SEEDS = (11, 12, 13)
MERGE_LEVELS = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article of a stream and the story it is of."""

    candidate: StoryCandidate
    gold: str


@cache
def texts(path: Path) -> dict[str, dict[str, Any]]:
    """Rows of a data file by id."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {row["id"]: row for row in map(json.loads, lines)}


@cache
def vectors_of(path: Path, row_id: str) -> StoryVectors:
    """Vectors of one article."""
    row = texts(path)[row_id]
    return vectorize(row["title"], row["text"] or "")


def stream(data: Path, seed: int) -> list[Labelled]:
    """One folded stream in the order of arrival."""
    lines = (data / f"streams/en_fold60_seed{seed}_dev.tsv").read_text(encoding="utf-8").splitlines()[1:]
    found = []
    for number, line in enumerate(lines):
        days, row_id, file, gold = line.split("\t")
        path = data / f"{file}.jsonl.gz"
        value = StoryCandidate(
            document_id=f"doc_{number}",
            article_id=f"art_{number}",
            language="en",
            source_id=file,
            title=texts(path)[row_id]["title"],
            first_seen_at=START + timedelta(days=float(days)),
            vectors=vectors_of(path, row_id),
        )
        found.append(Labelled(value, gold))
    return found


def fit(names: Sequence[str], rows: Sequence[Sequence[float]], labels: Sequence[bool]) -> dict[str, float]:
    """Logistic regression on standardised terms, given back as weights of the raw ones."""
    table = np.array(rows)
    mean, deviation = table.mean(0), table.std(0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=3000).fit((table - mean) / deviation, labels)
    weights = model.coef_[0] / deviation
    bias = float(model.intercept_[0] - (weights * mean).sum())
    return {name: round(weight, 2) for name, weight in zip((*names, "bias"), (*weights.tolist(), bias), strict=True)}


def terms(found: Any, logit: Callable[..., float], kind: type) -> tuple[list[str], list[float]]:
    """What each weight of a model is multiplied with: the model is linear in its weights."""
    names = [field.name for field in fields(kind) if field.name != "bias"]
    none = kind(**dict.fromkeys([*names, "bias"], 0.0))
    return names, [logit(found, replace(none, **{name: 1.0})) for name in names]


def join_weights(streams: Iterable[list[Labelled]]) -> JoinWeights:
    """Every article goes to its true story; each candidate on the way is an example."""
    rows: list[list[float]] = []
    labels: list[bool] = []
    names: list[str] = []
    config = ClusterConfig()
    for articles in streams:
        book = ClusterState(MemoryTable(), config).book("en")
        for article in articles:
            target = story_id(article.gold)
            profile = article_profile(article.candidate.vectors, micros(article.candidate.first_seen_at))
            for other, found in join_candidates(book, profile, config):
                names, row = terms(found, join_logit, JoinWeights)
                rows.append(row)
                labels.append(other == target)
            known = book.live.get(target)
            book.put_profile(target, profile if known is None else joined(known, profile))
    return JoinWeights(**fit(names, rows, labels))


def merge_weights(streams: Sequence[list[Labelled]], join: JoinWeights) -> MergeWeights:
    """Stories as the learned joins make them; two are one when most of their articles say so."""
    rows: list[list[float]] = []
    labels: list[bool] = []
    names: list[str] = []
    for articles in streams:
        for level in MERGE_LEVELS:
            config = ClusterConfig(join=join, join_threshold=level, merge_threshold=NEVER)
            state = ClusterState(MemoryTable(), config)
            members: dict[str, Counter[str]] = {}
            touched: dict[str, None] = {}
            for number, article in enumerate(articles, 1):
                target = placed(article.candidate, state, number)
                members.setdefault(target, Counter())[article.gold] += 1
                touched[target] = None
                if number % config.merge_every:
                    continue
                book = state.book("en")
                for one in filter(book.live.__contains__, touched):
                    for other, found in merge_candidates(book, one, config):
                        names, row = terms(found, merge_logit, MergeWeights)
                        rows.append(row)
                        labels.append(_theme(members[one]) == _theme(members[other]))
                touched = {}
    return MergeWeights(**fit(names, rows, labels))


def _theme(members: Counter[str]) -> str:
    return members.most_common(1)[0][0]


def placed(value: StoryCandidate, state: ClusterState, number: int) -> str:
    """The story that takes the article."""
    outcome = cluster(value, state, Origin(0, number))
    assert isinstance(outcome, Ok)  # noqa: S101 - these vectors are ours
    return next(
        event.story_id for event in outcome.values if isinstance(event, StoryEvent) and event.article is not None
    )


def trained(streams: dict[int, list[Labelled]]) -> ClusterConfig:
    """Both models."""
    join = join_weights(streams[seed] for seed in JOIN_SEEDS)
    return ClusterConfig(join=join, merge=merge_weights([streams[seed] for seed in MERGE_SEEDS], join))


def half(articles: list[Labelled], number: int) -> list[Labelled]:
    """The articles of every other story, by a hash of its name."""
    return [article for article in articles if zlib.crc32(article.gold.encode()) % 2 == number]


def scores(articles: list[Labelled], config: ClusterConfig) -> dict[str, float]:
    """Pairwise and BCubed F1 of the final partition, BCubed of the first assignment."""
    state = ClusterState(MemoryTable(), config)
    gold, first, redirects = [], [], dict[str, str]()
    for number, article in enumerate(articles):
        outcome = cluster(article.candidate, state, Origin(0, number))
        events = [value for value in getattr(outcome, "values", ()) if isinstance(value, StoryEvent)]
        first.append(next(event.story_id for event in events if event.article is not None))
        gold.append(article.gold)
        redirects.update({event.story_id: event.merged_into for event in events if event.merged_into is not None})
    final = [_followed(story, redirects) for story in first]
    return {"pairwise": pairwise(gold, final), "bcubed": bcubed(gold, final), "first bcubed": bcubed(gold, first)}


def _followed(story: str, redirects: dict[str, str]) -> str:
    while story in redirects:
        story = redirects[story]
    return story


def pairwise(gold: Sequence[str], found: Sequence[str]) -> float:
    """F1 over pairs of articles."""
    both, ours, theirs = (
        sum(count * (count - 1) for count in Counter(labels).values())
        for labels in (zip(gold, found, strict=True), found, gold)
    )
    return 2 * both / (ours + theirs)


def bcubed(gold: Sequence[str], found: Sequence[str]) -> float:
    """F1 of the mean precision and recall of the articles."""
    joint, ours, theirs = Counter(zip(gold, found, strict=True)), Counter(found), Counter(gold)
    precision = sum(count * count / ours[story] for (_, story), count in joint.items())
    recall = sum(count * count / theirs[story] for (story, _), count in joint.items())
    return 2 * precision * recall / (precision + recall) / len(gold)


def main() -> None:
    """Train, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cross-validate", action="store_true")
    options = parser.parse_args()
    streams = {seed: stream(options.data, seed) for seed in sorted({*JOIN_SEEDS, *MERGE_SEEDS})}
    if not options.cross_validate:
        config = trained(streams)
        print(json.dumps({"join": asdict(config.join), "merge": asdict(config.merge)}, indent=1))
        return
    found = []
    for number in (0, 1):
        config = trained({seed: half(articles, 1 - number) for seed, articles in streams.items()})
        held_out = [half(articles, number) for articles in streams.values()]
        found += [(scores(articles, config), scores(articles, ClusterConfig())) for articles in held_out]
    for name in found[0][0]:
        new, old = (sum(pair[which][name] for pair in found) / len(found) for which in (0, 1))
        print(f"{name:14s} retrained, unseen stories {new:.4f}   weights in use {old:.4f}")


if __name__ == "__main__":
    main()
