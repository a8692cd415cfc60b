"""Cursors: what is written is read, whatever else is given is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import UsageError
from streams.sdk.cursor import MAX_CURSOR, Cursor
from streams.topology import TOPOLOGY, topics

NAMES = [topic.name for topic in topics()] + [stage.reads.dead_letters for stage in TOPOLOGY]
PLACES = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=40).map(tuple), min_size=1
)


@given(PLACES)
def test_what_is_written_is_read(places: dict[str, tuple[int, ...]]) -> None:
    text = str(Cursor(places))
    assert Cursor.parse(text, NAMES).places == places
    assert text.replace("-", "").replace("_", "").isalnum()


@given(PLACES, st.data())
def test_one_changed_character_is_noticed(places: dict[str, tuple[int, ...]], data: st.DataObject) -> None:
    text = str(Cursor(places))
    at = data.draw(st.integers(0, len(text) - 2))  # the last one has bits that say nothing
    other = "A" if text[at] != "A" else "B"
    with pytest.raises(UsageError):
        Cursor.parse(text[:at] + other + text[at + 1 :], NAMES)


@given(st.text(max_size=200))
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Cursor.parse(text, NAMES)


def test_the_order_in_which_places_became_known_leaves_no_trace() -> None:
    one, other = {"a": (1, 2), "b": (3,)}, {"b": (3,), "a": (1, 2)}
    assert str(Cursor(one)) == str(Cursor(other))


def test_a_cursor_of_other_topics_is_refused_and_one_of_more_is_cut_to_ours() -> None:
    text = str(Cursor({"a": (1,), "b": (2,)}))
    assert Cursor.parse(text, ["b", "c"]).places == {"b": (2,)}
    with pytest.raises(UsageError, match="lane"):
        Cursor.parse(text, ["lane.a", "lane.b"])


def test_a_long_text_is_refused_before_it_is_read() -> None:
    with pytest.raises(UsageError):
        Cursor.parse("A" * (MAX_CURSOR + 1), NAMES)


def test_ten_topics_of_two_hundred_partitions_fit() -> None:
    places = {f"topic-{number}": (10**9,) * 200 for number in range(10)}
    text = str(Cursor(places))
    assert len(text) <= MAX_CURSOR
    assert Cursor.parse(text, places).places == places


@pytest.mark.parametrize("body", [b"\x01abcd\x05\x01", b"\x01abcd\x01" + b"\xff" * 12, b"\x01abcd\xff\xff\xff\x7f"])
def test_a_cursor_forged_with_a_true_check_gives_a_clear_error(body: bytes) -> None:
    import zlib  # noqa: PLC0415 - for the forger only

    forged = base64.urlsafe_b64encode(body + zlib.crc32(body).to_bytes(4, "big")).decode().rstrip("=")
    with pytest.raises(UsageError, match="cursor"):
        Cursor.parse(forged, NAMES)
