"""Article files to readings."""

import pytest

from streams.text.plain import read_plain
from streams.text.reading import TooLargeError
from tests.builders import BODY, TITLE

PARAGRAPHS = tuple(BODY.split("\n\n"))
RESIDUE = "\n".join(["0 47", *PARAGRAPHS, "Leave A Reply", "Your email address will not be published."])


def test_title_body_and_residue() -> None:
    reading = read_plain(f"{TITLE}\n\n{RESIDUE}")
    assert reading.title is not None
    assert (reading.title.value, reading.title.method) == (TITLE, "first-line")
    assert reading.paragraphs == PARAGRAPHS
    assert [(cut.text, cut.kind) for cut in reading.cuts] == [
        ("0 47", "boilerplate"),
        ("Leave A Reply", "boilerplate"),
        ("Your email address will not be published.", "boilerplate"),
    ]


def test_no_headline_no_title() -> None:
    assert read_plain(BODY).title is None


def test_a_known_title_is_taken_out_of_the_text_but_is_no_boilerplate() -> None:
    reading = read_plain(f"{TITLE.upper()}\n\n{BODY}", title=TITLE)
    assert reading.title is None
    assert reading.paragraphs == PARAGRAPHS
    assert reading.cuts == ()


def test_a_byline_with_its_date() -> None:
    reading = read_plain(f"{TITLE}\nBy Jane Doe and John Roe, Reuters | Published on 3 March 2024\n\n{BODY}")
    assert reading.byline is not None
    assert reading.authors == ("Jane Doe", "John Roe")
    assert reading.agency == "Reuters"
    assert reading.published is not None
    assert reading.published.value.value.date().isoformat() == "2024-03-03"
    assert reading.paragraphs == PARAGRAPHS
    assert [cut.kind for cut in reading.cuts] == ["head"]


def test_a_header_block_is_explicit() -> None:
    header = (
        f"Title: {TITLE}\nAuthor: Jane Doe\nDate: 2024-03-03T10:00:00Z\nUpdated: 2024-03-04\nSource: The Gazette\n"
        "URL: https://gazette.example/bridge\nLanguage: en\nTags: bridge, harbour\nSection: Local\nSummary: It is open."
    )
    reading = read_plain(f"{header}\n\n{BODY}")
    assert reading.title is not None
    assert reading.outlet is not None
    assert reading.published is not None
    assert reading.modified is not None
    assert (reading.title.value, reading.title.method) == (TITLE, "header")
    assert (reading.outlet.value, reading.authors, reading.urls) == (
        "The Gazette",
        ("Jane Doe",),
        ("https://gazette.example/bridge",),
    )
    assert (reading.language, reading.keywords, reading.section, reading.summary) == (
        "en",
        ("bridge", "harbour"),
        "Local",
        "It is open.",
    )
    assert (reading.published.value.precision, reading.modified.precision) == ("second", "day")
    assert reading.paragraphs == PARAGRAPHS
    assert len(reading.cuts) == 10


def test_a_markdown_heading_is_the_title() -> None:
    reading = read_plain(f"# {TITLE}\n\n{BODY}")
    assert reading.title is not None
    assert reading.title.value == TITLE


def test_captions_go_wherever_they_stand() -> None:
    credit = "Photo: Jane Doe / The Gazette"
    reading = read_plain("\n\n".join([TITLE, *PARAGRAPHS, credit, PARAGRAPHS[0].replace("Monday", "Sunday")]))
    assert credit not in reading.paragraphs
    assert [(cut.text, cut.kind) for cut in reading.cuts] == [(credit, "caption")]


def test_a_paragraph_that_comes_twice_is_kept_once() -> None:
    reading = read_plain("\n\n".join([TITLE, *PARAGRAPHS, PARAGRAPHS[0]]))
    assert reading.paragraphs == PARAGRAPHS
    assert [cut.kind for cut in reading.cuts] == ["repeated"]


def test_an_article_of_short_lines_is_not_eaten() -> None:
    text = "\n".join(f"Step {number} of the repair went as planned." for number in range(8))
    assert len(read_plain(text).paragraphs) >= 7


@pytest.mark.parametrize("text", ["", "\n \n", "Share\nTweet\nLog in"])
def test_no_article(text: str) -> None:
    assert read_plain(text).paragraphs == ()


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(TooLargeError, match="20001 lines"):
        read_plain("a.\n\n" * 20_001)


def test_every_line_ends_up_somewhere() -> None:
    text = f"{TITLE}\nBy Jane Doe\n{RESIDUE}\nRead more: ferries"
    reading = read_plain(text)
    assert reading.title is not None
    found = [reading.title.value, *reading.paragraphs, *(cut.text for cut in reading.cuts)]
    assert sorted(found) == sorted(text.split("\n"))
