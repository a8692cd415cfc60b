"""The two bundled articles, in either order: one story, clean texts, entities and dates."""

from pathlib import Path

import pytest

from schemas import EnrichedArticle, Story
from streams.ingest import IngestOptions, Refused, documents
from streams.memory import MemoryPipeline
from streams.topics import ENRICHED, STORY_STATE
from tests.builders import SEEN_AT

SAMPLES = Path(__file__).resolve().parents[2] / "streams" / "local" / "samples"
BOILERPLATE = ("Follow us on", "Image Source", "0 47", "Leave A Reply", "Your email address")
WITH_HEADLINE, WITHOUT = "000_3735a002b1d218c1.txt", "002_1fa226740546646a.txt"


def run(*names: str) -> tuple[list[Story], list[EnrichedArticle]]:
    """Stories and articles after the samples came in this order, a minute apart."""
    pipeline = MemoryPipeline()
    for minute, name in enumerate(names):
        options = IngestOptions(now=SEEN_AT, first_seen=SEEN_AT.replace(minute=minute))
        (raw,) = documents([str(SAMPLES / name)], options=options)
        assert not isinstance(raw, Refused)
        pipeline.push([raw])
    pipeline.run()
    stories = [Story.model_validate_json(value) for value in pipeline.latest(STORY_STATE.name).values()]
    articles = [EnrichedArticle.model_validate_json(record.value or b"") for record in pipeline.topics[ENRICHED.name]]
    return stories, articles


@pytest.mark.parametrize("names", [(WITH_HEADLINE, WITHOUT), (WITHOUT, WITH_HEADLINE)])
def test_one_story_holds_both_and_shows_the_headline(names: tuple[str, str]) -> None:
    (story,), articles = run(*names)
    assert (story.article_count, story.status) == (2, "active")
    assert [listed.article_id for listed in story.articles] == [article.article_id for article in articles]
    assert story.title == "Putin gifts North Korea’s Kim Jong Un Russian-made car: Report"
    titled = next(article for article in articles if article.article.title)
    assert story.representative_article_id == titled.article_id


def test_texts_are_clean() -> None:
    for article in run(WITH_HEADLINE, WITHOUT)[1]:
        shown = f"{article.article.title}\n{article.article.body_text}"
        assert not [phrase for phrase in BOILERPLATE if phrase.lower() in shown.lower()]
        assert 150 < article.article.word_count < 500


def test_entities_are_one_each_whatever_they_are_called() -> None:
    (story,), articles = run(WITH_HEADLINE, WITHOUT)
    names = [entity.name for entity in story.entities]
    expected = {"Kim Jong Un", "Vladimir Putin", "Russia", "North Korea", "KCNA", "United Nations Security Council"}
    assert expected <= set(names)
    for person in ("Kim", "Putin"):
        found = [
            entity.name
            for article in articles
            for entity in (article.layers.entities.entities if article.layers.entities else ())
            if entity.type == "PERSON" and person in entity.name
        ]
        assert len(found) == 2
        assert len(set(found)) == 1


def test_mentions_stand_where_they_say() -> None:
    for article in run(WITH_HEADLINE, WITHOUT)[1]:
        text, layers = article.article.body_text, article.layers
        assert layers.entities is not None
        assert layers.dates is not None
        assert layers.dates.dates
        for date in layers.dates.dates:
            assert text[date.start : date.end] == date.text
        for mention in (mention for entity in layers.entities.entities for mention in entity.mentions):
            assert text[mention.start : mention.end] == mention.text


def test_dates_are_found() -> None:
    articles = run(WITH_HEADLINE, WITHOUT)[1]
    published = [
        article.article.published_at.date().isoformat() for article in articles if article.article.published_at
    ]
    assert published == ["2024-02-20"]
    values = {
        date.text: date.value for article in articles if article.layers.dates for date in article.layers.dates.dates
    }
    assert values["February 18"].endswith("-02-18")
