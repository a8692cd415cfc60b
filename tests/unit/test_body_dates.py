from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.body_dates import date_layer


def read(text: str, published: date | None = None) -> list[tuple[str, str, str]]:
    return [(found.text, found.value, found.precision) for found in date_layer(text, published).dates]


@pytest.mark.parametrize(
    ("text", "surface", "value", "precision"),
    [
        ("on February 18, as stated", "February 18", "--02-18", "day"),
        ("on Feb. 18, KCNA said", "Feb. 18", "--02-18", "day"),
        ("by 3rd of May 2021 it", "3rd of May 2021", "2021-05-03", "day"),
        ("on Sept. 5, 2019 he", "Sept. 5, 2019", "2019-09-05", "day"),
        ("dated 2024-02-20.", "2024-02-20", "2024-02-20", "day"),
        ("since March 2022 prices", "March 2022", "2022-03", "month"),
        ("Founded in 1998, it", "1998", "1998", "year"),
        ("born 29 February", "29 February", "--02-29", "day"),
    ],
)
def test_what_is_stated(text: str, surface: str, value: str, precision: str) -> None:
    assert read(text) == [(surface, value, precision)]


@pytest.mark.parametrize(
    "text",
    [
        "she may 5 times",
        "June Carter",
        "May we",
        "in 20245",
        "2024-13-40",
        "30 February 2021",
        "Feb. 18:30",
        "March 3.5",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("published", "text", "value"),
    [
        (date(2024, 2, 20), "February 18", "2024-02-18"),
        (date(2024, 1, 3), "December 30", "2023-12-30"),
        (date(2023, 12, 30), "January 3", "2024-01-03"),
        (date(2024, 2, 20), "February 18, 2019", "2019-02-18"),
    ],
)
def test_a_missing_year_is_the_one_nearest_to_publication(published: date, text: str, value: str) -> None:
    assert [found for _, found, _ in read(text, published)] == [value]


def test_a_leap_day_far_from_any_leap_year_is_no_date() -> None:
    assert read("February 29", date(2022, 6, 1)) == []


@given(st.text(alphabet="0123456789 ,.-:stndrhJanFebMyuayof\n"), st.none() | st.dates())
def test_offsets_match_and_nothing_raises(text: str, published: date | None) -> None:
    layer = date_layer(text, published)
    assert all(text[found.start : found.end] == found.text for found in layer.dates)
    assert layer == date_layer(text, published)
