"""A read model built of what the pipeline makes in memory of a few documents."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from schemas import RawDocument
from streams.codec import Record, origin_of
from streams.deadletter import read_dead_letter
from streams.memory import MemoryPipeline
from streams.readmodel.database import open_writer
from streams.readmodel.followed import FOLLOWED
from streams.readmodel.store import Place, apply
from tests.builders import SEEN_AT
from tests.topology.corpus import documents

__all__ = ["built", "of_documents", "records_of"]

_MS = 1000


def of_documents(raw: Iterable[RawDocument] | None = None) -> MemoryPipeline:
    """The pipeline after these documents, or after our small day of news; that one is only for reading."""
    return _small_day() if raw is None else _run(raw)


@cache
def _small_day() -> MemoryPipeline:
    return _run(documents())


def _run(raw: Iterable[RawDocument]) -> MemoryPipeline:
    pipeline = MemoryPipeline()
    pipeline.push(raw)
    pipeline.run()
    return pipeline


def records_of(pipeline: MemoryPipeline) -> dict[str, list[Record]]:
    """Records by short topic name: a document a minute, each topic a second behind the one before it."""
    start = int(SEEN_AT.timestamp()) * _MS
    return {
        short: [
            replace(r, timestamp_ms=start + 60_000 * _minute(short, r) + 1000 * place)
            for r in pipeline.topics.get(name, [])
        ]
        for place, (short, name) in enumerate(FOLLOWED.items())
    }


def _minute(short: str, record: Record) -> int:
    return read_dead_letter(record).offset if short == "raw.dlq" else origin_of(record).offset


def built(path: Path, pipeline: MemoryPipeline | None = None) -> sqlite3.Connection:
    """A read model of all records of `pipeline`, or of our small day of news."""
    db = open_writer(path)
    for short, records in records_of(pipeline or of_documents()).items():
        places: dict[Place, int] = {(short, 0): len(records)} if records else {}
        apply(db, [(short, record) for record in records], places)
    return db
