"""Strict entity F1 of the shipped chain on two development sets; both were never trained on."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from streams.text.entities.spans import LOC, ORG, PER
from tests.quality.entity_corpus import TYPES, f1, read_articles, sha256_of, tally

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT.parent / "shared" / "data" / "ner"
CORPORA = {"reuters": "conll2003_dev_REFERENCE_ONLY", "world": "worldwide_train_EVAL_OR_REFERENCE_ONLY"}

pytestmark = [
    pytest.mark.quality,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data"),
]


@pytest.fixture(scope="module", params=sorted(CORPORA))
def corpus(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[int, Counter[str]]]:
    """Floors and counts of one corpus."""
    floors = json.loads((PROJECT / "tests" / "quality" / "floors.json").read_bytes())["entities"][request.param]
    path = DATA / f"{CORPORA[request.param]}.jsonl.gz"
    assert floors["corpus_sha256"] == sha256_of(path), "the floors are those of another corpus"
    return floors, tally(read_articles(path))


def test_f1_of_people_organisations_and_places(corpus: tuple[dict[str, Any], dict[int, Counter[str]]]) -> None:
    floors, counts = corpus
    assert f1(counts, (PER, ORG, LOC)) >= floors["f1_3"]


def test_f1_with_peoples_events_and_the_rest(corpus: tuple[dict[str, Any], dict[int, Counter[str]]]) -> None:
    floors, counts = corpus
    assert f1(counts, TYPES.values()) >= floors["f1_4"]
