"""Whether a row has done any harm: the audit, with what the producer knows, and the in-memory run."""

from collections import Counter
from contextlib import aclosing

from streams.audit import AuditReport, audit
from streams.chaos.recall import Recall
from streams.chaos.row import Result, Row
from streams.chaos.scene import Scene
from streams.codec import Message
from streams.deadletter import document_of
from streams.edge.reader import read_table, read_topic
from streams.memory import MemoryPipeline, StageRun
from streams.topics import RAW, STORY_STATE
from streams.topology import TOPOLOGY

__all__ = ["judge"]

_SHOWN = 3
_PIECE = 1000


async def judge(row: Row, scene: Scene, result: Result, recall: Recall) -> None:
    """Fill `result` with what the topics of `scene` say; its workers have ended."""
    settings = scene.settings.model_copy(update={"processes": 0})
    pool = recall if row.flow is TOPOLOGY else None  # else the stages are such as give trouble
    report = await audit(scene.endpoint, settings, acknowledged=scene.acked, flow=row.flow, pool=pool)
    _take(report, result)
    await _check_doubtful(scene, result)
    if any(report.lag.values()):
        result.stalled = 1
        result.problems.append(f"lag {report.lag}")
    elif row.in_memory:
        result.table_differences += await _unlike_memory(scene, recall)


def _take(report: AuditReport, result: Result) -> None:
    result.lost = len(report.lost) + sum(len(stage.missing) for stage in report.stages)
    result.doubled = len(report.in_two) + len(report.unknown)
    result.raw_duplicates = report.raw_records - report.raw_ids
    result.duplicates = sum(stage.repeated for stage in report.stages)
    result.table_differences = sum(len(stage.table_differences) for stage in report.stages)
    kinds = ("missing", "unexpected", "different", "disordered", "unfaithful", "table_differences")
    result.output_differences = sum(len(getattr(stage, kind)) for stage in report.stages for kind in kinds[1:-1])
    for kind in ("lost", "in_two", "unknown"):
        if found := getattr(report, kind):
            result.problems.append(f"{kind}: {', '.join(found[:_SHOWN])}")
    for stage in report.stages:
        for kind in kinds:
            if found := getattr(stage, kind):
                result.problems.append(f"{stage.stage}: {kind}: {', '.join(found[:_SHOWN])}")


async def _check_doubtful(scene: Scene, result: Result) -> None:
    """A document whose producer was killed before it heard of it is there once or not at all."""
    if not scene.doubtful:
        return
    raw = Counter([document_of(record) async for record in read_topic(scene.endpoint, scene.settings.topic(RAW.name))])
    arrived = scene.doubtful & raw.keys()
    scene.note(f"of {len(scene.doubtful)} documents without an acknowledgement {len(arrived)} had arrived")
    if twice := sorted(document for document in arrived if raw[document] > 1):
        result.doubled += len(twice)
        result.problems.append(f"twice without an acknowledgement: {', '.join(twice[:_SHOWN])}")


async def _unlike_memory(scene: Scene, recall: Recall) -> int:
    """Keys of the story table that the in-memory run over the same raw records makes differently."""
    pipeline, wanted = MemoryPipeline(), dict[bytes, bytes | None]()
    pipeline.runs |= {stage.name: StageRun(recall.of(stage)) for stage in TOPOLOGY if stage.table is None}

    def run() -> None:
        pipeline.run()
        wanted.update({record.key or b"": record.value for record in pipeline.topics[STORY_STATE.name]})
        pipeline.forget()

    async with aclosing(read_topic(scene.endpoint, scene.settings.topic(RAW.name))) as records:
        async for record in records:
            pipeline.append(Message(RAW.name, record.key, record.value, record.headers, record.timestamp_ms))
            if record.offset % _PIECE == 0:
                run()
    run()
    actual = await read_table(scene.endpoint, scene.settings.topic(STORY_STATE.name))
    return sum(wanted.get(key) != actual.get(key) for key in wanted.keys() | actual.keys())
