"""What a replay is to copy: what was asked for, checked, and as offsets, documents and a lane."""

from dataclasses import dataclass, field

from schemas import ReplayRange, ReplaySelection
from streams.codec import header
from streams.edge.admin import create_topics, describe
from streams.edge.ranges import instants, marks, open_ranges
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.replay.bounds import Bound, ranges_between
from streams.replay.job import Plan
from streams.replay.landed import JOB
from streams.replay.lanes import in_lane, shape
from streams.replay.resolve import resolved, wanted_of
from streams.settings import Settings
from streams.topics import Topic
from streams.topology import TOPOLOGY

__all__ = ["Forecast", "Order", "forecast", "plan_of", "ready_lane"]


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for; `partitions` is the number of a new lane's."""

    topic: Topic
    into: str
    begin: Bound = "earliest"
    end: Bound = "now"
    selection: ReplaySelection = field(default_factory=ReplaySelection)
    partitions: int | None = None
    even_live: bool = False


@dataclass(slots=True)
class Forecast:
    """What a replay would copy: records and bytes of values, and when the first and last of them were appended."""

    ranges: tuple[ReplayRange, ...]
    selection: ReplaySelection
    copied: int = 0
    skipped: int = 0
    bytes: int = 0
    first_ms: int | None = None
    last_ms: int | None = None


async def forecast(endpoint: Endpoint, settings: Settings, order: Order) -> Forecast:
    """Look at all that a replay would look at, and write nothing."""
    plan = await plan_of(endpoint, settings, order)
    wanted = await wanted_of(endpoint, settings, order.topic, plan.selection)
    found = Forecast(plan.ranges, plan.selection)
    spans = {each.partition: (each.start, each.end) for each in plan.ranges}
    async with open_ranges(endpoint, settings.topic(plan.topic), spans) as reader:
        async for record in reader.each():
            if not wanted.accepts(record):
                found.skipped += 1
                continue
            found.copied += 1
            found.bytes += len(record.value or b"")
            at = record.timestamp_ms
            found.first_ms = at if found.first_ms is None else min(found.first_ms, at)
            found.last_ms = at if found.last_ms is None else max(found.last_ms, at)
    return found


async def plan_of(endpoint: Endpoint, settings: Settings, order: Order) -> Plan:
    """The order as offsets and documents; UsageError when its topic is read by no stage."""
    _check_topic(order.topic)
    name = settings.topic(order.topic.name)
    begin_at = await instants(endpoint, name, order.begin) if not isinstance(order.begin, str | int) else ()
    end_at = await instants(endpoint, name, order.end) if not isinstance(order.end, str | int) else ()
    ranges = ranges_between(await marks(endpoint, name), order.begin, order.end, begin_at=begin_at, end_at=end_at)
    selection = await resolved(endpoint, settings, order.selection)
    return Plan(settings.lane, order.topic.name, in_lane(settings, order.into).lane, selection, ranges)


def _check_topic(topic: Topic) -> None:
    """UsageError when no stage reads `topic`: copies of it would make nothing."""
    if any(stage.reads == topic for stage in TOPOLOGY):
        return
    maker = next((stage for stage in TOPOLOGY if topic in stage.writes), None)
    hint = f"; {maker.name} makes it of {maker.reads.name}: replay that" if maker else ""
    raise UsageError(f"no stage reads {topic.name}, so copies of it would make nothing{hint}")


async def ready_lane(endpoint: Endpoint, settings: Settings, order: Order) -> Settings:
    """The lane to copy into, its topics made; UsageError when it must not be."""
    lane = in_lane(settings, order.into, broker=endpoint.bootstrap)
    if not lane.lane and not order.even_live:
        raise UsageError(
            "--into live would push what was pushed before into the live topics; give a lane a name, "
            "or say --even-live where that is meant"
        )
    if lane.lane and lane.lane == settings.lane:
        raise UsageError(f"{lane.lane} is the lane that is read: replay into another one")
    has = shape(await describe(endpoint, lane))
    if has is not None and order.partitions not in (None, has):
        raise UsageError(f"lane {order.into} has {has} partitions; leave --partitions out, or choose another lane")
    lane = lane.model_copy(update={"partitions": has or order.partitions or 1})
    await create_topics(endpoint, lane)
    if lane.lane:
        await _check_fed_by_replays(endpoint, lane, order.topic)
    return lane


async def _check_fed_by_replays(endpoint: Endpoint, lane: Settings, topic: Topic) -> None:
    """UsageError when somebody pushes into the lane: its places in the raw topic would pass for those of the copies."""
    name = lane.topic(topic.name)
    spans = {number: (high - 1, high) for number, (low, high) in enumerate(await marks(endpoint, name)) if high > low}
    async with open_ranges(endpoint, name, spans) as reader:
        async for record in reader.each():
            if header(record.headers, JOB) is None:
                raise UsageError(f"{name} has records that no replay brought; choose a lane that is fed by replays")
