"""What a selection and an order need to know from other topics, looked up before a replay begins."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson

from schemas import ReplayRange, ReplaySelection
from schemas.replay import MAX_DOCUMENTS
from streams.codec import Record, header
from streams.edge.ranges import open_ranges
from streams.edge.reader import read_topic, read_topics
from streams.endpoint import Endpoint
from streams.errors import InputError, UsageError
from streams.replay.membership import Membership
from streams.replay.merge import OriginSet, Outputs, Places
from streams.replay.selection import Wanted
from streams.settings import Settings
from streams.topics import CANDIDATE, DUPLICATE, ENRICHED, NORMALIZED, RAW, STORY_EVENT, UNIQUE, Topic

__all__ = ["membership_of", "places_of", "resolved", "wanted_of"]

_OF_MEMBERS = (UNIQUE, ENRICHED)
_OF_ARTICLES = (NORMALIZED, *_OF_MEMBERS, DUPLICATE)

SHOWS_ORDER = {RAW.name: NORMALIZED, UNIQUE.name: CANDIDATE}
"""What a stateless stage reads, and where its outputs show in which order it took it up."""


async def membership_of(endpoint: Endpoint, settings: Settings) -> Membership:
    """Which article is in which story of a lane, as of now."""
    found = Membership()
    async for record in read_topic(endpoint, settings.topic(STORY_EVENT.name)):
        found.see(_fields(record))
    return found


def _fields(record: Record) -> dict[str, Any]:
    try:
        value = orjson.loads(record.value or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


async def resolved(endpoint: Endpoint, settings: Settings, selection: ReplaySelection) -> ReplaySelection:
    """The selection with the documents of its articles and stories written down.

    So what is selected stays the same however often the replay is resumed. InputError when
    an article or story is unknown, UsageError when it all comes to more documents than a job holds.
    """
    found = set(selection.documents)
    if selection.articles:
        found |= await _documents_of(endpoint, settings, set(selection.articles), _OF_ARTICLES)
    if selection.stories:
        membership = await membership_of(endpoint, settings)
        members = {article for story in selection.stories for article in membership.articles(story)}
        # A copy may have the id of an article of the story; it is no member.
        found |= await _documents_of(endpoint, settings, members, _OF_MEMBERS)
    if len(found) > MAX_DOCUMENTS:
        raise UsageError(f"that is {len(found):,} documents, and a selection by id takes {MAX_DOCUMENTS:,} at most")
    return selection.model_copy(update={"documents": tuple(sorted(found))})


async def _documents_of(
    endpoint: Endpoint, settings: Settings, articles: set[str], topics: Sequence[Topic]
) -> set[str]:
    documents: set[str] = set()
    missing = set(articles)
    async for record in read_topics(endpoint, [settings.topic(topic.name) for topic in topics]):
        article = header(record.headers, "ce_subject")
        if article in articles and (document := header(record.headers, "ce_documentid")) is not None:
            documents.add(document)
            missing.discard(article)
    if missing:
        raise InputError(f"no article {min(missing)} in any topic (any more)")
    return documents


async def wanted_of(endpoint: Endpoint, settings: Settings, topic: Topic, selection: ReplaySelection) -> Wanted:
    """The test that a resolved selection makes of each record of `topic`."""
    if topic != RAW or not selection.languages:
        return Wanted.by(selection)
    origins = OriginSet()
    async for record in read_topic(endpoint, settings.topic(NORMALIZED.name)):
        if (record.key or b"").decode("utf-8", "replace") in selection.languages:
            origins.add(record)
    return Wanted.by(selection, origins)


async def places_of(
    endpoint: Endpoint, settings: Settings, topic: Topic, ranges: Sequence[ReplayRange]
) -> Places | None:
    """The order in which the stage that reads `topic` took the records of `ranges` up; None when time says it."""
    shows = SHOWS_ORDER.get(topic.name)
    if shows is None:
        return None
    inputs, outputs = OriginSet(), Outputs()
    async for record in _in_ranges(endpoint, settings.topic(topic.name), ranges):
        inputs.add(record)
    async for record in read_topic(endpoint, settings.topic(shows.name)):
        outputs.add(record)
    return Places.of(inputs, outputs)


async def _in_ranges(endpoint: Endpoint, name: str, ranges: Sequence[ReplayRange]) -> AsyncIterator[Record]:
    async with open_ranges(endpoint, name, {each.partition: (each.position, each.end) for each in ranges}) as reader:
        async for record in reader.each():
            yield record
