"""Asking from an event loop: one state a question, and a new file when the old one is gone."""

import sqlite3
from pathlib import Path

import pytest

from streams.readmodel import queries
from streams.readmodel.database import discard, open_writer
from streams.readmodel.reader import Reader, UnreadyError
from streams.readmodel.store import apply
from streams.topics import STORY_STATE
from tests.builders import record_of
from tests.view_builders import story


def stories(path: Path, *ids: str) -> None:
    db = open_writer(path)
    records = [("story", record_of(STORY_STATE, story(each), offset=place)) for place, each in enumerate(ids)]
    apply(db, records, {("story", 0): len(ids)})
    db.close()


async def test_a_question_to_nothing_says_so(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "model", threads=1)
    with pytest.raises(UnreadyError):
        await reader.ask(queries.totals)
    stories(tmp_path / "model", "sty_1")
    assert (await reader.ask(queries.totals))["stories"] == 1
    reader.close()


async def test_a_file_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "model", threads=1)
    stories(tmp_path / "model", "sty_1")
    assert (await reader.ask(queries.totals))["stories"] == 1
    discard(tmp_path / "model")
    stories(tmp_path / "model", "sty_1", "sty_2")
    assert (await reader.ask(queries.totals))["stories"] == 2
    reader.close()


async def test_all_statements_of_a_question_see_one_state(tmp_path: Path) -> None:
    path = tmp_path / "model"
    stories(path, "sty_1")
    reader = Reader(path, threads=1)

    def twice(db: sqlite3.Connection) -> tuple[int, int]:
        before = queries.totals(db)["stories"]
        stories(path, "sty_1", "sty_2", "sty_3")
        return before, queries.totals(db)["stories"]

    assert await reader.ask(twice) == (1, 1)
    assert (await reader.ask(queries.totals))["stories"] == 3
    reader.close()
