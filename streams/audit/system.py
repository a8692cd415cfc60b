"""The audit of a whole system: where each document ended, then stage by stage."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import nullcontext

from streams.audit.report import AuditReport, StageAudit
from streams.audit.stage import Computing, audit_stage
from streams.codec import Record
from streams.deadletter import document_of
from streams.edge.admin import total_lag
from streams.edge.dispositions import Dispositions, read_dispositions, read_letters, settled
from streams.edge.pool import Pool
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.settings import Settings
from streams.topics import RAW
from streams.topology import ON_THE_WAY, TERMINAL, TOPOLOGY, Stage

__all__ = ["audit"]


async def audit(
    endpoint: Endpoint,
    settings: Settings,
    *,
    wait_s: float = 0,
    acknowledged: Collection[str] = (),
    flow: Sequence[Stage] = TOPOLOGY,
    pool: Computing | None = None,
) -> AuditReport:
    """Wait up to `wait_s` seconds for lag 0, then compare everything.

    `acknowledged` holds ids of documents that the broker has confirmed to their producer. A
    document that was sent and never confirmed may be in the raw topic, then it counts, or not.
    What has no state is recomputed by `pool`, by default in `settings.processes` CPU processes.
    """
    report = AuditReport(lag=await _settled_lag(endpoint, settings, wait_s))
    if any(report.lag.values()):
        return report
    # A flow of a test's own has no topics beside it.
    dispositions = await read_dispositions(endpoint, settings) if flow is TOPOLOGY else {}
    await _account_for_documents(endpoint, settings, report, acknowledged, dispositions)
    async with _own_pool(settings) if pool is None else nullcontext(pool) as computing:
        report.stages = await _audit_stages(endpoint, settings, flow, computing, dispositions)
    return report


def _own_pool(settings: Settings) -> Pool:
    return Pool(processes=settings.processes, deadline_s=settings.document_deadline_s, memory_mb=4096)


async def _audit_stages(
    endpoint: Endpoint, settings: Settings, flow: Sequence[Stage], pool: Computing, dispositions: Dispositions
) -> list[StageAudit]:
    """Two at a time: while a stateless stage is computed in the pool, a single writer is computed here."""
    gate = asyncio.Semaphore(2)

    async def one(stage: Stage) -> StageAudit:
        async with gate:
            return await audit_stage(endpoint, settings, stage, pool, dispositions)

    tasks = [asyncio.create_task(one(stage)) for stage in flow]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


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
