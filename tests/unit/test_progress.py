"""What a group member may commit: nothing that its reader is not done with."""

from hypothesis import given
from hypothesis import strategies as st

from streams.sdk.progress import Progress

P, Q = ("articles", 0), ("articles", 1)


def begun() -> Progress:
    progress = Progress()
    progress.assigned({P: 10, Q: 0}, committed=[P])
    return progress


def test_a_fresh_partition_is_committed_where_it_begins() -> None:
    progress = begun()
    assert progress.due() == {Q: 0}
    progress.committed({Q: 0}, progress.epoch)
    assert progress.due() == {}


def test_a_delivered_record_holds_its_partition_until_it_is_done() -> None:
    progress = begun()
    progress.committed(progress.due(), progress.epoch)
    progress.delivered(P, 10)
    progress.passed(P, 11)
    assert progress.due() == {}
    assert progress.done(P, 10, progress.epoch)
    assert progress.due() == {P: 12}


def test_unwanted_records_are_committed_when_nothing_is_open() -> None:
    progress = begun()
    progress.passed(P, 10)
    assert progress.due()[P] == 11


def test_a_commit_covers_what_came_before_and_not_what_came_after() -> None:
    progress = begun()
    for offset in (10, 11, 12):
        progress.delivered(P, offset)
    assert progress.done(P, 11, progress.epoch)
    assert progress.due()[P] == 12
    assert progress.done(P, 10, progress.epoch)
    assert progress.due()[P] == 12, "an earlier commit takes nothing back"


def test_what_was_delivered_before_a_rebalance_is_void() -> None:
    progress = begun()
    progress.delivered(P, 10)
    before = progress.epoch
    progress.revoked()
    assert not progress.done(P, 10, before)
    assert progress.due() == {}
    assert not progress.wants(P, 10)
    progress.assigned({P: 10}, committed=[P])
    assert not progress.done(P, 10, before)
    assert progress.due() == {}
    progress.committed({P: 99}, before)
    progress.delivered(P, 10)
    assert progress.done(P, 10, progress.epoch)
    assert progress.due() == {P: 11}


def test_records_fetched_before_the_seek_are_not_wanted() -> None:
    progress = begun()
    assert not progress.wants(P, 9)
    assert progress.wants(P, 10)
    assert progress.wants(P, 15), "compaction leaves holes"


@given(st.lists(st.sampled_from(["deliver", "pass", "done"]), max_size=40))
def test_no_commit_is_ever_beyond_the_first_record_not_done(steps: list[str]) -> None:
    progress = Progress()
    progress.assigned({P: 0}, committed=[P])
    at = 0
    pending: list[int] = []
    for step in steps:
        if step == "done" and pending:
            progress.done(P, pending.pop(0), progress.epoch)
        elif step == "deliver":
            progress.delivered(P, at)
            pending.append(at)
            at += 1
        elif step == "pass":
            progress.passed(P, at)
            at += 1
        assert progress.due().get(P, 0) <= (pending[0] if pending else at)
    while pending:
        progress.done(P, pending.pop(0), progress.epoch)
    assert progress.due().get(P, 0) == at
