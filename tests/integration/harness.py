"""A scene for the engine's tests: a lane of the ledger on a real broker, and worker processes in it.

Tests wait for what they can see from outside (topics, committed offsets, exit codes, notes of a
mutation), never for a time to pass; the limits are for machines far slower than any of ours.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from aiokafka.protocol.group import LeaveGroupRequest

from streams.audit import StageAudit, audit_stage
from streams.codec import Headers, Message, Record, encode
from streams.edge.admin import create_topics, stage_lags
from streams.edge.outbox import Outbox
from streams.edge.pool import Pool
from streams.edge.reader import partition_for, read_table, read_topic
from streams.endpoint import Endpoint
from streams.memory import StageRun
from streams.settings import Settings
from streams.topics import Topic
from streams.topology import Stage
from tests.integration.inline import InlinePool
from tests.integration.ledger import COPIED, LEDGER, TRANSFER, Copied, Transfer
from tests.integration.notes import Notes

__all__ = ["LIMIT_S", "PARTITIONS", "Scene", "Victim", "shard_in", "transfer", "until"]

LIMIT_S = 60.0
PARTITIONS = 2
_ROOT = Path(__file__).resolve().parents[2]
_POLL_S = 0.1


async def until(condition: Callable[[], Awaitable[bool] | bool], what: str, *, within_s: float = LIMIT_S) -> None:
    """Wait for `condition`; AssertionError when it does not come true."""
    give_up = time.monotonic() + within_s
    while True:
        holds = condition()
        if holds if isinstance(holds, bool) else await holds:
            return
        assert time.monotonic() < give_up, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(_POLL_S)


def shard_in(partition: int) -> int:
    """The least shard whose transfers go to `partition`."""
    return next(shard for shard in range(1000) if partition_for(b"%d" % shard, PARTITIONS) == partition)


def transfer(number: int, partition: int = 0, *, payer: int = 1, payee: int = 2, trouble: str = "") -> Transfer:
    """Transfer `number` between accounts of a shard in `partition`."""
    shard = shard_in(partition)
    accounts = {"payer": shard * 100 + payer, "payee": shard * 100 + payee}
    return Transfer(number=number, shard=shard, trouble=trouble, **accounts)


@dataclass(slots=True)
class Victim:
    """A worker process, leader of its process group."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    async def ended(self, within_s: float = LIMIT_S) -> int:
        """Wait for its end; the exit code."""
        await until(lambda: not self.alive, f"the end of a worker: {self.said()[-1500:]}", within_s=within_s)
        return int(self.process.returncode)

    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text()

    @property
    def paused(self) -> bool:
        """Whether it is stopped by SIGSTOP."""
        return bool(psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the worker alone."""
        self.process.send_signal(number)

    def send_group(self, number: signal.Signals) -> None:
        """Send a signal to the worker and its children, as a service manager does."""
        os.killpg(self.process.pid, number)

    def destroy(self) -> None:
        """SIGKILL to it and whatever it has started."""
        with suppress(ProcessLookupError):
            self.send_group(signal.SIGKILL)
        self.process.wait()


class Scene:
    """Topics of one lane, a producer for them, and the workers started in it."""

    def __init__(self, endpoint: Endpoint, lane: str, folder: Path) -> None:
        self.endpoint = endpoint
        self.settings = Settings(
            lane=lane,
            state_dir=folder / "state",
            partitions=PARTITIONS,
            processes=1,
            batch_records=20,
            batch_wait_s=0.05,
            document_memory_mb=1024,
            shutdown_s=4,
        )
        self.notes = Notes(folder / "notes")
        self._folder = folder
        self._victims: list[Victim] = []
        self._resources = AsyncExitStack()
        self._admin: Any = None
        self._outbox: Outbox

    async def __aenter__(self) -> Self:
        await create_topics(self.endpoint, self.settings, LEDGER)
        self._outbox = await self._resources.enter_async_context(Outbox(self.endpoint, self.settings))
        self._admin = AIOKafkaAdminClient(**self.endpoint.client())
        await self._admin.start()
        self._resources.push_async_callback(self._admin.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        for victim in self._victims:
            victim.destroy()
        await self._resources.aclose()

    def start(self, stages: str, mutation: str = "", *, slot: int = 0, pool: bool = False, **changes: object) -> Victim:
        """Start a worker; `changes` are settings of its own."""
        log = self._folder / f"worker-{len(self._victims)}.log"
        arguments = [str(self.endpoint), stages, "--notes", str(self.notes.folder), "--slot", str(slot)]
        arguments += ["--mutation", mutation, *(["--pool"] if pool else [])]
        with log.open("wb") as target:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.victim", *arguments],
                stdout=target,
                stderr=subprocess.STDOUT,
                env=self.settings.environment(**changes),
                cwd=_ROOT,
                start_new_session=True,
            )
        self._victims.append(Victim(process, log))
        return self._victims[-1]

    async def push(self, transfers: Iterable[Transfer]) -> None:
        """Append transfers, each acknowledged."""
        await self._outbox.send(Message(TRANSFER.name, TRANSFER.key(each).encode(), encode(each)) for each in transfers)

    async def push_bytes(self, value: bytes, partition: int = 0) -> None:
        """Append a record that is no transfer."""
        await self.push_record(TRANSFER.name, b"%d" % shard_in(partition), value, (("note", b"kept"),))

    async def push_record(
        self, topic: str, key: bytes, value: bytes, headers: Headers = (), partition: int | None = None
    ) -> None:
        """Append any record to any topic."""
        await self._outbox._producer.send_and_wait(
            self.settings.topic(topic), value, key=key, headers=list(headers), partition=partition
        )

    async def table(self, topic: str) -> dict[bytes, bytes]:
        """A changelog of the lane by the last record of each key, as anybody reads it."""
        return await read_table(self.endpoint, self.settings.topic(topic))

    async def records(self, topic: str) -> list[Record]:
        """All records of a topic of the lane."""
        return [record async for record in read_topic(self.endpoint, self.settings.topic(topic))]

    async def copied(self) -> list[int]:
        """Numbers that `copy` has written, in order of partition and offset."""
        return [Copied.model_validate_json(each.value or b"").number for each in await self.records(COPIED.name)]

    async def lag(self, stage: Stage) -> tuple[int, ...]:
        """Records that `stage` has yet to commit, by partition."""
        return (await stage_lags(self.endpoint, self.settings, [stage]))[0].partitions

    async def drained(self, stage: Stage) -> bool:
        """Whether everything is committed."""
        return not any(await self.lag(stage))

    async def kill(self, victim: Victim, stage: Stage) -> None:
        """SIGKILL, and at once what the broker does when a session has timed out."""
        victim.destroy()
        await self.evict(stage)

    async def evict(self, stage: Stage) -> None:
        """Put every member out of the group of `stage`."""
        group = self.settings.group(stage.name)
        coordinator = await self._admin.find_coordinator(group)
        for member in await self.members(stage):
            await self._admin._send_request(LeaveGroupRequest(group, member), coordinator)

    async def members(self, stage: Stage) -> list[str]:
        """Ids of the members of the group of `stage`, once somebody knows."""
        while (known := await self._group(stage))[0] == "Unknown":  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(_POLL_S)
        return known[1]

    async def joined(self, stage: Stage, count: int) -> None:
        """Wait until the group of `stage` is stable with so many members."""
        await until(lambda: self._is_stable(stage, count), f"a stable group of {count}")

    async def _is_stable(self, stage: Stage, count: int) -> bool:
        state, members = await self._group(stage)
        return state == "Stable" and len(members) == count

    async def rebalances(self, stage: Stage) -> bool:
        """Whether the group of `stage` waits for members to join."""
        return (await self._group(stage))[0] == "PreparingRebalance"

    async def _group(self, stage: Stage) -> tuple[str, list[str]]:
        try:
            (answer,) = await self._admin.describe_consumer_groups([self.settings.group(stage.name)])
        except KafkaError as error:  # a fresh broker has no coordinator yet
            if not error.retriable:
                raise
            return "Unknown", []
        _, _, state, _, _, members, *_ = answer.groups[0]
        return state, [member[0] for member in members]

    async def limit(self, topic: Topic, max_message_bytes: int) -> None:
        """Set how large a record batch `topic` takes."""
        config = {"max.message.bytes": str(max_message_bytes)}
        resource = ConfigResource(ConfigResourceType.TOPIC, self.settings.topic(topic.name), config)
        await self._admin.alter_configs([resource])

    async def expire(self, topic: Topic, partition: int, offset: int) -> None:
        """Remove all records before `offset`, as retention does in time."""
        tp = TopicPartition(self.settings.topic(topic.name), partition)
        await self._admin.delete_records({tp: RecordsToDelete(offset)})

    async def settle(self, stage: Stage, without: str = "") -> StageAudit:
        """Let a worker with all its guards, or `without` some, finish, and compare with the recomputation.

        It has to process one more transfer in each partition first: then it is past whatever was skipped.
        """
        worker = self.start(stage.name, without)
        await self.push(transfer(900 + partition, partition) for partition in range(PARTITIONS))
        await until(lambda: self.drained(stage), f"lag 0 of {stage.name}")
        worker.send(signal.SIGTERM)
        await worker.ended()
        return await self.audit(stage)

    async def recomputed(self, stage: Stage) -> dict[bytes, bytes]:
        """State of `stage` after all that it has to read."""
        state: dict[bytes, bytes] = {}
        for partition in range(PARTITIONS):
            run = StageRun(stage)
            for record in await self.records(stage.reads.name):
                if record.partition == partition:
                    run.step(record)
            state.update(run.table.items())
        return state

    async def audit(self, stage: Stage, pool: Pool | None = None) -> StageAudit:
        """Compare the lane with the recomputation, as it is now."""
        return await audit_stage(self.endpoint, self.settings, stage, pool or InlinePool())
