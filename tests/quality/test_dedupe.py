"""Dedupe on the development stream: precision and recall have floors, false merges of the known hard pairs none."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemas import Article, DuplicateRecord
from streams.ids import document_id
from streams.outcome import Ok
from streams.stages.dedupe import DedupeState, dedupe
from streams.state.memory import MemoryTable
from streams.state.protocols import Origin
from tests.builders import article
from tests.quality.dedupe_stream import FILES, Scores, Stream, read_lines, scores, sha256_of

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT.parent / "shared" / "data" / "dedupe"
SAMPLES = PROJECT / "streams" / "local" / "samples"

pytestmark = [
    pytest.mark.quality,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data"),
]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Original and kind of each text that was called a copy."""

    roots: dict[str, str]
    kinds: dict[str, str]
    scores: Scores

    def merged(self, one: str, other: str) -> bool:
        return self.roots.get(one, one) == self.roots.get(other, other)


def written(name: str, text: str) -> Article:
    """The article of a text that has a page of its own."""
    return article(text, None, document_id=document_id("stream", name), canonical_url=f"https://stream.example/{name}")


def duplicates(texts: list[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Name, name of the original and kind of each text called a copy; all come at once, so that none expires."""
    state, names = DedupeState(MemoryTable()), dict[str, str]()
    for offset, (name, text) in enumerate(texts):
        came = written(name, text)
        names[came.article_id] = name
        outcome = dedupe(came, state, Origin(0, offset))
        assert isinstance(outcome, Ok)
        (found,) = outcome.values
        if isinstance(found, DuplicateRecord):
            yield name, names[found.duplicate_of], found.kind


@pytest.fixture(scope="module")
def floors() -> dict[str, Any]:
    floors: dict[str, Any] = json.loads((PROJECT / "tests" / "quality" / "floors.json").read_bytes())["dedupe"]
    assert floors["corpus_sha256"] == sha256_of(DATA), "the floors are those of another corpus"
    return floors


@pytest.fixture(scope="module")
def stream() -> Stream:
    return Stream.read(DATA)


@pytest.fixture(scope="module")
def verdicts(stream: Stream) -> Verdicts:
    found = list(duplicates(stream.texts))
    roots = {name: root for name, root, _ in found}
    return Verdicts(roots, {name: kind for name, _, kind in found}, scores(stream, roots))


def test_precision_and_recall(verdicts: Verdicts, floors: dict[str, Any]) -> None:
    assert verdicts.scores.precision >= floors["precision"]
    assert verdicts.scores.recall >= floors["recall"]


@pytest.mark.parametrize("kind", ["near", "contained", "natural"])
def test_recall_of_each_kind(kind: str, verdicts: Verdicts, floors: dict[str, Any]) -> None:
    assert verdicts.scores.by_kind[kind] >= floors[kind]


def test_every_reformatted_copy_is_exact(stream: Stream, verdicts: Verdicts) -> None:
    reformatted = [name for name, kind in stream.kind.items() if kind == "exact"]
    assert len(reformatted) == 1500
    assert {verdicts.kinds.get(name) for name in reformatted} == {"exact"}


def test_articles_on_the_same_event_stay_apart(verdicts: Verdicts) -> None:
    assert not [p for p in read_lines(DATA / FILES[3]) if verdicts.merged(p["a"], p["b"])]


def test_natural_negatives_stay_apart(verdicts: Verdicts, floors: dict[str, Any]) -> None:
    pairs = [p for p in read_lines(DATA / FILES[2]) if p["label"] == "different"]
    assert sum(verdicts.merged(p["a"], p["b"]) for p in pairs) <= floors["natural_negatives_merged"]


def test_the_two_samples_are_two_articles() -> None:
    texts = [(path.name, path.read_text(encoding="utf-8")) for path in sorted(SAMPLES.glob("*.txt"))]
    assert len(texts) == 2
    assert not list(duplicates(texts))
