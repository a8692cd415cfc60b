# ruff: noqa: INP001 - part of a script, not of a package
"""The valid examples of what tools and the poller keep for themselves; written by `build_examples.py`."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas import (
    Disposition,
    DroppedFile,
    Event,
    Pushing,
    PushingEntry,
    Redirected,
    ReplayJob,
    ReplayRange,
    ReplaySelection,
    SeenEntry,
    SourceConfig,
    SourceState,
)
from streams import ids

POLLED: Final = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
URL: Final = "https://northwire.example/rss"


def source_configs() -> dict[str, Event]:
    """A feed by its address, and one with all that can be said of it."""
    whole: dict[str, Any] = {"floor_s": 900, "cap_s": 86_400, "full_text": "page", "enabled": False}
    outlet = {"language": "en", "owner_id": "northwire-trust", "domain": "northwire.example", "country": "NO"}
    return {
        "minimal": SourceConfig(source_id="gazette", url="http://gazette.example/feed.xml"),
        "full": SourceConfig.model_validate(
            {"source_id": "northwire", "url": URL, "name": "Northwire", **whole, **outlet}
        ),
    }


def source_states() -> dict[str, Event]:
    """A source that was never polled, and one in the middle of a push."""
    start: dict[str, Any] = {"source_id": "northwire", "configured_url": URL, "url": URL, "interval_s": 3600}
    entry, content = "northwire-17", ids.content_id("text")[:16]
    document = ids.document_id("northwire", "northwire-17")
    pushing = Pushing(
        offsets=(12, 0, 7, 31),
        entries=(PushingEntry(entry=entry, content=content, ce_id=f"{document}:{ids.content_id('text')}"),),
    )
    full = SourceState(
        **start,
        next_at=POLLED + timedelta(hours=1),
        started_at=POLLED,
        polled_at=POLLED - timedelta(hours=1),
        succeeded_at=POLLED - timedelta(hours=1),
        outcome="failed",
        detail="http_503: Service Unavailable",
        polls=41,
        pushed=230,
        failure_score=0.5,
        steady=1,
        etag='W/"17"',
        last_modified="Mon, 02 Mar 2026 05:12:44 GMT",
        body_hash=ids.content_id("body"),
        hold_until=POLLED + timedelta(minutes=2),
        redirected=Redirected(url="https://northwire.example/feed", times=2, since=POLLED - timedelta(hours=20)),
        former_urls=("http://northwire.example/rss",),
        gone_since=POLLED,
        pushing=pushing,
        seen=(
            SeenEntry(
                entry=entry, content=ids.content_id("earlier text")[:16], aliases=("9c2f",), pushed="77aa", tries=1
            ),
        ),
    )
    return {"minimal": SourceState(**start, next_at=POLLED), "full": full}


def dispositions() -> dict[str, Event]:
    """A letter that was discarded, and one that stands in its topic again."""
    return {
        "minimal": Disposition(letter_id="news.raw.v1.dlq:0:17", state="discarded", at=POLLED, by="ilse"),
        "full": Disposition(
            letter_id="news.raw.v1.dlq:1:4",
            state="redriven",
            at=POLLED,
            by="ilse",
            why="the extractor was mended",
            stage="normalize",
            reason="deadline",
            document_id="doc_1",
            record_id="news.raw.v1:1:12",
            redrive_count=1,
            sent_partition=1,
            sent_from=40,
            sent_offset=41,
        ),
    }


def dropped_files() -> dict[str, Event]:
    """A text that is done, and an archive on its way."""
    return {
        "minimal": DroppedFile(
            file_id="drop_" + "0" * 32, folder="/srv/drop", path="a.txt", state="done", size=9, modified_ns=1, at=POLLED
        ),
        "full": DroppedFile(
            file_id="drop_" + "1" * 32,
            folder="/srv/drop",
            path="monday/dump.zip",
            state="scheduled",
            digest=ids.content_id("dump"),
            size=80_213,
            modified_ns=1_772_433_000_000_000_000,
            documents=12,
            refused=1,
            detail="dump.zip!a.txt: empty",
            tails=(12, 0, 7, 31),
            at=POLLED,
        ),
    }


def replay_jobs() -> dict[str, Event]:
    """A replay of a whole topic that is done, and one of a few documents that is on its way."""
    fields: dict[str, Any] = {
        "topic": "news.raw.v1",
        "into": "v2",
        "started_at": POLLED,
        "updated_at": POLLED + timedelta(minutes=5),
        "host": "loom-1",
        "code": "0.1.0+8d0f6b4c2a1e",
        "config": "5f1c9a7b",
    }
    selection = ReplaySelection(sources=("gazette",), stories=("sty_1",), documents=("doc_1", "doc_2"))
    return {
        "minimal": ReplayJob(
            job_id="rpl_" + "0" * 32,
            selection=ReplaySelection(),
            ranges=(ReplayRange(partition=0, start=0, end=120, position=120),),
            tails=(120,),
            copied=120,
            bytes=480_000,
            state="done",
            attempt=1,
            **fields,
        ),
        "full": ReplayJob(
            job_id="rpl_" + "1" * 32,
            lane="v1",
            selection=selection,
            ranges=(
                ReplayRange(partition=0, start=10, end=90, position=40),
                ReplayRange(partition=1, start=0, end=75, position=33),
            ),
            tails=(2,),
            copied=2,
            skipped=61,
            bytes=8_000,
            state="failed",
            detail="broker 127.0.0.1:9092: RequestTimedOutError",
            attempt=3,
            **fields,
        ),
    }
