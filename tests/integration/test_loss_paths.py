"""The ways in which Faust loses records, A to G, each with its guard and without.

Letters and causes are in ARCHITECTURE.md. A scenario is a function that arranges the bad
moment, lets a sound worker finish, and returns the audit.
"""

import shutil

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from streams.audit import StageAudit
from tests.integration.harness import Scene, Victim, transfer, until
from tests.integration.ledger import BOOK, COPIED, COPY, TRANSFER

pytestmark = pytest.mark.timeout(240)


# --- A


async def leave_a_record_open(scene: Scene, without: str = "") -> StageAudit:
    worker = scene.start("copy", f"open_first,{without}")
    await scene.push(transfer(number) for number in range(10))
    await until(lambda: _copied(scene, 9), "all but the first are copied")
    await scene.push(transfer(number, partition=1) for number in range(10, 13))
    # One commit covers both partitions, so the first one has been considered.
    await until(lambda: _committed(scene, 1), "partition 1 is committed")
    await scene.kill(worker, COPY)
    return await scene.settle(COPY)


async def _copied(scene: Scene, count: int) -> bool:
    return len(await scene.copied()) >= count


async def _committed(scene: Scene, partition: int) -> bool:
    return (await scene.lag(COPY))[partition] == 0


async def test_a_an_open_record_is_not_committed_over(scene: Scene) -> None:
    assert (await leave_a_record_open(scene)).ok


async def test_a_the_stock_frontier_commits_over_it(scene: Scene) -> None:
    found = await leave_a_record_open(scene, "stock_frontier")
    assert len(found.missing) == 1


# --- B


async def test_b_a_batch_that_failed_comes_again(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("copy", "fails_once")
    assert await worker.ended() == 1
    assert await scene.lag(COPY) == (10, 0)
    assert (await scene.settle(COPY)).ok


async def test_b_a_stock_agent_has_acked_the_batch_that_failed(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("copy", "stock_agent,fails_once")
    # The rest may stall with the agent; here it is about the batch that failed, which was the first.
    await until(lambda: _at_most(scene, 9), "the batch that failed is committed")
    await scene.kill(worker, COPY)
    assert (await scene.settle(COPY)).missing


async def push_undecodable(scene: Scene, without: str = "") -> StageAudit:
    await scene.push([transfer(0)])
    await scene.push_bytes(b"\xff{no json")
    await scene.push([transfer(1)])
    worker = scene.start("copy", without)
    # Faust throws the error into the stream, too: the agent gets nothing more.
    await until(lambda: _at_most(scene, 1), "the undecodable record is committed")
    await scene.kill(worker, COPY)
    return await scene.settle(COPY)


async def _at_most(scene: Scene, lag: int) -> bool:
    return sum(await scene.lag(COPY)) <= lag


async def test_b_undecodable_bytes_are_parked_and_the_rest_goes_on(scene: Scene) -> None:
    assert (await push_undecodable(scene)).ok
    (parked,) = await scene.records(TRANSFER.dead_letters)
    assert parked.value == b"\xff{no json"
    assert dict(parked.headers)["note"] == b"kept"
    assert dict(parked.headers)["x-news-error-code"] == b"bad_json"
    assert {0, 1} <= set(await scene.copied())


async def test_b_stock_decoding_loses_them(scene: Scene) -> None:
    (missing,) = (await push_undecodable(scene, "stock_decoding")).missing
    assert missing.startswith(TRANSFER.dead_letters)


# --- C


async def test_c_nothing_is_committed_when_an_output_was_refused(scene: Scene) -> None:
    await scene.limit(COPIED, 100)
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("copy")
    assert await worker.ended() == 1
    assert await scene.lag(COPY) == (10, 0)
    await scene.limit(COPIED, 1_000_000)
    assert (await scene.settle(COPY)).ok


async def test_c_a_send_that_nobody_awaits_is_committed_over(scene: Scene) -> None:
    await scene.limit(COPIED, 100)
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("copy", "unawaited_send")
    await until(lambda: scene.drained(COPY), "all is committed")
    await scene.kill(worker, COPY)
    await scene.limit(COPIED, 1_000_000)
    assert len((await scene.settle(COPY)).missing) == 10


# --- D


async def lose_the_local_store(scene: Scene) -> StageAudit:
    shutil.rmtree(scene.settings.state_dir)
    scene.notes.tell("release")
    return await scene.settle(BOOK)


async def test_d_nothing_is_committed_before_the_changelog_has_it(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("book", "held_changelog")
    await until(lambda: scene.notes.told("commit considered"), "a commit while the changelog is held")
    await scene.kill(worker, BOOK)
    assert await scene.lag(BOOK) == (10, 0)
    assert (await lose_the_local_store(scene)).ok


async def test_d_stock_table_writes_are_committed_before_the_changelog_has_them(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("book", "held_changelog,stock_table,stock_producer,stock_frontier")
    await until(lambda: scene.drained(BOOK), "all is committed")
    assert scene.notes.told("held")
    await scene.kill(worker, BOOK)
    assert (await lose_the_local_store(scene)).table_differences


async def test_d_a_stock_table_write_stops_the_worker(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("book", "stock_table")
    assert await worker.ended() == 1
    assert "BypassError" in worker.said()
    assert await scene.lag(BOOK) == (10, 0)


# --- E


async def test_e_a_worker_that_the_group_refuses_exits(scene: Scene) -> None:
    await scene.push([transfer(0)])
    async with AIOKafkaConsumer(
        scene.settings.topic(TRANSFER.name),
        **scene.endpoint.client(),
        group_id=scene.settings.group("copy"),
        enable_auto_commit=False,
        partition_assignment_strategy=[RangePartitionAssignor],
    ):
        await scene.joined(COPY, 1)
        guarded, unguarded = scene.start("copy"), scene.start("copy", "no_group_watch", slot=1)
        assert await guarded.ended() == 1
        assert "InconsistentGroupProtocol" in guarded.said()
        await until(lambda: "InconsistentGroupProtocol" in unguarded.said(), "the other is refused as well")
    # With the intruder gone there is nothing in the way, but a group error is for ever.
    await scene.evict(COPY)
    assert (await scene.settle(COPY)).ok
    assert unguarded.alive
    assert await scene.members(COPY) == []


# --- F


async def drop_what_was_fetched_before_the_first_commit(scene: Scene, without: str = "") -> StageAudit:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("copy", f"stray_fetch,{without}")
    await until(lambda: scene.notes.told("stray fetch"), "the stray fetch")
    await scene.push(transfer(number) for number in range(10, 20))
    await until(lambda: scene.drained(COPY), "all is committed")
    await scene.kill(worker, COPY)
    return await scene.settle(COPY)


async def test_f_a_partition_without_a_commit_is_read_from_its_start(scene: Scene) -> None:
    assert (await drop_what_was_fetched_before_the_first_commit(scene)).ok


async def test_f_the_stock_seek_leaves_it_where_it_was(scene: Scene) -> None:
    found = await drop_what_was_fetched_before_the_first_commit(scene, "no_rewind")
    assert len(found.missing) == 5


# --- G


async def fetch_across_a_seek(scene: Scene, without: str = "") -> Victim:
    await scene.push(transfer(number) for number in range(20))
    worker = scene.start("copy", f"{without},late_fetch", batch_records=5)
    await until(lambda: scene.notes.told("second fetch"), "a second batch is on its way")
    await scene.evict(COPY)
    return worker


async def test_g_a_fetch_and_a_seek_do_not_overlap(scene: Scene) -> None:
    worker = await fetch_across_a_seek(scene)
    await until(lambda: scene.drained(COPY), "all is committed")
    assert scene.notes.told("late fetch")
    await scene.kill(worker, COPY)
    assert (await scene.settle(COPY)).ok


async def test_g_else_the_gap_guard_stops_the_worker(scene: Scene) -> None:
    worker = await fetch_across_a_seek(scene, "open_fetch")
    assert await worker.ended() == 1
    assert "GapError" in worker.said()
    assert (await scene.settle(COPY)).ok


async def test_g_the_stock_delivery_commits_over_both(scene: Scene) -> None:
    worker = await fetch_across_a_seek(scene, "stock_delivery")
    await until(lambda: scene.drained(COPY), "all is committed")
    await scene.kill(worker, COPY)
    assert (await scene.settle(COPY)).missing


# --- The gap guard alone


async def test_a_record_that_goes_astray_stops_the_worker(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("copy", "drops_one")
    assert await worker.ended() == 1
    assert "GapError" in worker.said()
    assert (await scene.settle(COPY)).ok


async def test_a_record_that_goes_astray_is_lost_without_the_gap_guard(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("copy", "drops_one,no_gap_guard")
    await until(lambda: scene.drained(COPY), "all is committed")
    await scene.kill(worker, COPY)
    assert len((await scene.settle(COPY)).missing) == 1


# --- What nobody can guard against


async def test_records_that_retention_removed_first_are_told_of_and_do_not_stop_the_rest(scene: Scene) -> None:
    await scene.push(transfer(number) for number in range(10))
    worker = scene.start("copy")
    await until(lambda: scene.drained(COPY), "the first ten are committed")
    await scene.kill(worker, COPY)
    await scene.push(transfer(number) for number in range(10, 20))
    await scene.expire(TRANSFER, 0, 15)
    worker = scene.start("copy")
    await until(lambda: scene.drained(COPY), "what is there is committed")
    assert sorted(await scene.copied()) == [*range(10), *range(15, 20)]
    assert "retention has removed offsets 10 to 14, not processed yet" in worker.said()
