"""Which language, how sure, and who said so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.language import detect_language, language_tag

TEXTS = {
    "en": "The swing bridge over the harbour carried its first traffic in four months on Monday, the council said.",
    "de": "Die Drehbrücke über den Hafen ist am Montag nach vier Monaten wieder für den Verkehr geöffnet worden.",
    "fr": "Le pont tournant du port a rouvert lundi après quatre mois de travaux, a annoncé la mairie de la ville.",
    "ru": "Разводной мост через гавань открыли в понедельник после четырёх месяцев ремонта, сообщил мэр города.",
}


@pytest.mark.parametrize("tag", sorted(TEXTS))
def test_the_text_decides_against_a_false_claim(tag: str) -> None:
    found = detect_language(TEXTS[tag], claims=("sw",))
    assert (found.tag, found.method) == (tag, "py3langid")
    assert 0.5 <= found.confidence <= 1


def test_a_claim_decides_for_a_text_too_short_to_tell() -> None:
    found = detect_language("Ok.", claims=(None, "english", "pt_BR", "de"))
    assert (found.tag, found.method) == ("pt", "claim")


def test_nobody_can_tell() -> None:
    assert detect_language("12 34 56", claims=("x", "")).tag == "und"


def test_tags() -> None:
    assert [language_tag(claim) for claim in ("EN-us", " de ", "pt_BR", "und", "english", "", "zh-Hant-TW")] == [
        "en", "de", "pt", None, None, None, "zh",
    ]  # fmt: skip


@given(st.text(max_size=100), st.none() | st.text(max_size=10))
def test_the_same_text_has_the_same_language(text: str, claim: str | None) -> None:
    found = detect_language(text, claims=(claim,))
    assert found == detect_language(text, claims=(claim,))
    assert 0 <= found.confidence <= 1
