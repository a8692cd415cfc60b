"""What is glued to the front of a text, and header blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.heads import is_credit, read_head, read_header

SENTENCE = "The swing bridge carried its first traffic in four months on Monday."


@pytest.mark.parametrize(
    ("line", "cuts"),
    [
        (f"Published: 3 March 2024 {SENTENCE}", ["Published: 3 March 2024"]),
        (f"Share on Facebook Twitter WhatsApp {SENTENCE}", ["Share on", "Facebook Twitter WhatsApp"]),
        (f"Follow us on Google News {SENTENCE}", ["Follow us on Google News"]),
        (f"2024-03-03 | {SENTENCE}", ["2024-03-03 |"]),
        (SENTENCE, []),
    ],
)
def test_takes_dates_and_buttons_off_the_front(line: str, cuts: list[str]) -> None:
    head = read_head(line)
    assert head.rest == SENTENCE
    assert [cut.text for cut in head.cuts] == cuts


def test_a_glued_head_gives_its_date_its_button_and_its_caption() -> None:
    line = "date 2024-03-03 Follow us on Image Source : AGENCY/FILE The mayor opens the bridge in 2019."
    head = read_head(line)
    assert [(cut.text, cut.kind) for cut in head.cuts] == [
        ("date 2024-03-03", "head"),
        ("Follow us on", "head"),
        ("Image Source : AGENCY/FILE The mayor opens the bridge in 2019.", "caption"),
    ]
    assert head.published is not None
    assert (head.published.value.date().isoformat(), head.published.precision) == ("2024-03-03", "day")
    assert not head.rest


def test_a_document_of_one_line_keeps_the_text_behind_its_caption() -> None:
    head = read_head(f"Image Source : AGENCY The mayor opens the bridge. {SENTENCE}", alone=True)
    assert head.rest == SENTENCE


def test_an_update_is_no_publication() -> None:
    head = read_head("Last updated: March 4, 2024 10:00 GMT")
    assert head.published is None
    assert head.updated is not None
    assert head.updated.precision == "minute"


@pytest.mark.parametrize(
    "line",
    [
        "On 3 March 2024 the bridge was closed.",
        "Subscribe now to nothing, said the mayor.",
        "Date palms grow along the harbour.",
        "Share prices fell on Monday.",
        "Share on Monday what you have, said the mayor.",
        "Updated rules came into force on 3 March 2024.",
        "Print media lost readers.",
    ],
)
def test_prose_that_looks_like_a_head_stays(line: str) -> None:
    assert read_head(line).rest == line


def test_credits() -> None:
    assert all(
        map(is_credit, ["Photo: J. Doe/Agency", "(Image credit: Agency)", "FILE PHOTO - The mayor", "Picture by: A"])
    )
    assert not any(map(is_credit, ["Photography is an art.", "The file was lost.", "Images of the flood: see below"]))


def test_a_header_block() -> None:
    header = read_header(["Title: Bridge reopens", "Author: Jane Doe", "Date: 2024-03-03", SENTENCE])
    assert header.size == 3
    assert header.values == {"title": "Bridge reopens", "byline": "Jane Doe", "date": "2024-03-03"}


def test_front_matter_between_fences() -> None:
    header = read_header(["---", 'title: "Bridge reopens"', "layout: post", "tags: [bridge, harbour]", "---", SENTENCE])
    assert header.size == 5
    assert header.values == {"title": "Bridge reopens", "keywords": "bridge, harbour"}


@pytest.mark.parametrize(
    "lines", [[], [SENTENCE], ["Note: this is prose"], ["---", "title: x"], ["Date: 2024-03-03", SENTENCE]]
)
def test_what_is_no_header(lines: list[str]) -> None:
    assert read_header(lines).size == 0


@given(st.text(max_size=300).map(str.strip), st.booleans())
def test_a_head_only_takes_away(line: str, alone: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    head = read_head(line, alone=alone)
    assert line.endswith(head.rest)
    assert all(cut.text in line for cut in head.cuts)
