import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Article, EnrichedArticle, Entity, StoryCandidate
from streams.outcome import Ok
from streams.stages.enrich import CANDIDATE_ENTITIES, READ_CHARS, enrich
from streams.text.vectorize import vectorize
from tests.builders import BODY, TITLE, article

SUMMIT = """\
North Korean leader Kim Jong Un received Russian President Vladimir Putin at the harbour on Feb. 18, state agency KCNA \
said. Kim's sister thanked Putin for coming, and Putin thanked Kim Jong Un’s hosts.

The U.N. Security Council will meet about Russia and North Korea on Monday, diplomats said."""


def enriched(found: Article) -> tuple[EnrichedArticle, StoryCandidate]:
    outcome = enrich(found)
    assert isinstance(outcome, Ok)
    whole, candidate = outcome.values
    assert isinstance(whole, EnrichedArticle)
    assert isinstance(candidate, StoryCandidate)
    return whole, candidate


def entities(found: Article) -> dict[str, Entity]:
    layer = enriched(found)[0].layers.entities
    assert layer is not None
    return {entity.name: entity for entity in layer.entities}


def check_offsets(whole: EnrichedArticle) -> None:
    body, layers = whole.article.body_text, whole.layers
    assert layers.entities is not None
    assert layers.dates is not None
    for mention in [mention for entity in layers.entities.entities for mention in entity.mentions]:
        assert body[mention.start : mention.end] == mention.text
    for date in layers.dates.dates:
        assert body[date.start : date.end] == date.text


def test_one_entity_a_thing_whatever_its_surface() -> None:
    found = entities(article(SUMMIT, None))
    surfaces = {name: [mention.text for mention in entity.mentions] for name, entity in found.items()}
    assert surfaces["Kim Jong Un"] == ["Kim Jong Un", "Kim", "Kim Jong Un"]
    assert surfaces["Vladimir Putin"] == ["Vladimir Putin", "Putin", "Putin"]
    assert surfaces["United Nations Security Council"] == ["U.N. Security Council"]
    assert {name: found[name].type for name in ("North Korea", "North Korean", "Russia", "Russian", "KCNA")} == {
        "North Korea": "PLACE",
        "North Korean": "GROUP",
        "Russia": "PLACE",
        "Russian": "GROUP",
        "KCNA": "ORG",
    }
    assert [(given.scheme, given.value) for given in found["Russia"].external_ids] == [("iso3166", "RU")]


def test_an_entity_has_the_same_id_in_every_article() -> None:
    one, other = entities(article(SUMMIT, None)), entities(article("Putin flew to Moscow, KCNA said.", None))
    assert one["Vladimir Putin"].entity_id == other["Vladimir Putin"].entity_id
    assert one["KCNA"].entity_id == other["KCNA"].entity_id
    assert len({entity.entity_id for entity in one.values()}) == len(one)


def test_salience_falls_from_one() -> None:
    scores = [entity.salience for entity in entities(article(SUMMIT, None)).values()]
    assert scores[0] == 1
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores[1:])


def test_a_year_is_implied_only_by_a_stated_day_of_publication() -> None:
    def value(**changes: object) -> str:
        layer = enriched(article(SUMMIT, None, **changes))[0].layers.dates
        assert layer is not None
        return layer.dates[0].value

    published = datetime(2024, 2, 20, tzinfo=UTC)
    assert value() == "--02-18"
    assert value(published_at=published, published_precision="year") == "--02-18"
    assert value(published_at=published, published_precision="day") == "2024-02-18"


def test_the_article_is_untouched_and_the_candidate_compact() -> None:
    given = article(SUMMIT, "Putin visits")
    whole, candidate = enriched(given)
    assert whole.article == given
    assert (candidate.article_id, candidate.source_id, candidate.title) == (given.article_id, "gazette", "Putin visits")
    assert candidate.vectors == vectorize("Putin visits", SUMMIT)
    assert whole.layers.entities is not None
    assert [entity.entity_id for entity in candidate.entities] == [
        entity.entity_id for entity in whole.layers.entities.entities
    ]


def test_a_candidate_carries_no_more_than_its_top_entities() -> None:
    body = " ".join(f"Mayor Ilse Varga{chr(97 + at)} spoke." for at in range(26)) + " " + SUMMIT
    whole, candidate = enriched(article(body, None))
    assert whole.layers.entities is not None
    assert len(whole.layers.entities.entities) > CANDIDATE_ENTITIES == len(candidate.entities)


@pytest.mark.parametrize("body", ["nothing is named here at all", "。", "東京で会議が開かれた。", "۞", "म नेपाली हुँ"])
def test_a_text_without_names_has_empty_layers(body: str) -> None:
    assert entities(article(body, None, language="und")) == {}


def test_a_huge_body_is_read_up_to_its_limit_and_in_time() -> None:
    body = f"{SUMMIT}\n\n" * (5_000_000 // len(SUMMIT))
    began = time.process_time()
    whole, _ = enriched(article(body, None))
    assert time.process_time() - began < 20
    check_offsets(whole)
    assert whole.layers.entities is not None
    ends = [mention.end for entity in whole.layers.entities.entities for mention in entity.mentions]
    assert READ_CHARS - len(SUMMIT) < max(ends) <= READ_CHARS


@pytest.mark.parametrize(
    "unit",
    ["A", "A.", "Ab-", "1:", "A'", "Kim ", "U.N. ", "\n", "’s", "Feb. ", "1 of ", "É", "a.", "@a", "www.", "R-Ky."],
)
def test_no_repetition_is_slow(unit: str) -> None:
    began = time.process_time()
    check_offsets(enriched(article(unit * (200_000 // len(unit)) + ".", None))[0])
    assert time.process_time() - began < 15


@given(st.text(min_size=1), st.none() | st.text(), st.sampled_from(["en", "de", "und", "zh-Hans"]))
def test_any_article_is_enriched_twice_alike(body: str, title: str | None, language: str) -> None:
    given = article(body, title, language=language)
    whole, candidate = enriched(given)
    check_offsets(whole)
    assert (whole, candidate) == enriched(given)


def test_the_usual_article_names_its_mayor_and_town() -> None:
    found = entities(article(BODY, TITLE))
    assert found["Ilse Varga"].type == "PERSON"
    assert "Tarnmouth" in found


_PIECES = """Mr. Mrs. U.N. Kim Jong Un Putin . , the The Inc. Corp. President Minister ’s 's North South Korea Koreans
    KCNA - -made & AT&T Security Council # ( ) “ ” D.C. Washington Feb. 18 2024 İ ﬁ Ⓐ ǅ ́ MOSCOW I A said"""
PIECES = st.sampled_from(_PIECES.split())


@given(st.lists(PIECES, min_size=1, max_size=60), st.sampled_from([" ", "", "\n", "\u00a0 "]))
def test_any_heap_of_names_and_marks_is_enriched(pieces: list[str], between: str) -> None:
    whole, _ = enriched(article(between.join(pieces), None))
    check_offsets(whole)
    assert whole.layers.entities is not None
    found = whole.layers.entities.entities
    assert len({entity.entity_id for entity in found}) == len(found)
    places = [mention.start for entity in found for mention in entity.mentions]
    assert len(set(places)) == len(places)
