"""Stated dates: value, zone and precision, and no guess."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.dates import DATE_PATTERN, parse_date


@pytest.mark.parametrize(
    ("text", "iso", "precision"),
    [
        ("2024-02-20", "2024-02-20T00:00:00+00:00", "day"),
        ("2024-02-20T10:30:00Z", "2024-02-20T10:30:00+00:00", "second"),
        ("2024-02-20T10:30:00.123+05:30", "2024-02-20T10:30:00+05:30", "second"),
        ("2024-02-20T10:30+0100", "2024-02-20T10:30:00+01:00", "minute"),
        ("Tue, 20 Feb 2024 10:30:00 GMT", "2024-02-20T10:30:00+00:00", "second"),
        ("February 20, 2024 at 4:05 p.m. EST", "2024-02-20T16:05:00-05:00", "minute"),
        ("12:00 midnight", None, None),
        ("Feb. 20, 2024, 12:10 AM UTC", "2024-02-20T00:10:00+00:00", "minute"),
        ("20. März 2024, 14:30 Uhr MEZ", "2024-03-20T14:30:00+01:00", "minute"),
        ("4 de julio de 2023", "2023-07-04T00:00:00+00:00", "day"),
        ("20240220", "2024-02-20T00:00:00+00:00", "day"),
        ("25/12/2023", "2023-12-25T00:00:00+00:00", "day"),
        ("12/25/2023", "2023-12-25T00:00:00+00:00", "day"),
        ("05/05/2023", "2023-05-05T00:00:00+00:00", "day"),
        ("February 2024", "2024-02-01T00:00:00+00:00", "month"),
        ("2024-02", "2024-02-01T00:00:00+00:00", "month"),
        ("2024", "2024-01-01T00:00:00+00:00", "year"),
    ],
)
def test_reads_what_was_stated(text: str, iso: str | None, precision: str | None) -> None:
    found = parse_date(text)
    assert (found.value.isoformat() if found else None, found.precision if found else None) == (iso, precision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "03/04/2024",
        "31 February 2024",
        "2024-13-01",
        "1066",
        "99999999",
        "2024-02-20 or 2024-02-21",
        "1708387200",
    ],
)
def test_takes_no_date_from_what_states_none_or_two(text: str) -> None:
    assert parse_date(text) is None


def test_a_time_without_a_zone_counts_for_its_day_only() -> None:
    for text in ("2024-02-20 23:59:00", "20 Feb 2024 23:59 IST"):
        found = parse_date(text)
        assert found is not None
        assert (found.value, found.precision) == (datetime(2024, 2, 20, tzinfo=UTC), "day")


@given(st.integers(-11_000_000_000, 7_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_iso_instants_come_back_with_their_offset(seconds: int, minutes: int) -> None:
    stated = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    found = parse_date(stated.isoformat())
    assert found is not None
    assert found.value == stated
    assert found.value.utcoffset() == timedelta(minutes=minutes)
    assert found.precision == "second"


@given(st.text(max_size=200))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = parse_date(text)
    assert found is None or found.value.tzinfo is not None


def test_the_pattern_has_no_groups_and_finds_dates_in_running_text() -> None:
    pattern = re.compile(DATE_PATTERN, re.IGNORECASE)
    assert pattern.groups == 0
    found = pattern.search("The council met on 3 March 2024 and adjourned.")
    assert found is not None
    assert found[0] == "3 March 2024"
