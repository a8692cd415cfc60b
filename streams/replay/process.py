"""The workers of a lane while a replay goes on, and what comes out of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from schemas import ReplayJob
from streams.app import Running, only_one, running
from streams.edge.admin import describe, total_lag
from streams.endpoint import Endpoint
from streams.errors import BrokerError, UsageError
from streams.settings import Settings
from streams.topology import TOPOLOGY

__all__ = ["Listener", "drained", "records_out", "workers_of"]

_STILL_S = 120.0
_POLL_S = 1.0
_CRASHES = 3


@dataclass(frozen=True, slots=True)
class Listener:
    """Who wants to hear how it goes: of each step of the copy, and of what the lane's stages have yet to do."""

    on_copy: Callable[[ReplayJob], None] = lambda _: None
    on_lag: Callable[[dict[str, int]], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None


@asynccontextmanager
async def workers_of(lane: Settings, hear: Listener) -> AsyncIterator[Running | None]:
    """The lane's workers under supervision; None when a `newsloom up` on this lane has its own."""
    with ExitStack() as held:
        try:
            held.enter_context(only_one(lane))
        except UsageError:
            hear.say(f"lane {lane.lane} is up already: its workers do the work")
            yield None
            return
        async with running(lane, say=hear.say) as live:
            yield live


async def drained(endpoint: Endpoint, lane: Settings, live: Running | None, hear: Listener) -> None:
    """Wait until the lane's stages have nothing left to do; BrokerError when they get nowhere."""
    lag: dict[str, int] = {}
    moved_at = time.monotonic()
    most = (live.supervisor.restarts if live else 0) + _CRASHES
    while True:
        latest = await total_lag(endpoint, lane)
        hear.on_lag(latest)
        if not any(latest.values()):
            return
        if latest != lag:
            lag, moved_at = latest, time.monotonic()
            most = (live.supervisor.restarts if live else 0) + _CRASHES
        words = f"; the workers' log ends with\n{live.last_words()}" if live else "; is anybody at work in it?"
        if live is not None and live.supervisor.restarts >= most:
            raise BrokerError(f"a worker of lane {lane.lane} keeps ending{words}")
        if time.monotonic() - moved_at > _STILL_S:
            raise BrokerError(f"lane {lane.lane} gets nowhere for {_STILL_S:g} s{words}")
        await asyncio.sleep(_POLL_S)


async def records_out(endpoint: Endpoint, lane: Settings) -> dict[str, int]:
    """Records of all topics that stages write, by name without the lane; of a table's, what was ever written."""
    facts = {fact.name: fact for fact in await describe(endpoint, lane)}
    written = [topic.name for stage in TOPOLOGY for topic in stage.writes]
    parked = [stage.reads.dead_letters for stage in TOPOLOGY]
    return {
        name: sum(high for _, high in facts[lane.topic(name)].watermarks)
        for name in (*written, *parked)
        if facts[lane.topic(name)].exists
    }
