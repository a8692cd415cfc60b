"""Check a live system against the sequential recomputation of its own logs.

Each stage is run again over its own input log, partition by partition, in order. What it
must have written is compared with what is there, by CloudEvents id: nothing missing,
nothing else, equal bytes; repetitions are counted, not condemned. So is each table, key
by key. First appearances of a key are in the order of the input; a dead letter gives back
its record, byte for byte. And every raw document, of which none that was acknowledged may
be missing, must be in exactly one terminal topic.

A record whose dead letter an operator has redriven or discarded is not judged anew: mended
code may well get it through. It counts as the letter it became, and its document, once
redriven, by where it ends then.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b

from streams.codec import Message, Record, header
from streams.deadletter import document_of, original_headers, read_dead_letter
from streams.edge.admin import total_lag
from streams.edge.dispositions import Dispositions, read_dispositions, read_letters, settled
from streams.edge.pool import Pool
from streams.edge.reader import read_topic
from streams.edge.table import POSITION
from streams.endpoint import Endpoint
from streams.memory import StageRun
from streams.settings import Settings
from streams.topics import RAW, Topic
from streams.topology import ON_THE_WAY, TERMINAL, TOPOLOGY, Stage

__all__ = ["AuditReport", "StageAudit", "audit", "audit_stage", "effective"]

_SHOWN = 20
Digests = dict[str, bytes]
Place = tuple[int, int]


@dataclass(slots=True)
class StageAudit:
    """One stage against its recomputation; the lists show at most 20 ids each."""

    stage: str
    inputs: int = 0
    outputs: int = 0
    repeated: int = 0
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    unfaithful: list[str] = field(default_factory=list)
    table_keys: int = 0
    table_differences: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        outputs = self.missing or self.unexpected or self.different or self.disordered or self.unfaithful
        return not (outputs or self.table_differences)


@dataclass(slots=True)
class AuditReport:
    """The whole system; `lost`, `in_two` and `unknown` (in the end of no raw document) are document ids."""

    raw_records: int = 0
    raw_ids: int = 0
    enriched: int = 0
    duplicate: int = 0
    dead_letter: int = 0
    lost: list[str] = field(default_factory=list)
    in_two: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    lag: dict[str, int] = field(default_factory=dict)
    stages: list[StageAudit] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is lost, doubled, different or still waiting."""
        documents = self.lost or self.in_two or self.unknown
        return not (documents or any(self.lag.values())) and all(s.ok for s in self.stages)

    def as_json(self) -> dict[str, object]:
        """The report as plain data."""
        return {"ok": self.ok, **asdict(self)}


async def audit(
    endpoint: Endpoint,
    settings: Settings,
    *,
    wait_s: float = 0,
    acknowledged: Collection[str] = (),
    flow: Sequence[Stage] = TOPOLOGY,
) -> AuditReport:
    """Wait up to `wait_s` seconds for lag 0, then compare everything.

    `acknowledged` holds ids of documents that the broker has confirmed to their producer. A
    document that was sent and never confirmed may be in the raw topic, then it counts, or not.
    """
    report = AuditReport(lag=await _settled_lag(endpoint, settings, wait_s))
    if any(report.lag.values()):
        return report
    # A flow of a test's own has no topics beside it.
    dispositions = await read_dispositions(endpoint, settings) if flow is TOPOLOGY else {}
    await _account_for_documents(endpoint, settings, report, acknowledged, dispositions)
    pool = Pool(processes=settings.processes, deadline_s=settings.document_deadline_s, memory_mb=4096)
    async with pool:
        for stage in flow:
            report.stages.append(await audit_stage(endpoint, settings, stage, pool, dispositions))
    return report


async def _settled_lag(endpoint: Endpoint, settings: Settings, wait_s: float) -> dict[str, int]:
    give_up = time.monotonic() + wait_s
    while True:
        lag = await total_lag(endpoint, settings)
        if not any(lag.values()) or time.monotonic() > give_up:
            return lag
        await asyncio.sleep(0.5)


def _records(endpoint: Endpoint, settings: Settings, topic: str) -> AsyncIterator[Record]:
    return read_topic(endpoint, settings.topic(topic), until_end=True)


async def _account_for_documents(
    endpoint: Endpoint,
    settings: Settings,
    report: AuditReport,
    acknowledged: Collection[str],
    dispositions: Dispositions,
) -> None:
    raw: Counter[str] = Counter()
    async for record in _records(endpoint, settings, RAW.name):
        raw[document_of(record)] += 1
    report.raw_records, report.raw_ids = raw.total(), len(raw)
    ends: dict[str, set[str]] = {"dead_letter": set()}
    for topic in TERMINAL:
        ends[topic.name] = {document_of(r) async for r in _records(endpoint, settings, topic.name)}
    for source in ON_THE_WAY:
        letters = read_letters(endpoint, settings, source.dead_letters)
        # One that was redriven is on its way again: it ends elsewhere, or in another letter.
        ends["dead_letter"] |= {document_of(r) async for r in letters if settled(r, dispositions) != "redriven"}
    counts = Counter(document for ids in ends.values() for document in ids)
    report.lost = sorted(document for document in {*raw, *acknowledged} if not counts[document])
    report.unknown = sorted(counts.keys() - raw.keys())
    report.in_two = sorted(document for document, count in counts.items() if count > 1)
    report.enriched, report.duplicate = (len(ends[topic.name]) for topic in TERMINAL)
    report.dead_letter = len(ends["dead_letter"])


async def audit_stage(
    endpoint: Endpoint, settings: Settings, stage: Stage, pool: Pool, dispositions: Dispositions | None = None
) -> StageAudit:
    """Compare what `stage` has written with what it must make of its input log; `pool` recomputes."""
    found = StageAudit(stage.name)
    closed = await _closed(endpoint, settings, stage, dispositions or {})
    inputs: dict[Place, Record] = {}
    by_partition: dict[int, list[Record]] = defaultdict(list)
    async for record in _records(endpoint, settings, stage.reads.name):
        if (record.partition, record.offset) not in closed:
            by_partition[record.partition].append(record)
        inputs[record.partition, record.offset] = record
    found.inputs = len(inputs)
    expected: Digests = {_identity(letter.topic, letter): _digest(letter) for letter in closed.values()}
    places: dict[str, Place] = {}
    tables: dict[str, dict[bytes, bytes]] = defaultdict(dict)
    for partition, records in by_partition.items():
        async for message in _recompute(stage, records, pool, tables):
            face = next((topic for topic in stage.writes if _is_face(topic) and topic.name == message.topic), None)
            if face is None:
                identity = _identity(message.topic, message)
                expected[identity] = _digest(message)
                places.setdefault(identity, (partition, len(places)))
            else:
                _set(tables[face.name], message.key or b"", message.value)
    await _compare_outputs(endpoint, settings, stage, expected, found)
    await _check_order(endpoint, settings, stage, places, found)
    found.unfaithful = await _unfaithful(endpoint, settings, stage, inputs)
    await _compare_tables(endpoint, settings, stage, tables, found)
    return found


async def _closed(
    endpoint: Endpoint, settings: Settings, stage: Stage, dispositions: Dispositions
) -> dict[Place, Record]:
    """Letters of `stage` that an operator has redriven or discarded, by the place of their record."""
    found = {}
    if dispositions:
        async for letter in read_letters(endpoint, settings, stage.reads.dead_letters):
            if settled(letter, dispositions):
                view = read_dead_letter(letter)
                found[view.partition, view.offset] = letter
    return found


async def _recompute(
    stage: Stage, records: list[Record], pool: Pool, tables: dict[str, dict[bytes, bytes]]
) -> AsyncIterator[Message]:
    if stage.table is None:
        for start in range(0, len(records), 256):
            for done in await pool.run(stage, records[start : start + 256]):
                for message in done.handled.messages:
                    yield message
        return
    run = StageRun(stage)
    for record in records:
        for message in run.step(record).messages:
            yield message
        await asyncio.sleep(0)
    tables[stage.table.name].update(run.table.items())


def _is_face(topic: Topic) -> bool:
    return topic.cleanup == "compact"


def _identity(topic: str, message: Message | Record) -> str:
    if topic.endswith(".dlq"):
        place = [header(message.headers, f"__connect.errors.{name}") for name in ("partition", "offset")]
        return f"{topic}:{place[0]}-{place[1]}"
    return f"{topic}:{header(message.headers, 'ce_id')}"


def _digest(message: Message | Record) -> bytes:
    state = blake2b(digest_size=16)
    for part in (message.key, message.value):
        state.update(b"\0" if part is None else b"\1" + len(part).to_bytes(8, "little") + part)
    return state.digest()


async def _compare_outputs(
    endpoint: Endpoint, settings: Settings, stage: Stage, expected: Digests, found: StageAudit
) -> None:
    seen: Digests = {}
    names = [topic.name for topic in stage.writes if not _is_face(topic)]
    for name in (*names, stage.reads.dead_letters):
        async for record in _records(endpoint, settings, name):
            identity, digest = _identity(name, record), _digest(record)
            found.repeated += identity in seen
            if seen.setdefault(identity, digest) != digest or expected.get(identity, digest) != digest:
                found.different.append(identity)
    found.outputs = len(seen)
    found.missing = _first(expected.keys() - seen.keys())
    found.unexpected = _first(seen.keys() - expected.keys())
    found.different = _first(found.different)


async def _check_order(
    endpoint: Endpoint, settings: Settings, stage: Stage, places: Mapping[str, Place], found: StageAudit
) -> None:
    """First appearances of what one input partition gives one key must rise; `places` has their order."""
    seen: set[str] = set()
    latest: dict[tuple[str, bytes | None, int], int] = defaultdict(lambda: -1)
    for name in [topic.name for topic in stage.writes if not _is_face(topic)]:
        async for record in _records(endpoint, settings, name):
            identity = _identity(name, record)
            if identity in seen or identity not in places:
                continue
            seen.add(identity)
            partition, number = places[identity]
            if number < latest[name, record.key, partition]:
                found.disordered.append(identity)
            latest[name, record.key, partition] = number
    found.disordered = _first(found.disordered)


async def _unfaithful(
    endpoint: Endpoint, settings: Settings, stage: Stage, inputs: Mapping[Place, Record]
) -> list[str]:
    """Dead letters from which the record they stand for cannot be had again, byte for byte."""
    found = []
    async for letter in _records(endpoint, settings, stage.reads.dead_letters):
        numbers = [header(letter.headers, f"__connect.errors.{name}") or "-1" for name in ("partition", "offset")]
        source = inputs.get((int(numbers[0]), int(numbers[1])))
        replayed = (letter.key, letter.value, original_headers(letter.headers))
        if source is None or replayed != (source.key, source.value, original_headers(source.headers)):
            found.append(_identity(stage.reads.dead_letters, letter))
    return _first(found)


async def _compare_tables(
    endpoint: Endpoint, settings: Settings, stage: Stage, tables: dict[str, dict[bytes, bytes]], found: StageAudit
) -> None:
    names = [topic.name for topic in stage.writes if _is_face(topic)]
    for name in [*names, *([stage.table.name] if stage.table else [])]:
        wanted = tables[name]
        actual = await effective(_records(endpoint, settings, name))
        found.table_keys += len(wanted)
        found.table_differences += _first(
            f"{name}:{key!r}" for key in wanted.keys() | actual.keys() if wanted.get(key) != actual.get(key)
        )


async def effective(records: AsyncIterator[Record]) -> dict[bytes, bytes]:
    """What a changelog says, by the rule of `streams.edge.table`: a batch below the highest position is void."""
    highest: dict[int, int] = defaultdict(lambda: -1)
    table: dict[bytes, bytes] = {}
    async for record in records:
        position = int(header(record.headers, POSITION) or -1)
        if position >= highest[record.partition]:
            highest[record.partition] = position
            _set(table, record.key or b"", record.value)
    return table


def _set(table: dict[bytes, bytes], key: bytes, value: bytes | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _first(ids: Iterable[str]) -> list[str]:
    return sorted(set(ids))[:_SHOWN]
