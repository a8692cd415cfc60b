"""Who wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.bylines import authors_of, read_byline


@pytest.mark.parametrize(
    ("line", "authors", "agency"),
    [
        ("By Jane Doe", ("Jane Doe",), None),
        ("By Jane Doe and Jón Þór Björnsson, Reuters", ("Jane Doe", "Jón Þór Björnsson"), "Reuters"),
        ("Written by Ilse van der Meer | 3 March 2024", ("Ilse van der Meer",), None),
        ("Von Karl-Heinz Müller", ("Karl-Heinz Müller",), None),
        ("By Associated Press", (), "AP"),
        ("By Jane Doe, Staff Writer", ("Jane Doe",), None),
    ],
)
def test_reads_a_byline(line: str, authors: tuple[str, ...], agency: str | None) -> None:
    found = read_byline(line)
    assert found is not None
    assert (found.text, found.authors, found.agency) == (line, authors, agency)


@pytest.mark.parametrize(
    "line",
    [
        "By the end of the year the bridge will be open",
        "Jane Doe",
        "By",
        "",
        "By next week",
        "By " + "Jane Doe and " * 40,
    ],
)
def test_leaves_other_lines_alone(line: str) -> None:
    assert read_byline(line) is None


def test_desks_and_titles_are_no_authors() -> None:
    assert authors_of("News Desk; Jane Doe; AFP; Sports Editor; Jane Doe") == ("Jane Doe",)


@given(st.text(max_size=200))
def test_any_text_gives_names_found_in_it(text: str) -> None:
    for name in authors_of(text):
        assert name in " ".join(text.split())
