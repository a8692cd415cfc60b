"""Where the follower reads on, and how it says how far it is."""

import pytest

from streams.readmodel.follow import Standing, start_offsets

RAW, STORY = ("raw", 0), ("story", 0)


@pytest.mark.parametrize(
    ("known", "bounds", "keep", "expected"),
    [
        ({}, {RAW: (0, 10)}, 100, {RAW: 0}),
        ({RAW: 4}, {RAW: (0, 10)}, 100, {RAW: 4}),
        ({RAW: 4}, {RAW: (6, 10)}, 100, {RAW: 6}),  # retention has passed us
        ({}, {RAW: (0, 1000)}, 100, {RAW: 900}),  # no more is kept than that
        ({}, {STORY: (0, 1000)}, 100, {STORY: 0}),  # of a compacted topic all counts
        ({RAW: 10}, {RAW: (0, 10), STORY: (0, 3)}, 100, {RAW: 10, STORY: 0}),  # a topic that is new
        ({RAW: 11}, {RAW: (0, 10)}, 100, None),  # a shorter log is another log
        ({RAW: 1, ("raw", 1): 1}, {RAW: (0, 10)}, 100, None),  # partitions that were there are not
    ],
)
def test_where_to_read_on(
    known: dict[tuple[str, int], int],
    bounds: dict[tuple[str, int], tuple[int, int]],
    keep: int,
    expected: dict[tuple[str, int], int] | None,
) -> None:
    assert start_offsets(known, bounds, keep) == expected


def test_seconds_behind_count_from_when_it_was_level() -> None:
    assert Standing().behind_s(5.0) is None
    assert Standing(lag=3, level_at=2.0).behind_s(5.0) == 3.0
    assert Standing(lag=0, level_at=2.0).behind_s(5.0) == 0.0
