"""Spacing between requests to one host."""

import asyncio

import pytest

from streams.feeds.hosts import Hosts, Ledger, Spacing

SPACING = Spacing(concurrent=2, between_s=5, throttled_s=30)


class Time:
    """A clock that a sleeper moves on: whoever sleeps least wakes first."""

    def __init__(self) -> None:
        self.at = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.at + seconds, future))
        await future

    async def run(self, until: float) -> None:
        while True:
            for _ in range(50):
                await asyncio.sleep(0)
            self._sleepers.sort(key=lambda each: each[0])
            if not self._sleepers or self._sleepers[0][0] > until:
                self.at = until
                return
            self.at, future = self._sleepers.pop(0)
            if not future.cancelled():
                future.set_result(None)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(SPACING)


def test_an_unknown_host_is_ready_at_once(ledger: Ledger) -> None:
    assert ledger.ready_at(("a.example", "1.2.3.4")) == 0


def test_starts_are_spaced(ledger: Ledger) -> None:
    ledger.started(("a.example",), 100)
    assert ledger.ready_at(("a.example",)) == 105


def test_another_name_of_the_same_address_waits_as_well(ledger: Ledger) -> None:
    ledger.started(("a.example", "1.2.3.4"), 100)
    assert ledger.ready_at(("b.example", "1.2.3.4")) == 105
    assert ledger.ready_at(("b.example", "1.2.3.5")) == 0


def test_no_more_than_so_many_run_at_a_time(ledger: Ledger) -> None:
    ledger.started(("a.example",), 0)
    ledger.started(("a.example",), 10)
    assert ledger.ready_at(("a.example",)) is None
    ledger.finished(("a.example",), 100, throttled=False, retry_after_s=None)
    assert ledger.ready_at(("a.example",)) == 15


@pytest.mark.parametrize(("retry_after_s", "ready_at"), [(None, 42), (5, 42), (3600, 3612)])
def test_a_host_that_asks_for_a_pause_gets_it(ledger: Ledger, retry_after_s: float | None, ready_at: float) -> None:
    ledger.started(("a.example",), 10)
    ledger.finished(("a.example",), 12, throttled=True, retry_after_s=retry_after_s)
    assert ledger.ready_at(("a.example",)) == ready_at


def test_hosts_long_idle_are_forgotten_but_not_those_that_asked_for_a_pause(ledger: Ledger) -> None:
    for name in ("idle.example", "paused.example"):
        ledger.started((name,), 0)
        ledger.finished((name,), 1, throttled=name.startswith("paused"), retry_after_s=86400)
    ledger.started(("new.example",), 10_000)
    assert ledger.ready_at(("idle.example",)) == 0
    assert ledger.ready_at(("paused.example",)) == 86401


async def test_turns_come_spaced_and_in_order() -> None:
    time, starts = Time(), []
    hosts = Hosts(SPACING, now=time.now, sleep=time.sleep)

    async def visit(number: int, name: str) -> None:
        async with hosts.turn(name, "1.2.3.4" if name == "a.example" else name):
            starts.append((number, time.now()))

    tasks = [asyncio.create_task(visit(n, "b.example" if n == 3 else "a.example")) for n in range(5)]
    await time.run(60)
    await asyncio.gather(*tasks)
    assert starts == [(0, 0.0), (3, 0.0), (1, 5.0), (2, 10.0), (4, 15.0)]


async def test_a_long_visit_holds_a_place_until_it_ends() -> None:
    time, starts = Time(), []
    hosts = Hosts(SPACING, now=time.now, sleep=time.sleep)

    async def visit() -> None:
        async with hosts.turn("a.example"):
            starts.append(time.now())
            await time.sleep(100)

    tasks = [asyncio.create_task(visit()) for _ in range(3)]
    await time.run(300)
    await asyncio.gather(*tasks)
    assert starts == [0.0, 5.0, 100.0]


async def test_whoever_waits_learns_of_a_pause_that_was_asked_for_meanwhile() -> None:
    time, starts = Time(), []
    hosts = Hosts(SPACING, now=time.now, sleep=time.sleep)

    async def visit() -> None:
        async with hosts.turn("a.example") as turn:
            starts.append(time.now())
            await time.sleep(1)
            turn.throttled, turn.retry_after_s = True, 60

    tasks = [asyncio.create_task(visit()) for _ in range(2)]
    await time.run(300)
    await asyncio.gather(*tasks)
    assert starts == [0.0, 61.0]


async def test_one_that_gives_up_leaves_its_place_in_the_queue() -> None:
    time, starts = Time(), []
    hosts = Hosts(SPACING, now=time.now, sleep=time.sleep)

    async def visit(number: int) -> None:
        async with hosts.turn("a.example"):
            starts.append((number, time.now()))

    tasks = [asyncio.create_task(visit(n)) for n in range(3)]
    await time.run(1)
    tasks[1].cancel()
    await time.run(60)
    await asyncio.gather(tasks[0], tasks[2])
    assert starts == [(0, 0.0), (2, 5.0)]
    assert tasks[1].cancelled()
