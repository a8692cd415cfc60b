"""The two sample articles: each thing once, by one name and one id in both, whatever the surface."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas import EnrichedArticle, Layers
from streams.outcome import Ok
from streams.stages.enrich import enrich
from tests.builders import article

SAMPLES = Path(__file__).resolve().parents[2] / "streams" / "local" / "samples"
BODIES = {"000_3735a002b1d218c1.txt": ("In a reported", None), "002_1fa226740546646a.txt": ("North Korean", "Leave A")}
ONCE = {
    "Kim Jong Un": "PERSON",
    "Vladimir Putin": "PERSON",
    "Russia": "PLACE",
    "North Korea": "PLACE",
    "KCNA": "ORG",
    "United Nations Security Council": "ORG",
}


def body_of(name: str) -> str:
    """The sample from its first sentence on, without what stands around it."""
    text = (SAMPLES / name).read_text(encoding="utf-8")
    first, after = BODIES[name]
    return text[text.index(first) : text.index(after) if after else None].strip()


def layers_of(name: str, **changes: object) -> Layers:
    outcome = enrich(article(body_of(name), None, **changes))
    assert isinstance(outcome, Ok)
    whole = outcome.values[0]
    assert isinstance(whole, EnrichedArticle)
    return whole.layers


@pytest.mark.parametrize("name", BODIES)
def test_each_thing_is_one_entity(name: str) -> None:
    layer = layers_of(name).entities
    assert layer is not None
    assert {entity.name: entity.type for entity in layer.entities if entity.name in ONCE} == ONCE
    assert len({entity.name for entity in layer.entities}) == len(layer.entities)
    surfaces = {mention.text: entity.name for entity in layer.entities for mention in entity.mentions}
    assert surfaces["Mercedes"] == "Mercedes-Benz"
    assert surfaces["Kim"] == "Kim Jong Un"
    assert surfaces["Putin"] == "Vladimir Putin"
    assert surfaces["U.N. Security Council"] == "United Nations Security Council"


def test_ids_are_the_same_in_both() -> None:
    one, other = (layers_of(name).entities for name in BODIES)
    assert one is not None
    assert other is not None
    ids = [{entity.name: entity.entity_id for entity in layer.entities} for layer in (one, other)]
    assert [ids[0][name] for name in ONCE] == [ids[1][name] for name in ONCE]


def test_the_eighteenth_of_february_has_a_year_where_the_article_has_a_date() -> None:
    published = datetime(2024, 2, 20, tzinfo=UTC)
    dated = layers_of("000_3735a002b1d218c1.txt", published_at=published, published_precision="day").dates
    undated = layers_of("002_1fa226740546646a.txt").dates
    assert dated is not None
    assert undated is not None
    assert [(found.text, found.value) for found in dated.dates] == [("February 18", "2024-02-18")]
    assert [(found.text, found.value) for found in undated.dates] == [("Feb. 18", "--02-18")]
