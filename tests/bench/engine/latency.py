"""From a raw record to its story event, by the broker's own clock, at a steady rate."""

import asyncio
import time
from collections.abc import Sequence

from streams.codec import Message, header
from streams.edge.outbox import Outbox
from streams.edge.reader import read_topic
from streams.local.broker import Broker
from streams.settings import Settings
from streams.topics import RAW, STORY_EVENT
from tests.bench.engine.contest import CONTESTANTS, WARM_UP, playing, until_done

__all__ = ["latencies_ms", "quantile"]


async def latencies_ms(broker: Broker, messages: Sequence[Message], per_s: float) -> list[int]:
    """Milliseconds of each article that reached a story, ascending; newsloom with one worker.

    Both ends are the times at which the broker appended the records. The first `WARM_UP`
    messages are sent before, and not counted.
    """
    warm_up, rest = messages[:WARM_UP], messages[WARM_UP:]
    async with playing(CONTESTANTS["newsloom-1"], broker, warm_up) as (team, tally):
        warm = {place for place, _ in await _times(broker, team.settings, RAW.name)}
        async with Outbox(broker.endpoint, team.settings) as outbox:
            await _steadily(outbox, rest, per_s)
        await until_done(team, tally, len(messages))
        begun = dict(await _times(broker, team.settings, RAW.name))
        ended: dict[str, int] = {}
        for origin, at in await _times(broker, team.settings, STORY_EVENT.name):
            ended.setdefault(origin, at)
    return sorted(at - begun[origin] for origin, at in ended.items() if origin not in warm)


async def _steadily(outbox: Outbox, messages: Sequence[Message], per_s: float) -> None:
    sending = []
    begun = time.monotonic()
    for number, message in enumerate(messages):
        await asyncio.sleep(max(0.0, begun + number / per_s - time.monotonic()))
        sending.append(asyncio.create_task(outbox.send([message])))
    await asyncio.gather(*sending)


async def _times(broker: Broker, settings: Settings, topic: str) -> list[tuple[str, int]]:
    """Origin and time of each record of a topic; a raw record is its own origin."""
    return [
        (header(record.headers, "ce_origin") or f"{record.partition}-{record.offset}", record.timestamp_ms)
        async for record in read_topic(broker.endpoint, settings.topic(topic))
    ]


def quantile(ascending: Sequence[float], share: float) -> float:
    """The least value that at least `share` of the values do not exceed."""
    return ascending[max(0, min(len(ascending) - 1, round(share * len(ascending)) - 1))]
