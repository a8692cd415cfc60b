"""The audit of one stage: its input log is computed again, partition by partition, and its outputs and tables compared.

No log is held: what is compared is remembered as hashes, so a hundred thousand documents fit into a few hundred MiB.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

from streams.audit.digest import Digests, Table, digest, effective, identity, put, source_digest
from streams.audit.report import StageAudit, first
from streams.codec import Message, Record
from streams.deadletter import original_headers, read_dead_letter
from streams.edge.dispositions import Dispositions, read_letters, settled
from streams.edge.pool import Done
from streams.edge.reader import partition_count, read_topic
from streams.endpoint import Endpoint
from streams.memory import StageRun
from streams.settings import Settings
from streams.topology import Stage

__all__ = ["Computing", "audit_stage"]

_CHUNK = 128
Place = tuple[int, int]


class Computing(Protocol):
    """What runs a stage without state over records: `streams.edge.pool.Pool` is one."""

    async def run(self, stage: Stage, records: Sequence[Record]) -> Sequence[Done]:
        """What comes of each record, in order."""


async def audit_stage(
    endpoint: Endpoint, settings: Settings, stage: Stage, pool: Computing, dispositions: Dispositions | None = None
) -> StageAudit:
    """Compare what `stage` has written with what it must make of its input log; `pool` recomputes what has no state."""
    audit = _Audit(endpoint, settings, stage)
    await audit.read_letters(dispositions or {})
    for partition in range(await partition_count(endpoint, settings.topic(stage.reads.name))):
        await audit.recompute(partition, pool)
    await audit.compare_outputs()
    await audit.compare_tables()
    return audit.found


class _Audit:
    """What must be there, as far as it has been computed; `found` is what is wrong with what is."""

    def __init__(self, endpoint: Endpoint, settings: Settings, stage: Stage) -> None:
        self.found = StageAudit(stage.name)
        self._endpoint = endpoint
        self._settings = settings
        self._stage = stage
        self._faces = [topic.name for topic in stage.writes if topic.cleanup == "compact"]
        self._expected: Digests = {}
        self._order: dict[str, Place] = {}  # of outputs: partition of their input, and a number that rises
        self._tables: dict[str, Table] = defaultdict(dict)
        self._letters: dict[Place, Digests] = defaultdict(dict)  # by the place of what they stand for
        self._closed: set[Place] = set()

    def _records(self, topic: str, partition: int | None = None) -> AsyncGenerator[Record, None]:
        chosen = None if partition is None else [partition]
        return read_topic(self._endpoint, self._settings.topic(topic), partitions=chosen)

    async def read_letters(self, dispositions: Dispositions) -> None:
        """Take note of dead letters: what they must give back, and which of them an operator has closed."""
        async for letter in read_letters(self._endpoint, self._settings, self._stage.reads.dead_letters):
            view = read_dead_letter(letter)
            name, place = identity(letter.topic, letter), (view.partition, view.offset)
            self._letters[place][name] = source_digest(letter, original_headers(letter.headers))
            if settled(letter, dispositions):
                self._closed.add(place)
                self._expected[name] = digest(letter)

    async def recompute(self, partition: int, pool: Computing) -> None:
        """Run the stage over one partition of its input, in order, and expect what comes of it."""
        run = StageRun(self._stage)
        async with aclosing(_chunks(self._records(self._stage.reads.name, partition))) as chunks:
            async for chunk in chunks:
                self._match_letters(chunk)
                todo = [record for record in chunk if (record.partition, record.offset) not in self._closed]
                if self._stage.table is None:
                    for done in await pool.run(self._stage, todo):
                        self._expect(partition, done.handled.messages)
                else:
                    for record in todo:
                        self._expect(partition, run.step(record).messages)
                        await asyncio.sleep(0)  # another stage's processes want to be fed
        if self._stage.table is not None:
            for key, value in run.table.items():
                put(self._tables[self._stage.table.name], key, value)

    def _match_letters(self, chunk: Sequence[Record]) -> None:
        self.found.inputs += len(chunk)
        for record in chunk:
            if letters := self._letters.pop((record.partition, record.offset), None):
                source = source_digest(record, original_headers(record.headers))
                self.found.unfaithful += [name for name, given_back in letters.items() if given_back != source]

    def _expect(self, partition: int, messages: Sequence[Message]) -> None:
        for message in messages:
            if message.topic in self._faces:
                put(self._tables[message.topic], message.key or b"", message.value)
            else:
                name = identity(message.topic, message)
                self._expected[name] = digest(message)
                self._order.setdefault(name, (partition, len(self._order)))

    async def compare_outputs(self) -> None:
        """Outputs and dead letters by their ids; of what one input partition gives one key, first appearances rise."""
        found, seen = self.found, Digests()
        latest: dict[tuple[str, bytes | None, int], int] = defaultdict(lambda: -1)
        outputs = [topic.name for topic in self._stage.writes if topic.name not in self._faces]
        for topic in (*outputs, self._stage.reads.dead_letters):
            async for record in self._records(topic):
                name, present = identity(topic, record), digest(record)
                found.repeated += name in seen
                if name not in seen and topic in outputs and name in self._order:
                    partition, number = self._order[name]
                    if number < latest[topic, record.key, partition]:
                        found.disordered.append(name)
                    latest[topic, record.key, partition] = number
                if seen.setdefault(name, present) != present or self._expected.get(name, present) != present:
                    found.different.append(name)
        found.outputs = len(seen)
        found.missing = first(self._expected.keys() - seen.keys())
        found.unexpected = first(seen.keys() - self._expected.keys())
        found.different, found.disordered = first(found.different), first(found.disordered)
        without_source = [name for letters in self._letters.values() for name in letters]
        found.unfaithful = first([*found.unfaithful, *without_source])

    async def compare_tables(self) -> None:
        """Tables by their keys, as their changelogs have them."""
        for name in [*self._faces, *([self._stage.table.name] if self._stage.table else [])]:
            wanted, actual = self._tables[name], await effective(self._records(name))
            self.found.table_keys += len(wanted)
            self.found.table_differences += first(
                f"{name}:{key!r}" for key in wanted.keys() | actual.keys() if wanted.get(key) != actual.get(key)
            )


async def _chunks(records: AsyncGenerator[Record, None]) -> AsyncGenerator[list[Record], None]:
    chunk: list[Record] = []
    async with aclosing(records):
        async for record in records:
            chunk.append(record)
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
    if chunk:
        yield chunk
