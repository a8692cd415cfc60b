"""Stories and articles put together from their topics, for people and for `--json`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas import EnrichedArticle, Story
from streams.errors import InputError

__all__ = ["StoryView", "article_json", "find_story", "newest_first", "only_match"]

_INTERNAL = {"fingerprint", "provenance", "removed"}


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story and those of its listed members that have been enriched, oldest first."""

    story: Story
    articles: tuple[EnrichedArticle, ...]

    @classmethod
    def of(cls, story: Story, articles: Mapping[str, EnrichedArticle]) -> "StoryView":
        """The view of `story`, its members looked up in `articles` by article id."""
        members = (articles.get(member.article_id) for member in story.articles)
        return cls(story, tuple(member for member in members if member is not None))

    def as_json(self) -> dict[str, Any]:
        """The story with its articles whole, as `demo --json` prints it."""
        story = self.story.model_dump(mode="json", exclude_none=True)
        return story | {"articles": [article_json(article) for article in self.articles]}


def article_json(enriched: EnrichedArticle) -> dict[str, Any]:
    """The clean article with what was found in it beside it: `entities`, `dates` and `terms`."""
    article = enriched.article.model_dump(mode="json", exclude_none=True, exclude=_INTERNAL)
    layers = enriched.layers
    found: dict[str, tuple[Any, ...]] = {
        "entities": layers.entities.entities if layers.entities else (),
        "dates": layers.dates.dates if layers.dates else (),
        "terms": layers.keywords.keywords if layers.keywords else (),
    }
    listed = {
        name: [each.model_dump(mode="json", exclude_none=True) for each in values] for name, values in found.items()
    }
    return article | listed


def newest_first(stories: Iterable[Story]) -> list[Story]:
    """Stories by when they last grew, the latest first; ties by id."""
    return sorted(sorted(stories, key=lambda story: story.story_id), key=lambda story: story.last_seen_at, reverse=True)


def find_story(stories: Mapping[str, Story], wanted: str) -> tuple[Story, tuple[str, ...]]:
    """The story that goes by the id `wanted` today, and the ids that were merged on the way to it.

    A beginning of an id will do while it fits one story. The redirect of a merged story is
    forgotten in time; its id is then still among the aliases of the story it went into.
    """
    found = _aliased(stories, wanted) or stories[only_match(stories, wanted, "story")]
    way: list[str] = []
    while found.merged_into is not None and found.merged_into in stories and found.story_id not in way:
        way.append(found.story_id)
        found = stories[found.merged_into]
    return found, tuple(way or ([wanted] if wanted in found.aliases else []))


def _aliased(stories: Mapping[str, Story], wanted: str) -> Story | None:
    if wanted in stories:
        return stories[wanted]
    return next((story for story in stories.values() if wanted in story.aliases), None)


def only_match(ids: Iterable[str], wanted: str, what: str) -> str:
    """The one id that is `wanted` or begins with it; InputError when there is none, or are several."""
    found = {each for each in ids if each.startswith(wanted)} if wanted else set()
    if wanted in found:
        return wanted
    if len(found) == 1:
        return found.pop()
    if not found:
        raise InputError(f"no {what} {wanted}")
    raise InputError(f"{len(found)} ids begin with {wanted}: give more of it")
