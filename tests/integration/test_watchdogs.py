"""A worker that is alive but gets nothing done exits, and one that is told to exit does so in time."""

import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from streams.local.broker import Broker, open_broker
from streams.settings import Settings
from tests.integration.harness import LIMIT_S, PARTITIONS, Scene, Victim, transfer, until
from tests.integration.ledger import BOOK, COPY

pytestmark = pytest.mark.timeout(240)

SLACK_S = 6.0
"""What the end of a process may take beyond `shutdown_s` on a busy machine; unbounded stops take 20 s or for ever."""

ORDERLY_S = 3 * LIMIT_S
"""`shutdown_s` of who shall end with 0: it gives up with 1 then, and a busy machine may need more than the scene's."""


async def test_a_worker_with_lag_and_no_progress_exits(scene: Scene) -> None:
    await scene.push(transfer(number, partition=number) for number in range(PARTITIONS))
    unguarded = scene.start("copy", "deaf_fetcher,no_progress_watch", stall_timeout_s=3)
    await scene.joined(COPY, 1)
    guarded = scene.start("copy", "deaf_fetcher", slot=1, stall_timeout_s=3)
    assert await guarded.ended() == 1
    assert "StalledError" in guarded.said()
    # The other has waited for longer, and waits.
    assert unguarded.alive
    assert not await scene.drained(COPY)


async def test_a_worker_that_has_nothing_to_do_stays(scene: Scene) -> None:
    worker = scene.start("copy", stall_timeout_s=4)
    await scene.joined(COPY, 1)
    deaf = scene.start("book", "deaf_fetcher", slot=1, stall_timeout_s=6)
    await scene.joined(BOOK, 1)
    await scene.push([transfer(0)])
    assert await deaf.ended() == 1
    await until(lambda: scene.drained(COPY), "the worker is at work")
    assert worker.alive


async def stopped(scene: Scene, victim: Victim) -> int:
    """SIGTERM; the exit code, if it comes within the bound."""
    victim.send(signal.SIGTERM)
    return await victim.ended(within_s=scene.settings.shutdown_s + SLACK_S)


async def test_an_idle_worker_stops_at_once(scene: Scene) -> None:
    worker = scene.start("book,copy", pool=True, shutdown_s=ORDERLY_S)
    await scene.joined(COPY, 1)
    await scene.joined(BOOK, 1)
    await scene.push([transfer(0)])
    await until(lambda: scene.drained(COPY), "copy is idle")
    await until(lambda: scene.drained(BOOK), "book is idle")
    assert await stopped(scene, worker) == 0


async def test_a_worker_may_stop_before_it_has_started(scene: Scene) -> None:
    begun = time.monotonic()
    worker = scene.start("book,copy", pool=True, shutdown_s=ORDERLY_S)
    await until(lambda: "Starting..." in worker.said(), "the first service starts")
    # A busy machine needs longer, by as much as the start did.
    bound_s = max(scene.settings.shutdown_s + SLACK_S, 5 * (time.monotonic() - begun))
    worker.send(signal.SIGTERM)
    assert await worker.ended(within_s=bound_s) == 0


@pytest.mark.parametrize("whom", ["worker", "group"])
async def test_a_batch_in_work_is_finished_and_committed(scene: Scene, whom: str) -> None:
    await scene.push(transfer(number, trouble="slow") for number in range(20))
    worker = scene.start("copy", pool=True, batch_records=4, shutdown_s=ORDERLY_S)
    await until(lambda: _copied(scene), "the first batch is copied")
    (worker.send if whom == "worker" else worker.send_group)(signal.SIGTERM)
    assert await worker.ended(within_s=scene.settings.shutdown_s + SLACK_S) == 0
    done = len(await scene.copied())
    assert await scene.lag(COPY) == (20 - done, 0)
    found = await scene.settle(COPY)
    assert (found.ok, found.repeated) == (True, 0)


async def _copied(scene: Scene) -> bool:
    return bool(await scene.copied())


async def hang(scene: Scene, without: str = "") -> Victim:
    """A worker in a document that does not end."""
    await scene.push([transfer(0, trouble="hang")])
    worker = scene.start("copy", f"tells_of_work,{without}", pool=True, document_deadline_s=2 * LIMIT_S)
    await until(lambda: scene.notes.told("at work"), "the document hangs")
    return worker


async def test_work_that_does_not_end_does_not_hold_up_the_stop(scene: Scene) -> None:
    worker = await hang(scene)
    assert await stopped(scene, worker) == 1
    assert await scene.lag(COPY) == (1, 0)


async def test_without_a_bound_it_does(scene: Scene) -> None:
    worker = await hang(scene, "unbounded_stop")
    with pytest.raises(AssertionError):
        await stopped(scene, worker)
    assert worker.alive


async def joining(scene: Scene, shutdown_s: float, without: str = "") -> Victim:
    """A worker whose join waits for a member that says nothing, and is not given up in any test's time."""
    silent = scene.start("copy", session_timeout_s=LIMIT_S)
    await scene.joined(COPY, 1)
    silent.send(signal.SIGSTOP)
    worker = scene.start("copy", without, slot=1, session_timeout_s=LIMIT_S, shutdown_s=shutdown_s)
    await until(lambda: scene.rebalances(COPY), "the group waits for the silent member")
    return worker


async def test_a_worker_may_stop_while_it_joins(scene: Scene) -> None:
    worker = await joining(scene, ORDERLY_S)
    assert await stopped(scene, worker) == 0
    assert len(await scene.members(COPY)) == 1


async def test_if_it_waits_for_the_join_first_it_stops_by_the_bound_and_is_waited_for(scene: Scene) -> None:
    worker = await joining(scene, scene.settings.shutdown_s, "joins_first")
    assert await stopped(scene, worker) == 1
    assert len(await scene.members(COPY)) == 2


@pytest.mark.parametrize("without", ["", "stranger"])
async def test_a_worker_that_was_killed_and_comes_back_in_time_is_not_waited_for(scene: Scene, without: str) -> None:
    killed = scene.start("copy", session_timeout_s=4 * LIMIT_S)
    await scene.joined(COPY, 1)
    killed.destroy()
    await scene.push([transfer(0), transfer(1, partition=1)])
    scene.start("copy", without, session_timeout_s=4 * LIMIT_S)
    await until(lambda: scene.rebalances(COPY) if without else scene.drained(COPY), "what it was killed for")


@pytest_asyncio.fixture
async def mortal() -> AsyncIterator[Broker]:
    """A broker of the test's own."""
    async with open_broker(Settings(broker="embedded"), ephemeral=True) as opened:
        yield opened


@pytest.mark.kafka
async def test_a_worker_may_stop_while_the_broker_is_down(mortal: Broker, lane: str, tmp_path: Path) -> None:
    async with Scene(mortal.endpoint, lane, tmp_path) as scene:
        worker = scene.start("book,copy", pool=True)
        await scene.joined(COPY, 1)
        await scene.joined(BOOK, 1)
        assert mortal.pid is not None
        os.kill(mortal.pid, signal.SIGKILL)
        await stopped(scene, worker)
