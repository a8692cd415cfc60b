"""What a replay is to do, as a value: bounds, ids, progress, what its copies bear."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ReplayJob, ReplayRange, ReplaySelection
from streams.codec import Record, origin_of
from streams.edge.reader import partition_for
from streams.errors import UsageError
from streams.replay.bounds import Bound, ranges_between
from streams.replay.copier import lane_partition
from streams.replay.job import SILENT, Plan, begun, code, config, left, moved, standing, total
from streams.replay.landed import Landed, stamped
from streams.replay.plan import Order, _check_topic
from streams.state.protocols import Origin
from streams.topics import CANDIDATE, ENRICHED, RAW, STORY_STATE

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARKS = ((0, 10), (4, 20), (7, 7))


def spans(begin: Bound, end: Bound, **at: tuple[int | None, ...]) -> list[tuple[int, int]]:
    return [(each.start, each.end) for each in ranges_between(MARKS, begin, end, **at)]


def plan(**changes: object) -> Plan:
    fields = {
        "lane": "",
        "topic": RAW.name,
        "into": "v2",
        "selection": ReplaySelection(),
        "ranges": ranges_between(MARKS, "earliest", "now"),
    }
    return Plan(**(fields | changes))  # type: ignore[arg-type]


def job(**changes: object) -> ReplayJob:
    return begun(plan(**changes), (0,), host="loom", now=NOW)


def test_everything_is_from_the_log_start_to_the_high_water_mark() -> None:
    assert spans("earliest", "now") == [(0, 10), (4, 20), (7, 7)]


def test_offsets_are_kept_within_the_log_and_the_end_is_exclusive() -> None:
    assert spans(5, 9) == [(5, 9), (5, 9), (7, 7)]
    assert spans(-3, "now") == [(7, 10), (17, 20), (7, 7)]
    assert spans("earliest", -3) == [(0, 7), (4, 17), (7, 7)]
    assert spans(100, "now") == [(10, 10), (20, 20), (7, 7)]
    assert spans(6, -8) == [(6, 6), (6, 12), (7, 7)]


def test_an_instant_is_the_first_offset_appended_then_or_later() -> None:
    later = NOW + timedelta(hours=1)
    assert spans(NOW, later, begin_at=(3, None, None), end_at=(8, None, None)) == [(3, 8), (20, 20), (7, 7)]


@pytest.mark.parametrize(("begin", "end"), [(9, 3), (-2, -5), (NOW, NOW - timedelta(days=1))])
def test_an_end_before_its_beginning_is_refused(begin: Bound, end: Bound) -> None:
    with pytest.raises(UsageError, match="nothing lies between"):
        ranges_between(MARKS, begin, end)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda each: (each[0], sum(each))), max_size=5),
    st.integers(-60, 120) | st.just("earliest"),
    st.integers(-60, 120) | st.just("now"),
)
def test_ranges_lie_within_the_log(marks: list[tuple[int, int]], begin: Bound, end: Bound) -> None:
    try:
        found = ranges_between(marks, begin, end)
    except UsageError:
        return
    for each, (low, high) in zip(found, marks, strict=True):
        assert low <= each.start <= each.end <= high
        assert each.position == each.start


def test_the_same_order_is_the_same_job_and_any_other_is_another() -> None:
    same = plan().job_id
    assert plan().job_id == same
    others = [
        plan(into="v3"),
        plan(lane="v1"),
        plan(topic=CANDIDATE.name),
        plan(selection=ReplaySelection(sources=("gazette",))),
        plan(ranges=ranges_between(MARKS, 1, "now")),
    ]
    assert len({same, *(each.job_id for each in others)}) == 6


def test_progress_moves_positions_alone() -> None:
    before = job()
    after = moved(before, {1: 12}, NOW + timedelta(seconds=5), copied=3)
    assert [each.position for each in after.ranges] == [0, 12, 7]
    assert [(each.start, each.end) for each in after.ranges] == [(each.start, each.end) for each in before.ranges]
    assert (total(after), left(after), after.copied) == (26, 18, 3)
    assert after.job_id == before.job_id


def test_a_running_job_that_is_silent_is_interrupted() -> None:
    assert standing(job(), NOW + SILENT) == "running"
    assert standing(job(), NOW + SILENT + timedelta(seconds=1)) == "interrupted"
    done = moved(job(), {}, NOW, state="done")
    assert standing(done, NOW + timedelta(days=9)) == "done"


def test_a_job_says_what_its_lane_was_made_with() -> None:
    made = job()
    assert made.code == code()
    assert made.config == config()
    assert "+" in made.code


def copy_of(*headers: tuple[str, bytes], raw: bool = True) -> dict[str, bytes]:
    return dict(stamped(Record("t", 2, 7, b"k", b"{}", headers), "rpl_1", raw=raw))


def test_a_copy_bears_its_job_and_its_place_and_all_it_had() -> None:
    found = copy_of(("ce_id", b"1"), ("x", b"\xff"), raw=False)
    assert found == {"ce_id": b"1", "x": b"\xff", "ce_replay": b"rpl_1", "ce_replayplace": b"2-7"}


def test_a_raw_copy_is_the_same_push_to_every_stage() -> None:
    found = copy_of(("ce_id", b"1"))
    assert found["ce_origin"] == b"2-7"
    assert origin_of(Record("t", 0, 99, b"k", b"{}", tuple(found.items()))) == Origin(2, 7)
    assert copy_of(("ce_origin", b"5-6"))["ce_origin"] == b"5-6"


def test_a_copy_of_a_copy_is_of_the_later_job_alone() -> None:
    headers = stamped(
        Record("t", 2, 7, b"k", b"{}", (("ce_replay", b"rpl_0"), ("ce_replayplace", b"0-0"))), "rpl_1", raw=False
    )
    assert headers == (("ce_replay", b"rpl_1"), ("ce_replayplace", b"2-7"))


def test_what_has_landed_is_known_by_its_place() -> None:
    found = Landed()
    found.see(Record("t", 0, 0, None, None, stamped(Record("s", 3, 4, None, None), "rpl_1", raw=False)), "rpl_1")
    found.see(Record("t", 0, 1, None, None, stamped(Record("s", 3, 5, None, None), "rpl_2", raw=False)), "rpl_1")
    found.see(Record("t", 0, 2, None, None, (("ce_replay", b"rpl_1"), ("ce_replayplace", b"nowhere"))), "rpl_1")
    assert found.places == {Origin(3, 4)}


def test_tails_are_noted_only_when_all_that_has_landed_is_behind_the_positions() -> None:
    found = Landed(places={Origin(0, 3), Origin(1, 9)}, tails={0: 40})
    assert found.tails_behind(moved(job(), {0: 4, 1: 9}, NOW)) == (0,)
    assert found.places == {Origin(1, 9)}
    assert found.tails_behind(moved(job(), {0: 4, 1: 10}, NOW)) == (40,)
    assert found.places == set()


def test_a_copy_goes_where_its_key_goes() -> None:
    at = Record("t", 2, 0, b"doc_1", None)
    assert lane_partition(at, 3, 3) == 2
    assert lane_partition(at, 3, 1) == 0
    assert lane_partition(at, 3, 8) == partition_for(b"doc_1", 8)
    assert lane_partition(Record("t", 5, 0, None, None), 6, 4) == 1


def test_a_topic_that_no_stage_reads_is_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"enrich makes it of news\.article\.unique\.v1: replay that"):
        _check_topic(ENRICHED)
    with pytest.raises(UsageError, match=r"cluster makes it of news\.story\.candidate\.v1"):
        _check_topic(STORY_STATE)
    for topic in (RAW, CANDIDATE):
        _check_topic(topic)


def test_an_order_is_for_everything_unless_it_says_otherwise() -> None:
    order = Order(RAW, "v2")
    assert (order.begin, order.end, order.selection) == ("earliest", "now", ReplaySelection())


def test_a_range_knows_no_negative_offset() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        ReplayRange(partition=0, start=-1, end=0, position=0)
