"""A read model built of what the pipeline makes in memory of a few documents."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from schemas import RawDocument, StoryArticle
from streams.codec import Record, origin_of
from streams.deadletter import read_dead_letter
from streams.memory import MemoryPipeline
from streams.readmodel.database import open_writer
from streams.readmodel.followed import FOLLOWED
from streams.readmodel.store import Place, apply
from streams.topics import STORY_EVENT, STORY_STATE
from tests.builders import SEEN_AT, record_of, seen_at
from tests.topology.corpus import documents
from tests.view_builders import event, story

__all__ = ["built", "chain_of_merges", "of_documents", "records_of"]

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


def chain_of_merges() -> list[tuple[str, Record]]:
    """Story a was merged into b, b into c; a's redirect is forgotten already."""
    events = [
        event("sty_a", 1, article=_member("art_1", 0), at=seen_at(0)),
        event("sty_b", 1, article=_member("art_2", 1), at=seen_at(1)),
        event("sty_c", 1, article=_member("art_3", 2), at=seen_at(2)),
        event("sty_a", 2, kind="merged", merged_into="sty_b", at=seen_at(3)),
        event("sty_b", 2, kind="updated", merged_from="sty_a", at=seen_at(3)),
        event("sty_b", 3, kind="merged", merged_into="sty_c", at=seen_at(4)),
        event("sty_c", 2, kind="updated", merged_from="sty_b", at=seen_at(4)),
    ]
    states = [
        story("sty_b", version=3, status="merged", merged_into="sty_c"),
        story("sty_c", version=2, aliases=("sty_a", "sty_b"), article_count=3, articles=(_member("art_3", 2),)),
    ]
    told = [("event", record_of(STORY_EVENT, each, offset=place)) for place, each in enumerate(events, 100)]
    return told + [("story", record_of(STORY_STATE, each, offset=place)) for place, each in enumerate(states, 100)]


def _member(article_id: str, minutes: int) -> StoryArticle:
    return StoryArticle(article_id=article_id, title=article_id, source_id="gazette", first_seen_at=seen_at(minutes))
