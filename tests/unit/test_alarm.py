"""A stage that parks too much stops; a few bad records, or bad ones long ago, are no alarm; the alarm outlives it."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from streams.alarms import StageAlarm, raise_alarm, release, standing
from streams.edge.alarm import DeadWatch
from streams.settings import Settings

BATCHES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40)
ALARM = StageAlarm(stage="normalize", at="2026-03-01T12:00:00+00:00", dead=60, of=100, reasons={"deadline": 60})


def looks(watch: DeadWatch, batches: list[tuple[int, int]]) -> list[bool]:
    """What the watch says after each batch of so many good and so many dead."""
    labels: Counter[str] = Counter()
    answers = []
    for good, dead in batches:
        labels["ok"] += good
        labels["dead:deadline"] += dead
        answers.append(watch.look(labels))
    return answers


def test_more_than_the_ratio_trips_and_the_ratio_itself_does_not() -> None:
    assert looks(DeadWatch(ratio=0.5, window=100), [(50, 50), (0, 1)]) == [False, True]


def test_a_few_bad_records_at_the_start_are_no_alarm() -> None:
    assert looks(DeadWatch(ratio=0.5, window=100), [(0, 9), (0, 1)]) == [False, True]


def test_what_has_left_the_window_counts_no_more() -> None:
    assert looks(DeadWatch(ratio=0.5, window=100), [(60, 45), (100, 0), (0, 100)]) == [False, False, True]
    assert not any(looks(DeadWatch(ratio=0.5, window=100), [(60, 45), *[(10, 9)] * 50]))


def test_a_ratio_of_one_never_trips() -> None:
    assert not any(looks(DeadWatch(ratio=1, window=10), [(0, 100)] * 5))


@given(BATCHES, st.integers(10, 60), st.sampled_from([0.1, 0.5, 0.9]))
def test_it_trips_exactly_when_the_last_records_say_so(
    batches: list[tuple[int, int]], window: int, ratio: float
) -> None:
    answers = looks(DeadWatch(ratio=ratio, window=window), batches)
    for number, answer in enumerate(answers):
        size = dead = 0
        for good, bad in reversed(batches[: number + 1]):
            if size >= window:
                break
            size, dead = size + good + bad, dead + bad
        assert answer == (dead >= max(1, window // 10) and dead > ratio * size)


def test_reasons_are_named_the_most_frequent_first() -> None:
    watch = DeadWatch(ratio=0.5, window=100)
    watch.look({"ok": 5, "dead:bad_json": 3, "dead:deadline": 7, "drop:repushed": 2})
    assert list(watch.reasons.items()) == [("deadline", 7), ("bad_json", 3)]
    assert watch.size == 17


def test_an_alarm_stands_until_it_is_released_in_its_lane_alone(tmp_path: Path) -> None:
    live, lane = Settings(state_dir=tmp_path), Settings(state_dir=tmp_path, lane="v2")
    raise_alarm(live, ALARM)
    assert (standing(live), standing(lane)) == ({"normalize": ALARM}, {})
    raise_alarm(lane, ALARM)
    release(live, "normalize")
    assert (standing(live), standing(lane)) == ({}, {"normalize": ALARM})
    release(live, "normalize")


def test_a_damaged_alarm_is_an_alarm(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    raise_alarm(settings, ALARM)
    (tmp_path / "alarms" / "normalize.json").write_text("{")
    assert list(standing(settings)) == ["normalize"]
