"""Headlines without the outlet's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.titles import clean_title, comparable


@pytest.mark.parametrize(
    ("title", "outlets", "expected"),
    [
        ("Harbour bridge reopens after repairs | The Tarnmouth Gazette", (), "Harbour bridge reopens after repairs"),
        ("Harbour bridge reopens - Gazette", ("Gazette",), "Harbour bridge reopens"),
        ("Harbour bridge reopens - Gazette", (), "Harbour bridge reopens - Gazette"),
        ("Gazette | Harbour bridge reopens today", ("gazette.example",), "Harbour bridge reopens today"),
        ("Harbour bridge reopens - The Gazette", ("www.gazette.example",), "Harbour bridge reopens"),
        ("Minister resigns over bridge contract: Report", ("Report",), "Minister resigns over bridge contract: Report"),
        ("  Two\n lines   become one ", (), "Two lines become one"),
        (" | ", (), None),
        ("", (), None),
    ],
)
def test_clean_title(title: str, outlets: tuple[str, ...], expected: str | None) -> None:
    assert clean_title(title, outlets=outlets) == expected


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=3))
def test_a_title_is_one_line_of_the_titles_own_words(title: str, outlets: list[str]) -> None:
    found = clean_title(title, outlets=tuple(outlets))
    assert found is None or (found and "\n" not in found and found in " ".join(title.split()))


def test_comparable_ignores_case_and_punctuation() -> None:
    assert comparable("“Bridge” RE-OPENS!") == comparable("bridge re opens")
