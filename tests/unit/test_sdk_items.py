"""Parts of the subscriber that need no broker: envelopes, repetitions, and calls that are off."""

from datetime import UTC, datetime
from typing import Any

import pytest

from streams.errors import UsageError
from streams.sdk import Cursor, Deduplicator, Envelope, Received, subscribe, unique

SEEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def item(id_: str | None, offset: int = 0) -> Received[str]:
    return Received("value", Envelope(id=id_), "articles", 0, offset, b"key", SEEN)


def test_an_envelope_has_the_attributes_of_the_headers() -> None:
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": b"enrich:0:7:0",
        "ce_time": b"2026-03-01T13:00:00+01:00",
        "ce_documentid": b"doc_1",
        "ce_replay": b"job_1",
        "traceparent": b"not ours",
    }
    envelope = Envelope.of((*headers.items(), ("ce_id", b"second")))
    assert (envelope.id, envelope.time, envelope.document_id) == ("enrich:0:7:0", SEEN, "doc_1")
    assert envelope.replay == "job_1"
    assert envelope.extensions == {"specversion": "1.0"}
    assert envelope.subject is None


@pytest.mark.parametrize("text", [b"yesterday", b"2026-03-01T12:00:00", b"\xff", b"0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_left_out(text: bytes) -> None:
    assert Envelope.of((("ce_time", text),)).time is None


async def each(*items: Received[str]) -> Any:
    for one in items:
        yield one


async def test_repetitions_are_dropped_and_what_has_no_id_goes_by_its_place() -> None:
    items = each(item("a", 0), item("b", 1), item("a", 2), item(None, 3), item(None, 3), item(None, 4))
    assert [each.offset async for each in unique(items)] == [0, 1, 3, 4]


async def test_the_window_is_bounded_and_goes_on_from_a_store() -> None:
    store: list[str] = []
    seen = Deduplicator(2, known=["x", "y", "z"], remember=store.append)
    assert not seen.is_new(item("z"))
    assert seen.is_new(item("x")), "out of the window of two"
    assert not seen.is_new(item("x"))
    assert store == ["x"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"what": "gossip"}, "nothing is called"),
        ({"what": "articles", "where": {"sauce": "gazette"}}, "no 'sauce'"),
        ({"what": "articles", "commit": "manual"}, "group"),
        ({"what": "articles", "group": "newsloom.enrich"}, "the pipeline's own"),
        ({"what": "articles", "since": "tomorrow"}, "cursor"),
        ({"what": "articles", "group": "g", "since": str(Cursor({"news.article.enriched.v1": (1,)}))}, "own place"),
    ],
)
def test_a_call_that_is_off_says_so_at_once(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        subscribe(**options)


async def test_without_a_group_there_is_nothing_to_commit() -> None:
    with pytest.raises(UsageError, match="group"):
        await item("a").commit()
