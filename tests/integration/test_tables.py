"""State in Faust tables: whole batches, recovered by content, never taken from somebody else."""

import itertools
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from faust.types import TP

from streams.edge.hardened import new_app
from streams.edge.table import POSITION, AtomicTable
from streams.edge.worker import _table
from streams.endpoint import Endpoint
from streams.settings import Settings
from streams.state.protocols import Table
from tests.contract.table_suite import TableSuite
from tests.integration.harness import LIMIT_S, Scene, transfer, until
from tests.integration.ledger import ACCOUNTS, BOOK

pytestmark = pytest.mark.timeout(240)


class Written:
    """One partition of a Faust table, each write taken over by the local store at once."""

    def __init__(self, table: AtomicTable, partition: int) -> None:
        self._table = table
        self._tp = TP(ACCOUNTS.name, partition)
        self._view = table.view(partition)
        self._offsets = itertools.count()

    def get(self, key: bytes) -> bytes | None:
        return self._view.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        offset = next(self._offsets)
        self._table._write(self._tp, [(key, value)], position=offset, offset=offset)

    def delete(self, key: bytes) -> None:
        self.put(key, None)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        return self._view.items()


class TestAtomicTable(TableSuite):
    """The adapter behaves as every table does, down to the bytes in the store."""

    @pytest.fixture(autouse=True)
    def _opened(self, tmp_path: Path) -> None:
        app = new_app("book", endpoint=Endpoint("localhost:9"), settings=Settings(), datadir=str(tmp_path))
        self._table, self._partitions = _table(app, ACCOUNTS.name), itertools.count()

    def fresh(self) -> Table:
        return Written(self._table, next(self._partitions))


async def work_off(scene: Scene) -> None:
    """Let a worker do all there is, and stop."""
    worker = scene.start("book", shutdown_s=LIMIT_S)
    await until(lambda: scene.drained(BOOK), "all is committed")
    worker.send(signal.SIGTERM)
    assert await worker.ended() == 0


def store(scene: Scene) -> Path:
    """The local store of slot 0."""
    return scene.settings.state_dir / "workers" / scene.settings.topic("slot-0")


async def test_a_lost_store_is_recovered_by_content(scene: Scene) -> None:
    await scene.push(transfer(number, partition) for number in range(10) for partition in range(2))
    await work_off(scene)
    shutil.rmtree(store(scene))
    # Receipts tell balances: a worker with an empty or partial table would write others.
    assert (await scene.settle(BOOK)).ok


async def test_the_store_of_another_cluster_is_not_believed(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    await work_off(scene)
    (store(scene) / "cluster-id").write_text("another")
    assert (await scene.settle(BOOK)).ok


async def test_a_rebalance_that_leaves_everything_in_place_changes_nothing(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("book")
    await until(lambda: scene.drained(BOOK), "all is committed")
    await scene.evict(BOOK)
    await scene.push(transfer(number) for number in range(10, 20))
    await until(lambda: scene.drained(BOOK), "all is committed")
    assert worker.alive
    assert (await scene.audit(BOOK)).ok


async def test_partitions_that_move_take_their_state_along(scene: Scene) -> None:
    await scene.push(transfer(number, partition) for number in range(10) for partition in range(2))
    first = scene.start("book", shutdown_s=LIMIT_S)
    await until(lambda: scene.drained(BOOK), "all is committed")
    second = scene.start("book", slot=1)
    await scene.joined(BOOK, 2)
    await scene.push(transfer(number, partition) for number in range(10, 20) for partition in range(2))
    await until(lambda: scene.drained(BOOK), "all is committed")
    first.send(signal.SIGTERM)
    assert await first.ended() == 0
    await scene.push(transfer(number, partition) for number in range(20, 30) for partition in range(2))
    await until(lambda: scene.drained(BOOK), "all is committed")
    assert second.alive
    assert (await scene.audit(BOOK)).ok


# --- A batch is written whole


async def test_a_worker_killed_in_a_table_write_leaves_a_whole_batch(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("book", failpoint="book:table:1")
    assert await worker.ended() == -signal.SIGKILL
    await scene.evict(BOOK)
    found = await scene.settle(BOOK)
    assert (found.ok, found.repeated) == (True, 0)


async def test_records_of_their_own_are_cut_in_two(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("book", "one_by_one")
    assert await worker.ended() == -signal.SIGKILL
    await scene.evict(BOOK)
    assert (await scene.settle(BOOK)).table_differences


# --- Somebody else writes


async def test_a_foreign_write_stops_the_owner_and_is_mended(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    # Put out of its group by a pause of a busy machine, it would come back knowing of the write, which is then void.
    worker = scene.start("book", session_timeout_s=LIMIT_S)
    await until(lambda: scene.drained(BOOK), "all is committed")
    account = next(key for key in await scene.table(ACCOUNTS.name) if key.startswith(b"a"))
    (record, *_) = [each for each in await scene.records(ACCOUNTS.name) if each.key == account]
    await scene.push_record(ACCOUNTS.name, account, b"-1", ((POSITION, b"0"),), record.partition)
    await scene.push([transfer(10)])
    assert await worker.ended() == 1
    assert "ForeignWriteError" in worker.said()
    assert (await scene.settle(BOOK)).ok
    assert await scene.table(ACCOUNTS.name) == await scene.recomputed(BOOK)


# --- An error in recovery


async def spoil_the_changelog(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    await work_off(scene)
    shutil.rmtree(store(scene))
    await scene.push_record(ACCOUNTS.name, b"a1", b"5", partition=0)
    await scene.push([transfer(10)])


async def test_an_error_in_recovery_stops_the_worker(scene: Scene) -> None:
    await spoil_the_changelog(scene)
    worker = scene.start("book")
    assert await worker.ended() == 1
    assert "KeyError: 'position'" in worker.said()
    assert await scene.lag(BOOK) == (1, 0)


async def test_to_faust_it_is_a_warning(scene: Scene) -> None:
    await spoil_the_changelog(scene)
    worker = scene.start("book", "recovery_only_warns")
    await until(lambda: worker.said().count("Error in recovery") > 1, "Faust warns")
    assert worker.alive
    assert await scene.lag(BOOK) == (1, 0)
