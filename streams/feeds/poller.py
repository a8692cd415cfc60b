"""The poller: every source of the catalogue, when it is due, until it is told to stop."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from schemas import SourceConfig, SourceState
from streams.errors import UsageError
from streams.feeds.agenda import Agenda
from streams.feeds.journal import Catalogue, Journal, read_configs, read_states
from streams.feeds.schedule import configured, resumed
from streams.feeds.seen import settled
from streams.feeds.visit import Visitor
from streams.telemetry.metrics import FEED_DOCUMENTS, FEED_POLLS

__all__ = ["Poller", "host_of"]

log = logging.getLogger("newsloom.poller")

_CATALOGUE_S: Final = 2.0
_SETTLE_S: Final = 1.0
_PER_HOST: Final = 2
_LONGEST_WAIT_S: Final = 3600.0


def host_of(url: str) -> str:
    """The host of a URL, lower case; empty when it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


@dataclass(slots=True)
class Poller:
    """Keeps the states of all sources in memory and in their topic, and has `visitor` poll those that are due.

    One a lane. `rest_s` is how long hosts are left alone after a kill, of which it is not known whom it interrupted.
    """

    visitor: Visitor
    journal: Journal
    at_once: int = 32
    rest_s: float = 5.0
    on_change: Callable[["Poller"], None] = lambda _: None
    catalogue: Catalogue = field(default_factory=dict)
    states: dict[str, SourceState] = field(default_factory=dict)
    _agenda: Agenda = field(init=False)
    _tasks: dict[asyncio.Task[SourceState], str] = field(default_factory=dict)
    _holds: dict[str, datetime] = field(default_factory=dict)
    _ends: tuple[int, ...] = ()
    _asked_at: float = 0.0

    def __post_init__(self) -> None:
        self._agenda = Agenda(at_once=self.at_once, per_host=_PER_HOST)

    @property
    def agenda(self) -> Agenda:
        """What is to be polled when."""
        return self._agenda

    async def recover(self) -> None:
        """Read catalogue and states, and finish what a kill has cut off."""
        endpoint, settings = self.journal.endpoint, self.journal.settings
        self._ends = await self.journal.catalogue_ends()
        self.catalogue = await read_configs(endpoint, settings)
        self.states = await read_states(endpoint, settings)
        announced = [state.pushing for state in self.states.values() if state.pushing is not None]
        if announced:
            await asyncio.sleep(_SETTLE_S)  # what the killed process had sent may still be on its way to the log
        landed = await self.journal.landed(announced)
        cut_off = [state for state in self.states.values() if state.pushing is not None or state.started_at is not None]
        if cut_off:
            await self._rest()
        now, policy = self.visitor.pace.now(), self.visitor.policy
        changed = []
        for state in cut_off:
            config = self.catalogue.get(state.source_id) or _unlisted(state)
            changed.append(resumed(config, settled(state, landed), policy, now))
        await self.journal.write(*changed)
        self.states |= {state.source_id: state for state in changed}
        for state in self.states.values():
            self._hold(state)
        self._apply(self.catalogue)

    async def _rest(self) -> None:
        log.info("the last poller was cut off; hosts are left alone for %g s", self.rest_s)
        await self.visitor.pace.sleep(self.rest_s)

    async def run(self, stop: asyncio.Event, *, grace_s: float = 5.0) -> None:
        """Poll until `stop`; then begin nothing more, and give what is under way `grace_s` seconds.

        BrokerError when the broker fails: states are as they were written, and the next poller goes on from them.
        """
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self._follow_catalogue()
                self._begin(self._agenda.take(self.visitor.pace.now()))
                await self._something({stopping})
            if self._tasks:
                done, _ = await asyncio.wait(self._tasks, timeout=grace_s)
                self._finish(done)
        finally:
            stopping.cancel()
            await self._cancel()

    async def once(self, source_ids: Iterable[str] | None = None) -> dict[str, SourceState]:
        """Poll sources now, due or not, and return their states; by default all that are enabled.

        UsageError for an id that is not in the catalogue. Hosts that asked to be left alone are.
        """
        enabled = (config.source_id for config in self.catalogue.values() if config.enabled)
        wanted = set(enabled if source_ids is None else source_ids)
        if unknown := sorted(wanted - set(self.catalogue)):
            raise UsageError(f"no source {unknown[0]} in the catalogue; `newsloom feeds list` shows it")
        now = self.visitor.pace.now()
        agenda = self._agenda = Agenda(at_once=self.at_once, per_host=_PER_HOST)
        for source_id in wanted:
            state = self._state(self.catalogue[source_id], now)
            if self._free_at(state, now) <= now:
                agenda.put(source_id, host_of(state.url), now)
        try:
            self._begin(agenda.take(now), again=False)
            while self._tasks:
                done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                self._finish(done, again=False)
                self._begin(agenda.take(now), again=False)
        finally:
            await self._cancel()
        return {source_id: self.states[source_id] for source_id in sorted(wanted) if source_id in self.states}

    async def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _follow_catalogue(self) -> None:
        if time.monotonic() - self._asked_at < _CATALOGUE_S:
            return
        self._asked_at = time.monotonic()
        ends = await self.journal.catalogue_ends()
        if ends != self._ends:
            self._apply(await read_configs(self.journal.endpoint, self.journal.settings))
            self._ends = ends

    def _apply(self, catalogue: Catalogue) -> None:
        for source_id in self.catalogue.keys() - catalogue.keys():
            self._agenda.drop(source_id)
        self.catalogue = catalogue
        under_way = set(self._tasks.values())
        now = self.visitor.pace.now()
        for config in catalogue.values():
            if config.source_id not in under_way:
                self._plan(config, now)
        self.on_change(self)

    def _plan(self, config: SourceConfig, now: datetime) -> None:
        if not config.enabled:
            self._agenda.drop(config.source_id)
            return
        state = self._state(config, now)
        self._agenda.put(config.source_id, host_of(state.url), max(state.next_at, self._free_at(state, now)))

    def _state(self, config: SourceConfig, now: datetime) -> SourceState:
        state = configured(config, self.states.get(config.source_id), self.visitor.policy, now)
        self.states[config.source_id] = state
        return state

    def _begin(self, source_ids: Iterable[str], *, again: bool = True) -> None:
        now = self.visitor.pace.now()
        for source_id in source_ids:
            config = self.catalogue[source_id]
            state = self._state(config, now)
            if again and self._free_at(state, now) > now:  # its host has asked for a pause since
                self._agenda.done(source_id)
                self._plan(config, now)
                continue
            task = asyncio.create_task(self.visitor.poll(config, state), name=f"poll {source_id}")
            self._tasks[task] = source_id

    async def _something(self, others: set[asyncio.Task[bool]]) -> None:
        """Wait for the end of a poll, for the next one to be due, for the catalogue, or for `others`."""
        next_at = self._agenda.next_at()
        wait_s = (next_at - self.visitor.pace.now()).total_seconds() if next_at else _LONGEST_WAIT_S
        due = asyncio.create_task(_sleep(self.visitor.pace.sleep, min(max(wait_s, 0.0), _LONGEST_WAIT_S)))
        look = asyncio.create_task(_sleep(asyncio.sleep, _CATALOGUE_S))
        try:
            done, _ = await asyncio.wait({due, look, *others, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for timer in (due, look):
                timer.cancel()
        self._finish([task for task in self._tasks if task in done])

    def _finish(self, tasks: Iterable[asyncio.Task[SourceState]], *, again: bool = True) -> None:
        for task in tasks:
            source_id = self._tasks.pop(task)
            self._agenda.done(source_id)
            before, state = self.states[source_id], task.result()
            self.states[source_id] = state
            FEED_POLLS.labels(state.outcome).inc()
            FEED_DOCUMENTS.inc(max(state.pushed - before.pushed, 0))
            self._hold(state)
            log.info("%s: %s: %s", source_id, state.outcome, state.detail or "-", extra={"source_id": source_id})
            config = self.catalogue.get(source_id)
            if again and config is not None:
                self._plan(config, self.visitor.pace.now())
        self.on_change(self)

    def _hold(self, state: SourceState) -> None:
        if state.hold_until is not None:
            host = host_of(state.url)
            self._holds[host] = max(state.hold_until, self._holds.get(host, state.hold_until))

    def _free_at(self, state: SourceState, now: datetime) -> datetime:
        return self._holds.get(host_of(state.url), now)


async def _sleep(sleep: Callable[[float], Awaitable[None]], seconds: float) -> None:
    with suppress(asyncio.CancelledError):
        await sleep(seconds)


def _unlisted(state: SourceState) -> SourceConfig:
    """A stand-in for a source that was taken out of the catalogue while it was polled."""
    return SourceConfig(source_id=state.source_id, url=state.configured_url)
