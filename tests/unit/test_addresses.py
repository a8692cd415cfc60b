import time

import pytest

from streams.text.addresses import is_address


@pytest.mark.parametrize(
    "word",
    [
        "https://t.co/UgZ7HFvR24",
        "http://www.example.com/a/b-c?d=e",
        "www.example.org",
        "pic.twitter.com/AbCd12",
        "t.co/UgZ7HFvR24",
        "first.last@news.example.com",
        "@harbourmaster_1",
    ],
)
def test_what_leads_somewhere_is_an_address(word: str) -> None:
    assert is_address(word)


@pytest.mark.parametrize("word", ["Tarnmouth", "9/11", "and/or", "@", "Example.com", "U.S./U.K.", "AC/DC", "www"])
def test_what_may_be_a_name_is_none(word: str) -> None:
    assert not is_address(word)


@pytest.mark.parametrize("unit", ["a.", "a@", "www.", "http://", "@", "a-", "a/", "a.bc/ "])
def test_no_repetition_is_slow(unit: str) -> None:
    began = time.process_time()
    is_address(unit * (200_000 // len(unit)) + "\u2003!")
    assert time.process_time() - began < 1
