"""Word tokens: formatting must not change them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.tokens import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("--- ... !", []),
        ("The mayor's gate", ["the", "mayors", "gate"]),
        ("The mayor\u2019s\u00a0gate", ["the", "mayors", "gate"]),
        ("well-known", ["well", "known"]),
        ("harb\u00adour zero\u200bwidth", ["harbour", "zerowidth"]),
        ("\ufb01nal \uff21\uff11", ["final", "a1"]),
        ("STRASSE stra\u00dfe", ["strasse", "strasse"]),
        ("caf\u00e9 cafe\u0301", ["caf\u00e9", "caf\u00e9"]),
        ("snake_case 3.5%", ["snake", "case", "3", "5"]),
        ("\u6771\u4eac Tokyo\u5e02", ["\u6771", "\u4eac", "tokyo", "\u5e02"]),
        ("\uc11c\uc6b8 \uc2dc\uc7a5", ["\uc11c\uc6b8", "\uc2dc\uc7a5"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_tokens_of_tokens_are_the_same(text: str) -> None:
    tokens = words(text)
    assert words(" ".join(tokens)) == tokens


@given(
    st.lists(st.text("abcdeXYZ\u00e9", min_size=1), max_size=8), st.sampled_from([" ", "\n\n", ", ", " \u2014 ", "\t"])
)
def test_what_stands_between_words_does_not_count(tokens: list[str], between: str) -> None:
    assert words(between.join(tokens)) == words(" ".join(tokens))
