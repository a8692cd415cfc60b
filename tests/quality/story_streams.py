"""The folded benchmark streams of news events through `vectorize` and `cluster`, and their scores."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas import StoryCandidate, StoryEvent, StoryVectors
from streams.outcome import Ok
from streams.stages.cluster import ClusterState, cluster
from streams.state.memory import MemoryTable
from streams.state.protocols import Origin
from streams.text.story_model import ClusterConfig
from streams.text.vectorize import vectorize

__all__ = ["Partitions", "bcubed", "clustered", "digest", "pairwise"]

START = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Partitions:
    """The story of each article in the order of arrival: by the annotators, at first, in the end."""

    gold: list[str]
    first: list[str]
    final: list[str]


def pairwise(gold: Sequence[str], found: Sequence[str]) -> float:
    """F1 of the decision, for each two articles, whether they are in one story."""

    def pairs(labels: Iterable[object]) -> int:
        return sum(count * (count - 1) // 2 for count in Counter(labels).values())

    return 2 * pairs(zip(gold, found, strict=True)) / (pairs(gold) + pairs(found))


def bcubed(gold: Sequence[str], found: Sequence[str]) -> float:
    """F1 of BCubed precision and recall (Bagga and Baldwin 1998): means over articles."""
    both, golds, founds = Counter(zip(gold, found, strict=True)), Counter(gold), Counter(found)
    articles = list(zip(gold, found, strict=True))
    precision = sum(both[pair] / founds[pair[1]] for pair in articles) / len(articles)
    recall = sum(both[pair] / golds[pair[0]] for pair in articles) / len(articles)
    return 2 * precision * recall / (precision + recall)


def clustered(data: Path, seed: int, config: ClusterConfig | None = None) -> Partitions:
    """Partitions of one stream."""
    state = ClusterState(MemoryTable(), config)
    gold: list[str] = []
    first: list[str] = []
    redirects: dict[str, str] = {}
    for number, (candidate, label) in enumerate(_stream(data, seed)):
        outcome = cluster(candidate, state, Origin(0, number))
        assert isinstance(outcome, Ok)
        events = [value for value in outcome.values if isinstance(value, StoryEvent)]
        first.extend(event.story_id for event in events if event.kind in {"created", "article_added"})
        redirects.update((event.story_id, event.merged_into) for event in events if event.merged_into is not None)
        gold.append(label)
    return Partitions(gold, first, [_followed(story, redirects) for story in first])


def digest(data: Path, seeds: Iterable[int]) -> str:
    """SHA-256 of the streams and the texts they name."""
    streams = [data / "streams" / f"en_fold60_seed{seed}_dev.tsv" for seed in seeds]
    named = {line.split("\t")[2] for path in streams for line in path.read_text(encoding="utf-8").splitlines()[1:]}
    hashed = sha256()
    for path in (*streams, *(data / f"{name}.jsonl.gz" for name in sorted(named))):
        hashed.update(sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


def _stream(data: Path, seed: int) -> list[tuple[StoryCandidate, str]]:
    lines = (data / "streams" / f"en_fold60_seed{seed}_dev.tsv").read_text(encoding="utf-8").splitlines()[1:]
    found = []
    for number, line in enumerate(lines):
        days, row_id, name, label = line.split("\t")
        path = data / f"{name}.jsonl.gz"
        candidate = StoryCandidate(
            document_id=f"doc_{number}",
            article_id=f"art_{number}",
            language="en",
            source_id=name,
            title=_rows(path)[row_id]["title"],
            first_seen_at=START + timedelta(days=float(days)),
            vectors=_vectors(path, row_id),
        )
        found.append((candidate, label))
    return found


@cache
def _rows(path: Path) -> dict[str, dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {row["id"]: row for row in map(json.loads, lines)}


@cache
def _vectors(path: Path, row_id: str) -> StoryVectors:
    row = _rows(path)[row_id]
    return vectorize(row["title"], row["text"] or "")


def _followed(story: str, redirects: dict[str, str]) -> str:
    while story in redirects:
        story = redirects[story]
    return story
