"""Stories and enriched articles as the last topics hold them, for tests of what people see."""

from typing import Any

from schemas import Algorithm, EnrichedArticle, Story, StoryEvent
from streams.outcome import Ok
from streams.stages.enrich import enrich
from tests.builders import SEEN_AT, article

__all__ = ["enriched", "event", "story"]


def story(story_id: str, **changes: Any) -> Story:
    """A story with the least that a story has."""
    fields: dict[str, Any] = {
        "story_id": story_id,
        "version": 1,
        "status": "active",
        "language": "en",
        "representative_article_id": "art_1",
        "article_count": 1,
        "source_count": 1,
        "first_seen_at": SEEN_AT,
        "last_seen_at": SEEN_AT,
        "algorithm": Algorithm(name="a", version="1", config_hash="0"),
    }
    return Story.model_validate(fields | changes)


def enriched(**changes: Any) -> EnrichedArticle:
    """The article of the builders, with changes, as the stage `enrich` publishes it."""
    outcome = enrich(article(**changes))
    assert isinstance(outcome, Ok)
    return next(value for value in outcome.values if isinstance(value, EnrichedArticle))


def event(story_id: str, version: int, **changes: Any) -> StoryEvent:
    """Something that happened to a story: a new member, unless the changes say otherwise."""
    fields: dict[str, Any] = {
        "story_id": story_id,
        "story_version": version,
        "kind": "article_added" if version > 1 else "created",
        "at": SEEN_AT,
        "language": "en",
        "algorithm": Algorithm(name="a", version="1", config_hash="0"),
    }
    return StoryEvent.model_validate(fields | changes)
