"""Stories and articles of a live system, read from its topics."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from schemas import EnrichedArticle, Story
from streams.codec import Record, decode, header
from streams.deadletter import read_dead_letter
from streams.edge.dispositions import read_dispositions, settled
from streams.edge.reader import partition_count, partition_for, read_table, read_topic
from streams.endpoint import Endpoint
from streams.errors import InputError
from streams.observe.views import StoryView, article_json, find_story, only_match
from streams.settings import Settings
from streams.topics import DUPLICATE, ENRICHED, NORMALIZED, RAW, STORY_EVENT, STORY_STATE, Topic
from streams.topology import TOPOLOGY

__all__ = ["ArticleFound", "find_article", "read_stories", "show_story"]


@dataclass(frozen=True, slots=True)
class ArticleFound:
    """How far an article has come; the furthest of its records is in `value`.

    `detail` is the verdict on a duplicate, or the reason of a dead letter. `story_id` is
    the story it went to, if it has got so far.
    """

    state: Literal["enriched", "duplicate", "dead letter", "normalized", "raw"]
    article_id: str | None
    document_id: str
    value: dict[str, Any]
    enriched: EnrichedArticle | None = None
    detail: str = ""
    story_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What is known, with the record itself: an article with its layers, a duplicate, a dead letter."""
        known = {
            "state": self.state,
            "article_id": self.article_id,
            "document_id": self.document_id,
            "story_id": self.story_id,
            "detail": self.detail or None,
            "record": article_json(self.enriched) if self.enriched else self.value,
        }
        return {name: value for name, value in known.items() if value is not None}


async def read_stories(endpoint: Endpoint, settings: Settings) -> dict[str, Story]:
    """Every story there is now, by id; merged ones are there as redirects."""
    table = await read_table(endpoint, settings.topic(STORY_STATE.name))
    return {key.decode(): Story.model_validate_json(value) for key, value in table.items()}


async def show_story(endpoint: Endpoint, settings: Settings, wanted: str) -> tuple[StoryView, tuple[str, ...]]:
    """The story that goes by `wanted` with its articles, and the ids merged on the way; InputError when none does."""
    story, way = find_story(await read_stories(endpoint, settings), wanted)
    members = [member.article_id for member in story.articles]
    return StoryView.of(story, await read_enriched(endpoint, settings, members)), way


async def read_enriched(
    endpoint: Endpoint, settings: Settings, article_ids: Iterable[str]
) -> dict[str, EnrichedArticle]:
    """The latest revision of each article; only the partitions that can hold them are read."""
    wanted = {article_id.encode() for article_id in article_ids}
    if not wanted:
        return {}
    topic = settings.topic(ENRICHED.name)
    count = await partition_count(endpoint, topic)
    found: dict[bytes, EnrichedArticle] = {}
    async for record in read_topic(endpoint, topic, partitions={partition_for(key, count) for key in wanted}):
        if record.key in wanted and isinstance(value := decode(ENRICHED, record), EnrichedArticle):
            found[record.key] = value
    return {key.decode(): value for key, value in found.items()}


async def find_article(endpoint: Endpoint, settings: Settings, wanted: str) -> ArticleFound:
    """What became of an article, by article or document id or a beginning of one; InputError when it is unknown."""
    for topic in (ENRICHED, DUPLICATE):
        if found := await _last(endpoint, settings, topic.name, wanted):
            return await _ended(endpoint, settings, topic, found)
    for source in dict.fromkeys(stage.reads for stage in TOPOLOGY):
        if found := await _last(endpoint, settings, source.dead_letters, wanted):
            letter = replace(found, topic=source.dead_letters)  # letters go by the name without the lane
            verdict = settled(letter, await read_dispositions(endpoint, settings))
            if verdict != "redriven":  # what was sent again is on its way
                return _parked(letter, discarded=verdict == "discarded")
    for topic in (NORMALIZED, RAW):
        if found := await _last(endpoint, settings, topic.name, wanted):
            return _found("normalized" if topic is NORMALIZED else "raw", found)
    raise InputError(f"no article {wanted}")


async def _last(endpoint: Endpoint, settings: Settings, topic: str, wanted: str) -> Record | None:
    """The last record about `wanted`; InputError when a beginning of an id fits several."""
    last: dict[str, Record] = {}
    async for record in read_topic(endpoint, settings.topic(topic)):
        if (known := next((each for each in _ids(record) if each.startswith(wanted)), None)) is not None:
            last[known] = record
    return last[only_match(last, wanted, "article")] if last else None


def _ids(record: Record) -> tuple[str, ...]:
    texts = (header(record.headers, "ce_subject"), header(record.headers, "ce_documentid"))
    return tuple(text for text in texts if text)


async def _ended(endpoint: Endpoint, settings: Settings, topic: Topic, record: Record) -> ArticleFound:
    if topic is DUPLICATE:
        found = _found("duplicate", record)
        kind, original, similarity = (found.value.get(f) for f in ("kind", "duplicate_of", "similarity"))
        return ArticleFound(
            found.state,
            found.article_id,
            found.document_id,
            found.value,
            detail=f"{kind} duplicate of {original}, similarity {similarity}",
        )
    value = EnrichedArticle.model_validate_json(record.value or b"")
    return ArticleFound(
        "enriched",
        value.article_id,
        value.document_id,
        orjson.loads(record.value or b"{}"),
        enriched=value,
        story_id=await _story_of(endpoint, settings, value.article_id),
    )


async def _story_of(endpoint: Endpoint, settings: Settings, article_id: str) -> str | None:
    joined: str | None = None
    async for event in _events(endpoint, settings):
        if (event.get("article") or {}).get("article_id") == article_id:
            joined = event["story_id"]
    if joined is None:
        return None
    stories = await read_stories(endpoint, settings)
    try:
        return find_story(stories, joined)[0].story_id
    except InputError:  # closed and forgotten since
        return joined


async def _events(endpoint: Endpoint, settings: Settings) -> AsyncIterator[dict[str, Any]]:
    async for record in read_topic(endpoint, settings.topic(STORY_EVENT.name)):
        yield orjson.loads(record.value or b"{}")


def _parked(record: Record, *, discarded: bool) -> ArticleFound:
    letter = read_dead_letter(record)
    document = letter.document_id or letter.key or ""
    detail = f"{letter.reason} in stage {letter.stage}" + (f": {letter.detail}" if letter.detail else "")
    detail += "; given up on" if discarded else ""
    return ArticleFound("dead letter", None, document, letter.model_dump(mode="json", exclude_none=True), detail=detail)


def _found(state: Literal["duplicate", "normalized", "raw"], record: Record) -> ArticleFound:
    value = orjson.loads(record.value or b"{}")
    return ArticleFound(state, value.get("article_id"), value.get("document_id", ""), value)
