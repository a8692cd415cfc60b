"""What an article may not do to the terminal of whoever reads it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cli.output import safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \u2013 text, caf\u00e9 \u65b0\u805e", "plain \u2013 text, caf\u00e9 \u65b0\u805e"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("two\nlines\tand\rmore", "two lines and more"),
        ("non\u00a0breaking", "non breaking"),
        ("\ud800", "\\ud800"),
        ("\U0001f469\u200d\U0001f692", "\U0001f469\u200d\U0001f692"),
    ],
)
def test_control_characters_are_shown_not_sent(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_a_body_keeps_its_lines() -> None:
    assert safe("one\n\ttwo\r\x1b", lines=True) == "one\n\ttwo \\x1b"


@given(st.text())
def test_nothing_that_steers_gets_through(text: str) -> None:
    assert not {unicodedata.category(c) for c in safe(text)} & {"Cc", "Cs", "Zl", "Zp"}
    safe(text, lines=True).encode()
