from hypothesis import given
from hypothesis import strategies as st

from streams.state.due_queue import Due, DueQueue

entries = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.text()))


@given(entries)
def test_comes_out_in_the_order_of_time_and_id_whatever_order_it_went_in(pairs: list[tuple[int, str]]) -> None:
    queue = DueQueue()
    for at, item in pairs:
        queue.push(at, item)
    found = []
    while (head := queue.head()) is not None:
        found.append(head)
        queue.pop()
    assert found == sorted((Due(*pair) for pair in pairs), key=lambda due: (due.at, due.id.encode()))


def test_has_no_head_when_empty() -> None:
    assert DueQueue().head() is None
