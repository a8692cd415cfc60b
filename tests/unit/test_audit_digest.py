"""What an audit remembers of a record tells apart all that must be equal, and nothing else."""

from collections.abc import AsyncIterator

import pytest

from streams.audit.digest import digest, effective, identity, source_digest
from streams.codec import Message, Record

MESSAGE = Message("t", b"key", b"value", (("ce_id", b"stage:0-1:0"),))


@pytest.mark.parametrize(
    "other",
    [
        Message("t", b"ke", b"yvalue"),
        Message("t", None, b"keyvalue"),
        Message("t", b"key", b""),
        Message("t", b"key", None),
        Message("t", b"", b"key"),
    ],
)
def test_another_key_or_value_is_another_digest(other: Message) -> None:
    assert digest(other) != digest(MESSAGE)


def test_a_record_as_read_has_the_digest_of_the_message_as_written() -> None:
    assert digest(Record("lane.t", 3, 7, b"key", b"value")) == digest(MESSAGE)


@pytest.mark.parametrize(("name", "value"), [("a", b"2"), ("b", b"1"), ("a1", b"")])
def test_what_a_dead_letter_gives_back_has_its_headers_too(name: str, value: bytes) -> None:
    record = Record("t", 0, 0, b"key", b"value")
    assert source_digest(record, (("a", b"1"),)) != source_digest(record, ((name, value),))


def test_a_dead_letter_is_named_by_what_it_stands_for() -> None:
    place = (("__connect.errors.partition", b"3"), ("__connect.errors.offset", b"7"), ("ce_id", b"x"))
    assert identity("t.dlq", Record("t.dlq", 0, 0, None, None, place)) == "t.dlq:3-7"
    assert identity("t", MESSAGE) == "t:stage:0-1:0"


async def changelog(*rows: tuple[int, bytes, bytes | None]) -> AsyncIterator[Record]:
    for offset, (position, key, value) in enumerate(rows):
        yield Record("t", 0, offset, key, value, (("position", str(position).encode()),))


async def test_a_batch_below_the_highest_position_is_void_and_a_deleted_key_is_gone() -> None:
    table = await effective(changelog((1, b"a", b"old"), (5, b"a", b"new"), (3, b"a", b"zombie"), (5, b"b", b"x")))
    wanted = await effective(changelog((5, b"a", b"new"), (5, b"b", b"y"), (6, b"b", None), (7, b"b", b"x")))
    assert table == wanted
    assert len(table) == 2
