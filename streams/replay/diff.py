"""Two lanes compared: read twice, once for digests of everything, once more for what differs."""

from dataclasses import dataclass, field
from typing import Any

from streams.deadletter import document_of
from streams.edge.admin import stage_lags
from streams.edge.ranges import marks
from streams.edge.reader import read_table, read_topic
from streams.endpoint import Endpoint
from streams.replay.bcubed import agreement
from streams.replay.differences import Difference
from streams.replay.ends import Ends, fields_of, story_of
from streams.replay.lanes import LIVE
from streams.replay.resolve import membership_of
from streams.settings import Settings
from streams.topics import DUPLICATE, ENRICHED, STORY_STATE
from streams.topology import TERMINAL, TOPOLOGY, Stage

__all__ = ["lane_diff"]

LOOKED_AT = 2000
"""Most documents whose fields are compared one by one; all others that differ are counted alone."""


@dataclass(slots=True)
class _Side:
    """What is known of a lane, and the whole records of documents that are looked at."""

    settings: Settings
    ends: Ends = field(default_factory=Ends)
    whole: dict[str, dict[str, Any]] = field(default_factory=dict)


async def lane_diff(endpoint: Endpoint, a: Settings, b: Settings, *, common: bool = False) -> Difference:
    """What lane `b` has made otherwise than lane `a`.

    Compared is what stages make that have run in both lanes: of each document, the last
    record; of stories, which articles are together, and the table. Headers, offsets, times
    of processing and versions of who made it are no difference. With `common`, neither is what one lane was not given.
    """
    found = Difference(a.lane or LIVE, b.lane or LIVE, common=common)
    sides = _Side(a), _Side(b)
    ran = [stage for stage in TOPOLOGY if await _ran(endpoint, stage, a) and await _ran(endpoint, stage, b)]
    found.not_compared = [stage.name for stage in TOPOLOGY if stage not in ran]
    for side in sides:
        lags = await stage_lags(endpoint, side.settings)
        if waiting := sum(lag.total for lag in lags):
            found.waiting[side.settings.lane or LIVE] = waiting
        await _read_ends(endpoint, side, ran)
    await _compare_documents(endpoint, found, *sides)
    if any(STORY_STATE in stage.writes for stage in ran):
        await _compare_stories(endpoint, found, *sides)
    return found


async def _ran(endpoint: Endpoint, stage: Stage, lane: Settings) -> bool:
    """Whether the lane was ever given anything to do for `stage`."""
    return any(high for _, high in await marks(endpoint, lane.topic(stage.reads.name)))


async def _read_ends(endpoint: Endpoint, side: _Side, ran: list[Stage]) -> None:
    names = [topic.name for stage in ran for topic in stage.writes if topic in TERMINAL]
    for name in (*names, *(stage.reads.dead_letters for stage in ran)):
        async for record in read_topic(endpoint, side.settings.topic(name)):
            side.ends.see(name, record)


async def _compare_documents(endpoint: Endpoint, found: Difference, a: _Side, b: _Side) -> None:
    one, other = a.ends.documents(), b.ends.documents()
    found.articles.only_a, found.articles.only_b = len(one - other), len(other - one)
    found.articles.both = len(one & other)
    look = [document for document in sorted(one & other) if _differs(document, found, a.ends, b.ends)]
    wanted = set(look[:LOOKED_AT])
    for side in (a, b) if wanted else ():
        await _read_whole(endpoint, side, wanted)
    for document in sorted(wanted):
        _look(document, found, a, b)


def _differs(document: str, found: Difference, a: Ends, b: Ends) -> bool:
    """Count what differs by the digests; whether the whole records have more to say."""
    if a.label(document) != b.label(document):
        found.verdicts.change(document, a.label(document), b.label(document))
    one, other = a.terminal.get(document), b.terminal.get(document)
    if one is None or other is None:
        return False
    found.articles.different += one.article != other.article
    if one.label != other.label:
        return one.article != other.article
    found.verdicts.different_reasons += one.verdict != other.verdict
    if one.label == "unique":
        if one.layers == other.layers:
            found.entities.same(one.entities)
        found.entities.different += one.layers != other.layers
    return one != other


async def _read_whole(endpoint: Endpoint, side: _Side, wanted: set[str]) -> None:
    for topic in (ENRICHED, DUPLICATE):
        async for record in read_topic(endpoint, side.settings.topic(topic.name)):
            if (document := document_of(record)) in wanted:
                side.whole[document] = fields_of(record)


def _look(document: str, found: Difference, a: _Side, b: _Side) -> None:
    one, other = a.whole.get(document), b.whole.get(document)
    end_a, end_b = a.ends.terminal[document], b.ends.terminal[document]
    if one is None or other is None:
        return  # deleted by retention since
    if end_a.article != end_b.article:
        found.articles.look(document, one, other)
    if end_a.label == end_b.label:
        found.verdicts.look(document, one, other)
        if end_a.layers != end_b.layers:
            found.entities.look(one, other)


async def _compare_stories(endpoint: Endpoint, found: Difference, a: _Side, b: _Side) -> None:
    one, other = [(await membership_of(endpoint, side.settings)).stories() for side in (a, b)]
    found.clusters = agreement(one, other)
    tables = [await read_table(endpoint, side.settings.topic(STORY_STATE.name)) for side in (a, b)]
    found.stories.only_a, found.stories.only_b = (len(x.keys() - y.keys()) for x, y in (tables, tables[::-1]))
    for key in sorted(tables[0].keys() & tables[1].keys()):
        found.stories.look(key.decode("utf-8", "replace"), story_of(tables[0][key]), story_of(tables[1][key]))
