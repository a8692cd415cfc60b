"""When a source is polled next: a table of cases, and what holds for all of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import SourceConfig, SourceState
from streams.feeds.schedule import (
    DAY_S,
    LONGEST_S,
    Failure,
    Hints,
    Policy,
    Success,
    bounds,
    claimed,
    configured,
    failed,
    resumed,
    spread,
    succeeded,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = 3600.0
URL = "https://gazette.example/rss"
CONFIG = SourceConfig(source_id="gazette", url=URL)
POLICY = Policy(floor_s=HOUR, cap_s=DAY_S)


def state(**changes: Any) -> SourceState:
    """A source that has been read before, and was due now."""
    fields = {"source_id": "gazette", "configured_url": URL, "url": URL, "next_at": NOW, "interval_s": 4 * HOUR}
    return SourceState.model_validate(fields | {"succeeded_at": NOW, "started_at": NOW} | changes)


def wait_s(after: SourceState, now: datetime = NOW) -> float:
    """Seconds until the next poll."""
    return (after.next_at - now).total_seconds()


def success(known: int = 5, entries: int = 10, **changes: Any) -> Success:
    return Success(entries=entries, known=known, pushed=entries - known, **changes)


def test_a_new_source_is_due_at_once_and_at_its_floor_from_then_on() -> None:
    fresh = configured(CONFIG, None, POLICY, NOW)
    assert (fresh.next_at, fresh.interval_s) == (NOW, HOUR)


@pytest.mark.parametrize(
    ("known", "steady", "late_s", "interval"),
    [
        (5, 0, 0, 4 * HOUR),  # half of it is new
        (3, 0, 0, 4 * HOUR * 2 / 3),  # most of it is new
        (3, 1, 9 * HOUR, 4 * HOUR * 2 / 3),
        (7, 0, 0, 4 * HOUR),  # little is new, once
        (7, 1, 0, 6 * HOUR),  # and again
        (7, 1, 2 * HOUR, 4 * HOUR),  # but late: more has gone by than the interval stands for
        (10, 1, 0, 6 * HOUR),
    ],
)
def test_the_interval_follows_how_much_of_the_feed_is_new(
    known: int, steady: int, late_s: float, interval: float
) -> None:
    before = state(steady=steady, started_at=NOW + timedelta(seconds=late_s))
    assert succeeded(CONFIG, before, success(known), POLICY, NOW).interval_s == pytest.approx(interval)


def test_the_first_reading_says_nothing_about_how_fast_a_feed_changes() -> None:
    after = succeeded(CONFIG, state(succeeded_at=None), success(0), POLICY, NOW)
    assert after.interval_s == 4 * HOUR


@pytest.mark.parametrize(
    "hints",
    [Hints(ttl_s=9 * HOUR), Hints(max_age_s=9 * HOUR), Hints(expires_at=NOW + timedelta(hours=9))],
)
def test_what_feed_and_server_ask_for_lengthens_the_wait(hints: Hints) -> None:
    after = succeeded(CONFIG, state(), success(hints=hints), POLICY, NOW)
    assert 9 * HOUR <= wait_s(after) <= 10 * HOUR
    assert after.interval_s == 4 * HOUR


def test_a_feed_is_left_alone_in_the_hours_it_names_and_asked_once_they_are_over() -> None:
    plain = succeeded(CONFIG, state(), success(), POLICY, NOW).next_at
    quiet = frozenset((plain.hour + hours) % 24 for hours in range(3))
    after = succeeded(CONFIG, state(), success(hints=Hints(skip_hours=quiet)), POLICY, NOW)
    assert after.next_at == plain + timedelta(hours=3)


def test_a_feed_is_left_alone_on_the_days_it_names_but_no_longer_than_the_cap() -> None:
    plain = succeeded(CONFIG, state(), success(), POLICY, NOW).next_at
    hints = Hints(skip_days=frozenset({plain.weekday(), (plain.weekday() + 1) % 7}))
    patient = replace(POLICY, cap_s=7 * DAY_S)
    after = succeeded(CONFIG, state(), success(hints=hints), patient, NOW)
    assert after.next_at.weekday() == (plain.weekday() + 2) % 7
    assert timedelta(0) <= after.next_at - after.next_at.replace(hour=0, minute=0) < timedelta(hours=1)
    assert wait_s(succeeded(CONFIG, state(), success(hints=hints), POLICY, NOW)) == DAY_S


def test_a_feed_that_names_every_hour_and_day_is_polled_all_the_same() -> None:
    hints = Hints(skip_hours=frozenset(range(24)), skip_days=frozenset(range(7)))
    assert wait_s(succeeded(CONFIG, state(), success(hints=hints), POLICY, NOW)) == DAY_S


def test_a_large_feed_without_validators_is_asked_for_once_a_day() -> None:
    assert wait_s(succeeded(CONFIG, state(), success(size=600_000), POLICY, NOW)) == DAY_S
    assert wait_s(succeeded(CONFIG, state(), success(size=600_000, etag='"1"'), POLICY, NOW)) < 5 * HOUR


def test_validators_are_those_of_a_body_that_was_read() -> None:
    read = succeeded(CONFIG, state(), success(etag='W/"1"', last_modified="x", body_hash="aa"), POLICY, NOW)
    assert (read.etag, read.last_modified, read.body_hash) == ('W/"1"', "x", "aa")
    for after in (
        failed(CONFIG, read, Failure("malformed"), POLICY, NOW),
        succeeded(CONFIG, read, Success(not_modified=True, etag='"2"'), POLICY, NOW),
    ):
        assert (after.etag, after.last_modified, after.body_hash) == ('W/"1"', "x", "aa")


def test_a_304_does_not_turn_a_failed_source_green() -> None:
    red = failed(CONFIG, state(), Failure("malformed"), POLICY, NOW)
    after = succeeded(CONFIG, red, Success(not_modified=True), POLICY, NOW)
    assert (after.failure_score, after.outcome, after.detail) == (0.5, "failed", "malformed")
    assert succeeded(CONFIG, after, success(), POLICY, NOW).failure_score == 0


@pytest.mark.parametrize(
    ("reason", "weight"),
    [("refused_address", 1), ("http_error", 1), ("not_found", 0.5), ("malformed", 0.5), ("timeout", 0.25)],
)
def test_failures_add_up_and_the_wait_grows_with_them(reason: str, weight: float) -> None:
    after = state()
    for number in range(1, 5):
        after = failed(CONFIG, after, Failure(reason), POLICY, NOW)
        assert after.failure_score == weight * number
        assert wait_s(after) == pytest.approx(4 * HOUR * (1 + weight * number), rel=0.11)


def test_the_wait_after_failures_ends_at_thirty_days() -> None:
    assert wait_s(failed(CONFIG, state(failure_score=1e5), Failure("dns"), POLICY, NOW)) == LONGEST_S


@pytest.mark.parametrize(("asked", "held"), [(90, 90), (7 * HOUR, 7 * HOUR), (40 * DAY_S, DAY_S), (-5, 0)])
def test_retry_after_is_kept_to_up_to_a_day(asked: float, held: float) -> None:
    after = failed(CONFIG, state(), Failure("throttled", retry_after_s=asked), POLICY, NOW)
    assert after.hold_until == NOW + timedelta(seconds=held)
    assert wait_s(after) >= held
    assert after.failure_score == 0.5


def test_a_source_that_is_gone_is_asked_again_after_a_month_and_may_come_back() -> None:
    gone = failed(CONFIG, state(), Failure("gone"), POLICY, NOW)
    assert (gone.outcome, gone.gone_since, wait_s(gone)) == ("gone", NOW, LONGEST_S)
    again = failed(CONFIG, gone, Failure("gone"), POLICY, NOW + timedelta(days=30))
    assert again.gone_since == NOW
    assert succeeded(CONFIG, again, success(), POLICY, NOW).gone_since is None


def test_a_permanent_redirect_is_believed_the_third_time_and_after_a_day() -> None:
    target = "https://gazette.example/feed"
    after, now = state(), NOW
    for hours, believed in ((0, False), (8, False), (16, False), (24, True)):
        now = NOW + timedelta(hours=hours)
        after = succeeded(CONFIG, after, success(permanent_url=target), POLICY, now)
        assert (after.url == target) is believed
    assert (after.former_urls, after.redirected, after.configured_url) == ((URL,), None, URL)


def test_three_redirects_in_a_hurry_are_not_believed_nor_are_unequal_ones() -> None:
    after = state()
    for _ in range(9):
        after = succeeded(CONFIG, after, success(permanent_url="https://a.example/"), POLICY, NOW)
    assert after.url == URL
    for day, target in enumerate(("https://a.example/", "https://b.example/", "https://a.example/", None)):
        after = succeeded(CONFIG, after, success(permanent_url=target), POLICY, NOW + timedelta(days=day))
    assert (after.url, after.redirected) == (URL, None)


def test_a_new_address_in_the_catalogue_starts_anew_and_forgets_no_entry() -> None:
    before = state(etag='"1"', failure_score=3, gone_since=NOW, seen=[{"entry": "1", "content": "aa"}])
    moved = CONFIG.model_copy(update={"url": "https://new.example/"})
    after = configured(moved, before, POLICY, NOW)
    assert (after.url, after.etag, after.failure_score, after.gone_since) == (moved.url, None, 0, None)
    assert after.seen == before.seen


def test_a_poll_that_a_kill_cut_off_counts_as_made() -> None:
    cut = claimed(state(started_at=None), NOW)
    after = resumed(CONFIG, cut, POLICY, NOW + timedelta(minutes=5))
    assert (after.started_at, after.polled_at) == (None, NOW + timedelta(minutes=5))
    assert wait_s(after, NOW + timedelta(minutes=5)) >= HOUR
    assert resumed(CONFIG, after, POLICY, NOW) == after


def test_a_floor_of_its_own_wins_over_the_pollers_and_lifts_the_cap() -> None:
    assert bounds(CONFIG.model_copy(update={"floor_s": 60.0}), POLICY) == (60, DAY_S)
    assert bounds(CONFIG.model_copy(update={"floor_s": 2.0 * DAY_S}), POLICY) == (2 * DAY_S, 2 * DAY_S)


def test_the_spread_is_even_and_the_same_each_time() -> None:
    found = [spread(f"source-{number}", NOW) for number in range(1000)]
    assert found == [spread(f"source-{number}", NOW) for number in range(1000)]
    assert 0.45 < sum(found) / 1000 < 0.55
    assert 0 <= min(found) < 0.01
    assert 0.99 < max(found) < 1


seconds = st.floats(0, 400 * DAY_S)
configs = st.builds(
    lambda floor, cap: CONFIG.model_copy(update={"floor_s": floor, "cap_s": cap}),
    st.none() | st.floats(60, DAY_S),
    st.none() | st.floats(60, 20 * DAY_S),
)
states = st.builds(
    lambda interval, score, steady, started: state(
        interval_s=interval, failure_score=score, steady=steady, started_at=NOW + timedelta(seconds=started)
    ),
    seconds,
    st.floats(0, 1000),
    st.integers(0, 5),
    st.floats(-100, 100_000),
)
hints = st.builds(
    Hints,
    st.none() | seconds,
    st.none() | seconds,
    st.none() | st.just(NOW + timedelta(days=3)),
    st.frozensets(st.integers(0, 23)),
    st.frozensets(st.integers(0, 6)),
)
reasons = st.sampled_from(["dns", "timeout", "http_error", "not_found", "throttled", "malformed", "gone", "unheard of"])


@given(configs, states, st.integers(0, 50), st.integers(0, 50), hints, st.sampled_from([200, 304]))
def test_after_a_success_the_wait_is_within_floor_and_cap(
    config: SourceConfig, before: SourceState, known: int, fresh: int, hint: Hints, status: int
) -> None:
    outcome = success(known, known + fresh, hints=hint, not_modified=status == 304, size=10**6)
    after = succeeded(config, before, outcome, POLICY, NOW)
    floor, cap = bounds(config, POLICY)
    assert floor <= after.interval_s <= cap
    assert floor - 1e-3 <= wait_s(after) <= cap + 1e-3
    assert wait_s(after) >= min(cap, hint.longest_s(NOW)) - 1e-3
    assert SourceState.model_validate(after.model_dump()) == after


@given(configs, states, reasons, st.none() | st.floats(-1e6, 1e9))
def test_after_a_failure_the_wait_is_from_the_floor_to_thirty_days_and_never_before_retry_after(
    config: SourceConfig, before: SourceState, reason: str, retry: float | None
) -> None:
    after = failed(config, before, Failure(reason, "x" * 1000, retry), POLICY, NOW)
    floor, _ = bounds(config, POLICY)
    assert floor - 1e-3 <= wait_s(after) <= max(LONGEST_S, floor) + 1e-3
    assert wait_s(after) >= min(max(retry or 0, 0), DAY_S) - 1e-3
    assert after.failure_score > before.failure_score
    assert after.seen == before.seen
    assert SourceState.model_validate(after.model_dump()) == after
