"""What may be committed: nothing before an open record, whatever the order of the acks."""

from hypothesis import given
from hypothesis import strategies as st

from streams.edge.frontier import Frontier

# Delivered offsets ascend, with gaps where compaction and transactions leave them.
OFFSETS = st.lists(st.integers(0, 1000), unique=True, min_size=1, max_size=30).map(sorted)


def expected(delivered: list[int], acked: set[int]) -> int | None:
    prefix = []
    for offset in delivered:
        if offset not in acked:
            break
        prefix.append(offset)
    return prefix[-1] + 1 if prefix else None


@given(st.data())
def test_it_is_the_end_of_the_acked_prefix(data: st.DataObject) -> None:
    offsets = data.draw(OFFSETS)
    frontier = Frontier()
    for offset in offsets:
        frontier.delivered(offset)
    acked: set[int] = set()
    for offset in data.draw(st.permutations(offsets)):
        frontier.acked(offset)
        acked.add(offset)
        assert frontier.committable() == expected(offsets, acked)
    assert frontier.committable() == offsets[-1] + 1


@given(st.data())
def test_a_commit_forgets_the_prefix_and_nothing_else(data: st.DataObject) -> None:
    offsets = data.draw(OFFSETS)
    acked = data.draw(st.sets(st.sampled_from(offsets)))
    frontier = Frontier()
    for offset in offsets:
        frontier.delivered(offset)
    for offset in acked:
        frontier.acked(offset)
    end = frontier.committable()
    if end is not None:
        frontier.committed(end)
        left = [offset for offset in offsets if offset >= end]
        assert frontier.committable() == expected(left, acked)
        for offset in left:
            frontier.acked(offset)
        assert frontier.committable() == (left[-1] + 1 if left else None)


def test_a_failed_commit_is_tried_again() -> None:
    frontier = Frontier()
    frontier.delivered(7)
    frontier.acked(7)
    assert (frontier.committable(), frontier.committable()) == (8, 8)


def test_a_fresh_group_that_starts_late_commits_what_it_was_given() -> None:
    frontier = Frontier()
    frontier.delivered(500)
    assert frontier.committable() is None
    frontier.acked(500)
    assert frontier.committable() == 501


def test_an_ack_of_what_was_never_delivered_moves_nothing() -> None:
    frontier = Frontier()
    frontier.acked(3)
    frontier.delivered(2)
    assert frontier.committable() is None
