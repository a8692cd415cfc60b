"""The read model is a function of the records, whatever order the topics are read in, however often."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from streams.codec import Record, encode
from streams.readmodel.database import dump, made_for, only_writer, open_reader, open_writer, path_of, reset
from streams.readmodel.store import Place, apply, forget, positions
from streams.readmodel.tables import VERSION
from streams.settings import Settings
from streams.topics import ENRICHED, STORY_EVENT, STORY_STATE
from tests.builders import record_of
from tests.readmodel_builders import built, of_documents, records_of
from tests.view_builders import enriched, event, story

Followed = tuple[str, Record]

PARTITIONS = 3


@pytest.fixture(scope="module")
def logs() -> dict[Place, list[Record]]:
    """The small day of news, its topics in three partitions each."""
    spread: dict[Place, list[Record]] = {}
    for short, records in records_of(of_documents()).items():
        for record in records:
            log = spread.setdefault((short, crc32(record.key or b"") % PARTITIONS), [])
            number = crc32(record.key or b"") % PARTITIONS
            log.append(Record(record.topic, number, len(log), *_rest(record)))
    return spread


def _rest(record: Record) -> tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...], int]:
    return record.key, record.value, record.headers, record.timestamp_ms


def shuffled(logs: dict[Place, list[Record]], draw: random.Random) -> Iterator[tuple[list[Followed], dict[Place, int]]]:
    """Batches in a random order that keeps the order of each partition."""
    done = dict.fromkeys(logs, 0)
    while left := [place for place in logs if done[place] < len(logs[place])]:
        place = draw.choice(left)
        batch = logs[place][done[place] : done[place] + draw.randint(1, 4)]
        done[place] += len(batch)
        yield [(place[0], record) for record in batch], {place: done[place]}


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_topics_are_read_leaves_no_trace(
    logs: dict[Place, list[Record]], seed: int, tmp_path: Path
) -> None:
    dumps = []
    for name, order in (("one", random.Random(seed)), ("other", random.Random(seed + 100))):
        db = open_writer(tmp_path / name)
        for batch, after in shuffled(logs, order):
            apply(db, batch, after)
        dumps.append(dump(db))
        db.close()
    assert dumps[0] == dumps[1]
    assert len(dumps[0]["article"]) == 7
    assert len(dumps[0]["record"]) == sum(len(log) for place, log in logs.items() if place[0] != "story")


def test_reading_everything_twice_changes_nothing(tmp_path: Path) -> None:
    db = built(tmp_path / "model")
    before = dump(db)
    for short, records in records_of(of_documents()).items():
        apply(db, [(short, record) for record in records], {})
    assert dump(db) == before
    assert db.execute("INSERT INTO article_fts (article_fts) VALUES ('integrity-check')").fetchall() == []


def test_an_older_revision_never_overwrites_a_newer_one(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "model")
    first, second = enriched(), enriched(title="Harbour bridge reopens, again")
    second = second.model_copy(update={"revision": 2, "article_id": first.article_id})
    revisions = [record_of(ENRICHED, value, offset=place) for place, value in enumerate((first, second, first))]
    apply(db, [("enriched", record) for record in revisions], {("enriched", 0): 3})
    assert [tuple(row) for row in db.execute("SELECT revision, title FROM article")] == [(2, second.article.title)]
    assert db.execute("SELECT title FROM article_text").fetchone()[0] == second.article.title


def test_entities_are_counted_by_the_articles_that_name_them_now(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "model")
    value = enriched()
    assert value.layers.entities is not None
    assert value.layers.entities.entities
    apply(db, [("enriched", record_of(ENRICHED, value))], {("enriched", 0): 1})
    assert {row["articles"] for row in db.execute("SELECT * FROM entity")} == {1}
    none = value.layers.entities.model_copy(update={"entities": ()})
    bare = value.model_copy(update={"revision": 2, "layers": value.layers.model_copy(update={"entities": none})})
    apply(db, [("enriched", record_of(ENRICHED, bare, offset=1))], {("enriched", 0): 2})
    assert db.execute("SELECT count(*) FROM entity").fetchone()[0] == 0


def test_a_story_that_its_topic_forgot_is_forgotten(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "model")
    value = story("sty_1", aliases=("sty_0",))
    apply(db, [("story", record_of(STORY_STATE, value))], {("story", 0): 1})
    assert db.execute("SELECT count(*) FROM story_alias").fetchone()[0] == 1
    tombstone = Record(STORY_STATE.name, 0, 1, b"sty_1", None)
    apply(db, [("story", tombstone)], {("story", 0): 2})
    assert [len(rows) for name, rows in dump(db).items() if name.startswith("story")] == [0, 0, 0, 0, 0]


def test_rows_go_with_their_records(tmp_path: Path) -> None:
    whole, rest = open_writer(tmp_path / "whole"), open_writer(tmp_path / "rest")
    records = records_of(of_documents())
    lowest = {("enriched", 0): 3, ("event", 0): 3, ("duplicate", 0): 1, ("raw", 0): 5}
    for short, log in records.items():
        after = {(short, 0): len(log)}
        apply(whole, [(short, record) for record in log], after)
        apply(rest, [(short, record) for record in log if record.offset >= lowest.get((short, 0), 0)], after)
    forget(whole, lowest)
    assert dump(whole) == dump(rest)


def test_what_cannot_be_read_leaves_a_trace_and_nothing_else(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "model")
    hostile = [b"{", b"[]", b"null", b'{"url": 7, "source": 1}', b"\xff", None]
    batch = [
        (short, Record("t", 0, offset, b"k", value, (("ce_origin", b"x"),)))
        for short in ("raw", "normalized", "unique", "candidate", "enriched", "duplicate", "event", "raw.dlq", "story")
        for offset, value in enumerate(hostile)
    ]
    apply(db, batch, {})
    found = dump(db)
    assert {row[0] for row in found["record"]} >= {"raw", "enriched", "raw.dlq", "story"}
    assert {name for name, rows in found.items() if rows} == {"record"}


def test_a_batch_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "model")
    good = record_of(STORY_EVENT, event("sty_1", 1))
    with pytest.raises(KeyError):
        apply(db, [("event", good), ("no topic", good)], {("event", 0): 1})
    assert not any(dump(db).values())


def test_another_version_or_rubbish_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "model"
    db = open_writer(path)
    apply(db, [("event", record_of(STORY_EVENT, event("sty_1", 1)))], {("event", 0): 1})
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    db = open_writer(path)
    assert not any(dump(db).values())
    reset(db, cluster="one")
    assert made_for(db) == {"cluster": "one"}
    db.close()
    path.write_bytes(b"this is no database" * 1000)
    db = open_writer(path)
    assert positions(db) == {}


def test_one_process_writes_and_lanes_have_files_of_their_own(tmp_path: Path) -> None:
    live, other = (path_of(Settings(state_dir=tmp_path, lane=lane)) for lane in ("", "replay-1"))
    assert live != other
    with only_writer(live) as first, only_writer(live) as second, only_writer(other) as third:
        assert (first, second, third) == (True, False, True)
    with only_writer(live) as again:
        assert again


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    built(tmp_path / "model").close()
    reader = open_reader(tmp_path / "model")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM article")


def test_encoded_values_round_trip() -> None:
    """What the builders make is what the topics hold: the tests above stand on it."""
    value = enriched()
    assert record_of(ENRICHED, value).value == encode(value)
