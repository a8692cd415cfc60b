"""Topics through a consumer group: partitions are shared, offsets are Kafka's."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from streams.codec import Record
from streams.edge.reader import partitions_of, record_from, start_places
from streams.endpoint import Endpoint
from streams.sdk.progress import Place, Progress
from streams.settings import Settings

__all__ = ["GroupStart", "Member", "join"]

log = logging.getLogger("newsloom.sdk")

GroupStart = Literal["earliest", "latest"] | datetime
"""Where a group begins that has never committed: an end of the log, or an instant of the broker's clock."""

_POLL_MS = 500
_COMMIT_EVERY_S = 1.0
_LAST_COMMIT_S = 5.0
_FETCH_BYTES = 4 * 1024 * 1024
_REQUEST_MS = 20_000


class Member(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member of a group: it hands out records one at a time and commits what is done with."""

    def __init__(self, consumer: Any, start: GroupStart) -> None:
        self._consumer = consumer
        self._start = start
        self._progress = Progress()
        self._commit_at = 0.0
        self._trouble: Exception | None = None

    @property
    def epoch(self) -> int:
        """Number of the current assignment."""
        return self._progress.epoch

    async def next(self) -> Record | None:
        """The next record of a partition that is ours, None when there was none for a while.

        One at a time: a reader may take as long as the group's `max_poll_interval_ms`, five minutes, for each.
        """
        if self._trouble is not None:
            raise self._trouble
        batches = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=1)
        found = next((record_from(record) for records in batches.values() for record in records), None)
        # What was fetched before the place to begin at was known is fetched again from there.
        return found if found and self._progress.wants(_place(found), found.offset) else None

    def delivered(self, record: Record) -> None:
        """The reader has got `record`."""
        self._progress.delivered(_place(record), record.offset)

    def passed(self, record: Record) -> None:
        """The reader shall not get `record`."""
        self._progress.passed(_place(record), record.offset)

    def done(self, place: Place, offset: int, epoch: int) -> bool:
        """The reader is done with a record; False when it comes again, to us or to another member."""
        return self._progress.done(place, offset, epoch)

    async def commit_now_and_then(self) -> None:
        """Commit what is ready, at most once a second."""
        if (now := time.monotonic()) >= self._commit_at:
            self._commit_at = now + _COMMIT_EVERY_S
            await self.commit()

    async def commit(self) -> bool:
        """Commit what is ready; False when a rebalance came in between, and nothing is lost by it."""
        epoch, due = self._progress.epoch, self._progress.due()
        if not due:
            return True
        try:
            await self._consumer.commit({TopicPartition(*place): offset for place, offset in due.items()})
        except (CommitFailedError, IllegalStateError) as error:
            log.info("not committed, the partitions have moved: %s", error)
            return False
        self._progress.committed(due, epoch)
        return True

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Commit while the partitions are still ours; aiokafka takes all of them away at once."""
        try:
            if revoked:
                await self.commit()
        finally:
            self._progress.revoked()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin where the group stood, else at the start; aiokafka would keep an error to itself."""
        try:
            await self._begin(list(assigned))
        except Exception as error:  # noqa: BLE001 - it is raised where the reader waits
            self._trouble = error

    async def _begin(self, partitions: list[TopicPartition]) -> None:
        places: dict[TopicPartition, int] = {}
        for partition in partitions:
            if (offset := await self._consumer.committed(partition)) is not None:
                places[partition] = offset
        fresh = [partition for partition in partitions if partition not in places]
        known = list(places)
        if fresh:
            ends = await self._consumer.end_offsets(fresh)
            places |= await start_places(self._consumer, fresh, ends, self._start)
        for partition, offset in places.items():
            self._consumer.seek(partition, offset)
        self._progress.assigned({(p.topic, p.partition): offset for p, offset in places.items()}, map(tuple, known))


def _place(record: Record) -> Place:
    return (record.topic, record.partition)


@asynccontextmanager
async def join(
    endpoint: Endpoint, settings: Settings, topic_names: Sequence[str], group: str, start: GroupStart
) -> AsyncIterator[Member]:
    """Be a member of `group` for the time of the context; what is done at its end is committed."""
    session_ms = int(settings.session_timeout_s * 1000)
    consumer = AIOKafkaConsumer(
        **endpoint.client(),
        client_id="newsloom-sdk",
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=_FETCH_BYTES,
        request_timeout_ms=_REQUEST_MS,
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=session_ms // 3,
    )
    member = Member(consumer, start)
    try:
        await consumer.start()
        for name in topic_names:
            await partitions_of(consumer, name)
        consumer.subscribe(list(topic_names), listener=member)
        try:
            yield member
        finally:
            # Best effort: what is not committed comes again, and a broker that is away must not hold us.
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_COMMIT_S):
                    await member.commit()
    except KafkaError as error:
        raise endpoint.failure(error) from error
    finally:
        await consumer.stop()
