"""What an article may not do to the terminal of whoever reads it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cli.output import counted, emit, safe


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


@pytest.mark.parametrize(
    ("terminal", "printed"), [(True, '{"a":"\\u009b1m\\u202e"}\n'), (False, '{"a":"\x9b1m\u202e"}\n')]
)
def test_json_is_escaped_for_a_terminal_and_itself_in_a_pipe(
    terminal: bool,  # noqa: FBT001 - a parameter of the test
    printed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    emit({"a": "\x9b1m\u202e"})
    assert capsys.readouterr().out == printed


def test_numbers_agree_with_their_nouns() -> None:
    assert [counted(number, "article") for number in (0, 1)] == ["0 articles", "1 article"]
    assert counted(2000, "article") == "2,000 articles"
