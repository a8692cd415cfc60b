"""The index of signatures: what is found depends on the rows held alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.state.lsh import BANDS, LshIndex, Row
from streams.text.minhash import BINS, OPENING_BINS, Signature

WIDTH = BINS + OPENING_BINS
DRAW = np.random.default_rng(7)


def unlike() -> Signature:
    return DRAW.integers(0, 2**16, WIDTH, np.uint16)


def like(signature: Signature, equal: int) -> Signature:
    """A signature with `equal` first bins of `signature`."""
    changed = signature.copy()
    changed[equal:] ^= np.uint16(1)
    return changed


def brute(rows: list[Row], first: int, query: Signature, most: int, least: int) -> list[int]:
    """What `nearest` says, by definition."""
    signed = {number: row.signature for number, row in enumerate(rows, first) if row.signature is not None}
    met: set[int] = set()
    for band in BANDS:
        sharing = [number for number, other in signed.items() if (other[band] == query[band]).all()]
        met.update(sharing[-64:])
    ranked = sorted((-int((signed[number] == query).sum()), number) for number in met)
    return [number for matches, number in ranked if -matches >= least][:most]


@pytest.mark.parametrize("equal", [3, 6, 60, 144])
def test_one_equal_band_is_enough(equal: int) -> None:
    index, wanted = LshIndex(), unlike()
    for _ in range(100):
        index.add(Row(0, 0, unlike()))
    number = index.add(Row(0, 0, like(wanted, equal)))
    assert index.nearest(wanted, most=8, least_matches=equal) == [number]
    assert not index.nearest(wanted, most=8, least_matches=equal + 1)


def test_an_equal_pair_of_the_opening_is_enough() -> None:
    index, wanted = LshIndex(), unlike()
    other = unlike()
    other[-2:] = wanted[-2:]
    index.add(Row(0, 0, other))
    assert index.nearest(wanted, most=8, least_matches=2) == [0]


def test_no_equal_band_is_not_enough() -> None:
    index, wanted = LshIndex(), unlike()
    other = wanted.copy()
    other[:BINS:3] ^= np.uint16(1)
    other[BINS::2] ^= np.uint16(1)
    index.add(Row(0, 0, other))
    assert not index.nearest(wanted, most=8, least_matches=0)


def test_the_likest_come_first_and_older_ones_before_newer() -> None:
    index, wanted = LshIndex(first=10), unlike()
    for equal in (30, 60, 30, 90):
        index.add(Row(0, 0, like(wanted, equal)))
    assert index.nearest(wanted, most=3, least_matches=0) == [13, 11, 10]


def test_a_row_without_a_signature_is_found_by_content_only() -> None:
    index = LshIndex()
    index.add(Row(2**64 - 1, 0, None))
    assert index.with_content(2**64 - 1) == 0
    assert index.with_content(5) is None
    assert not index.nearest(np.zeros(WIDTH, np.uint16), most=8, least_matches=0)


def test_the_newest_of_equal_contents_is_found() -> None:
    index = LshIndex()
    for content in (7, 8, 7, 9):
        index.add(Row(content, 0, None))
    assert [index.with_content(content) for content in (7, 8, 9)] == [2, 1, 3]


def test_rows_are_dropped_in_the_order_they_came() -> None:
    index, kept = LshIndex(), unlike()
    assert index.oldest() is None
    index.drop_oldest()
    for at in range(3):
        index.add(Row(at, at * 10, kept))
    assert index.oldest() == (0, 0)
    index.drop_oldest()
    assert (len(index), index.next, index.oldest()) == (2, 3, (1, 10))
    assert index.with_content(0) is None
    assert index.nearest(kept, most=8, least_matches=0) == [1, 2]


def test_a_ring_in_steady_state_does_not_grow() -> None:
    index = LshIndex()
    for number in range(5000):
        index.add(Row(number, 0, unlike()))
        if len(index) > 200:
            index.drop_oldest()
    assert index.nbytes < 400 * 800
    assert [index.with_content(number) is None for number in (4799, 4800)] == [True, False]


@pytest.mark.parametrize("equal", [3, 60, WIDTH])
def test_of_rows_that_share_bands_the_newest_64_are_seen(equal: int) -> None:
    index, hot = LshIndex(), unlike()
    for _ in range(1000):
        index.add(Row(0, 0, np.append(hot[:equal], unlike()[equal:])))
    assert index.nearest(hot, most=1000, least_matches=3) == list(range(936, 1000))


@st.composite
def operations(draw: st.DrawFn) -> list[tuple[str, int]]:
    kinds = st.sampled_from(["add", "add", "add", "drop", "query", "rebuild"])
    return draw(st.lists(st.tuples(kinds, st.integers(0, 40)), max_size=120))


@settings(deadline=None, max_examples=60)
@given(operations(), st.integers(1, 12), st.sampled_from([1, 5, 256]))
def test_any_history_gives_the_answers_of_the_definition(
    steps: list[tuple[str, int]], most: int, capacity: int
) -> None:
    pool = [like(SEEDS[number % 4], number * 3) for number in range(41)]
    index, rows, first = LshIndex(), list[Row](), 0
    index._allocate(capacity)
    for kind, number in steps:
        if kind == "add":
            rows.append(Row(number, number, pool[number] if number % 7 else None))
            assert index.add(rows[-1]) == first + len(rows) - 1
        elif kind == "drop" and rows:
            del rows[0]
            first += 1
            index.drop_oldest()
        elif kind == "rebuild":
            index = LshIndex(first, rows)
        assert (len(index), index.next) == (len(rows), first + len(rows))
        assert index.nearest(pool[number], most=most, least_matches=9) == brute(rows, first, pool[number], most, 9)
        held = [at for at, row in enumerate(rows, first) if row.content == number]
        assert index.with_content(number) == (held[-1] if held else None)


SEEDS = [unlike() for _ in range(4)]
