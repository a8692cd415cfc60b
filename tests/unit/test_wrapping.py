"""Characters, and lines that are paragraphs."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from streams.text.wrapping import clean_characters, paragraph_lines

WRAPPED = """\
The swing bridge over the harbour carried its first traffic in four
months on Monday, after engineers replaced the bearing that had
failed during the storm of November and was never found again.

Lorries of more than twelve tonnes will have to take the northern
road until the end of April, when the harbour authority plans a
second test under load."""


def test_entities_invisible_characters_and_composition() -> None:
    assert clean_characters("Caf&eacute; &amp; bar&#8217;s") == "Café & bar’s"
    assert clean_characters("soft\u00adhyphen\u200b \ufeffmark\x00") == "softhyphen mark"
    assert clean_characters("e\u0301") == "é"


def test_a_fixed_width_is_undone() -> None:
    lines = paragraph_lines(WRAPPED)
    assert len(lines) == 2
    assert lines[0].startswith("The swing bridge over the harbour carried its first traffic in four months on Monday")


def test_short_lines_that_were_not_wrapped_stay_lines() -> None:
    prose = "The council of the town met on Monday to hear what the engineers had found."
    text = f"Menu\nHome\nSports\nWeather today\n{prose}\nShare"
    assert paragraph_lines(text) == text.split("\n")


def test_every_kind_of_line_break_and_space() -> None:
    assert paragraph_lines("a\r\nb\rc\u2028d\x0be\u00a0\u3000 f\n\n\n") == ["a", "b", "c", "d", "e f"]


def test_stacked_marks_are_cut_where_the_stream_safe_format_cuts_them() -> None:
    zalgo = "a" + "\u0315\u0300" * 50_000
    assert len(clean_characters(zalgo)) <= 32
    assert clean_characters("—" * 60 + "é") == "—" * 60 + "é"


@given(st.text(max_size=300))
def test_clean_text_is_nfc_and_its_lines_are_stripped(text: str) -> None:
    clean = clean_characters(text)
    assert unicodedata.is_normalized("NFC", clean)
    for line in paragraph_lines(clean):
        assert line
        assert line == " ".join(line.split())


@given(st.lists(st.text("abc ", min_size=1, max_size=120), max_size=20))
def test_no_word_is_lost_or_made(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert " ".join(paragraph_lines(text)).split() == text.split()
