"""The head of a wire story."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.datelines import agency_in, split_dateline


@pytest.mark.parametrize(
    ("paragraph", "place", "date", "agency"),
    [
        ("SEOUL, Feb 20 (Reuters) - The minister said so.", "SEOUL", "Feb 20", "Reuters"),
        ("WASHINGTON (AP) — The minister said so.", "WASHINGTON", None, "AP"),
        ("New Delhi, March 3 (PTI): The minister said so.", "New Delhi", "March 3", "PTI"),
        ("PARIS, France — The minister said so.", "PARIS, France", None, None),
        ("TARNMOUTH: The minister said so.", "TARNMOUTH", None, None),
        ("MOSCOW, 3 March. (TASS) - The minister said so.", "MOSCOW", "3 March.", "TASS"),
    ],
)
def test_splits(paragraph: str, place: str, date: str | None, agency: str | None) -> None:
    found = split_dateline(paragraph)
    assert found is not None
    dateline, rest = found
    assert (dateline.place, dateline.date, dateline.agency, rest) == (place, date, agency, "The minister said so.")
    assert paragraph == f"{dateline.text} {rest}"


@pytest.mark.parametrize(
    "paragraph",
    [
        "BREAKING: The minister said so.",
        "The minister (left) said so.",
        "Jane Doe (Green Party) - who won - said so.",
        "SEOUL, Feb 20 (Reuters) -",
        "",
    ],
)
def test_leaves_other_paragraphs_alone(paragraph: str) -> None:
    assert split_dateline(paragraph) is None


def test_agencies_have_one_name() -> None:
    assert agency_in("The Associated Press") == agency_in("AP") == "AP"
    assert agency_in("Gazette") is None


@given(st.text(max_size=300))
def test_nothing_is_lost(paragraph: str) -> None:
    found = split_dateline(paragraph)
    if found is not None:
        assert (found[0].text + found[1]).split() == paragraph.split() or paragraph.endswith(found[1])
