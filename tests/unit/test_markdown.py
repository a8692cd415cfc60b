"""Markdown to the plain text it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.outcome import Ok
from streams.stages.normalize import normalize
from streams.text.markdown import without_markup
from tests.builders import BODY, TITLE, raw_document


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("The [bridge](https://a.example/b 'x') is **open**.", "The bridge is open."),
        ("An ![image](a.png)*old* _bridge_, 2 * 3 * 4, snake_case_name", "An old bridge, 2 * 3 * 4, snake_case_name"),
        ("> quoted\n>> twice", "quoted\ntwice"),
        ("# Title\n\n## Part ##\n\ntext", "# Title\n\nPart\n\ntext"),
        ("```python\ncode\n```", "\ncode\n"),
        (r"1\. not a list \*", "1. not a list *"),
        ("See <https://a.example/>.", "See https://a.example/."),
    ],
)
def test_marks_go_and_words_stay(markup: str, plain: str) -> None:
    assert without_markup(markup) == plain


def test_a_markdown_article() -> None:
    raw = raw_document(
        f"# {TITLE}\n\n{BODY.replace('Monday', '**[Monday](https://a.example/)**')}", media_type="text/markdown"
    )
    outcome = normalize(raw)
    assert isinstance(outcome, Ok)
    assert (outcome.values[0].title, outcome.values[0].body_text) == (TITLE, BODY)  # type: ignore[union-attr]


@given(st.text("[]()*_#>`\\! \nab", max_size=200))
def test_words_come_out_in_order(text: str) -> None:
    letters = [char for char in without_markup(text) if char in "ab"]
    rest = iter(char for char in text if char in "ab")
    assert all(char in rest for char in letters)
