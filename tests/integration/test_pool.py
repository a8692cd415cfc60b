"""The process pool: what a document does to its process happens to that document alone."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from multiprocessing import forkserver
from pathlib import Path

import pytest
import pytest_asyncio

from streams.codec import Record, encode
from streams.edge.pool import Done, Pool, PoolError, load_ahead
from tests.integration.harness import Scene, transfer, until
from tests.integration.ledger import COPY, TRANSFER, Copied

pytestmark = pytest.mark.timeout(240)

DEADLINE_S = 3.0
MEMORY_MB = 1024
LABELS = {
    "": "ok",
    "hang": "dead:deadline",
    "memory": "dead:memory",
    "bug": "dead:stage_error",
    "exit": "dead:memory",
}


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[Pool]:
    """One process, so that an order is an order."""
    async with Pool(processes=1, deadline_s=DEADLINE_S, memory_mb=MEMORY_MB) as opened:
        yield opened


def records(troubles: Sequence[str]) -> list[Record]:
    values = [transfer(number, trouble=trouble) for number, trouble in enumerate(troubles)]
    return [
        Record(TRANSFER.name, 0, offset, TRANSFER.key(value).encode(), encode(value))
        for offset, value in enumerate(values)
    ]


def labels(done: Sequence[Done]) -> list[str]:
    return [each.handled.label for each in done]


@pytest.mark.parametrize("trouble", ["hang", "memory", "bug", "exit"])
async def test_trouble_parks_one_document_and_the_others_go_on_in_order(pool: Pool, trouble: str) -> None:
    given = records(["", trouble, "", "", trouble, *[""] * 6])
    done = await pool.run(COPY, given)
    assert labels(done) == [LABELS["" if record.offset not in {1, 4} else trouble] for record in given]
    for record, each in zip(given, done, strict=True):
        (message,) = each.handled.messages
        if record.offset in {1, 4}:
            assert (message.topic, message.value) == (TRANSFER.dead_letters, record.value)
        else:
            assert Copied.model_validate_json(message.value or b"").number == record.offset


async def test_a_deadline_is_kept(pool: Pool) -> None:
    (done,) = await pool.run(COPY, records(["hang"]))
    (message,) = done.handled.messages
    assert dict(message.headers)["__connect.errors.exception.message"] == b"killed after 3 s"


async def test_a_deadline_is_for_a_document_not_for_those_that_are_sent_together() -> None:
    slow = ["slow"] * 16  # longer than the deadline in all
    async with Pool(processes=1, deadline_s=DEADLINE_S, memory_mb=MEMORY_MB) as pool:
        done = await pool.run(COPY, records([*slow, "hang", ""]))
    assert labels(done) == ["ok"] * len(slow) + ["dead:deadline", "ok"]


async def test_order_is_kept_over_several_processes() -> None:
    async with Pool(processes=2, deadline_s=DEADLINE_S, memory_mb=MEMORY_MB) as pool:
        done = await pool.run(COPY, records(["slow", *[""] * 40]))
    numbers = [Copied.model_validate_json(each.handled.messages[0].value or b"").number for each in done]
    assert numbers == list(range(41))


async def test_a_process_killed_while_idle_costs_no_document(pool: Pool) -> None:
    await pool.run(COPY, records([""]))
    process = pool._lanes[0].process
    assert process is not None
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert labels(await pool.run(COPY, records(["", ""]))) == ["ok", "ok"]


async def test_a_process_killed_at_work_costs_no_document(pool: Pool) -> None:
    given = records(["slow"] * 8)
    await pool.run(COPY, given[:1])
    process = pool._lanes[0].process
    assert process is not None
    assert process.pid is not None
    signal_later = asyncio.get_running_loop().call_later(0.5, os.kill, process.pid, signal.SIGKILL)
    done = await pool.run(COPY, given)
    signal_later.cancel()
    assert labels(done) == ["ok"] * 8


def test_models_load_beside_the_worker_in_a_process_that_a_signal_to_all_does_not_end() -> None:
    forkserver._forkserver._stop()  # type: ignore[attr-defined] # another test may have started it, to hear signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    load_ahead()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    status = dict(line.split(":", 1) for line in Path(f"/proc/{server}/status").read_text().splitlines())
    deaf = int(status["SigBlk"], 16)
    assert all(deaf & 1 << number - 1 for number in (signal.SIGINT, signal.SIGTERM))
    load_ahead()
    assert forkserver._forkserver._forkserver_pid == server  # type: ignore[attr-defined]


async def test_processes_without_room_for_any_document_are_an_error_of_the_machine() -> None:
    async with Pool(processes=1, deadline_s=DEADLINE_S, memory_mb=1) as pool:
        with pytest.raises(PoolError):
            await pool.run(COPY, records([""]))


async def test_a_worker_parks_what_a_document_did_and_goes_on(scene: Scene) -> None:
    troubles = ["", "hang", "", "memory", "bug", "exit", ""]
    await scene.push(transfer(number, trouble=trouble) for number, trouble in enumerate(troubles))
    worker = scene.start("copy", pool=True, document_deadline_s=DEADLINE_S)
    await until(lambda: scene.drained(COPY), "all is committed")
    assert worker.alive
    assert await scene.copied() == [0, 2, 6]
    parked = [dict(record.headers)["x-news-error-code"] for record in await scene.records(TRANSFER.dead_letters)]
    assert parked == [b"deadline", b"memory", b"stage_error", b"memory"]
    async with Pool(processes=1, deadline_s=DEADLINE_S, memory_mb=MEMORY_MB) as pool:
        assert (await scene.audit(COPY, pool)).ok
