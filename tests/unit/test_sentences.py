import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.entities.sentences import MAX_WORDS, is_seat, sentences


def cut(text: str) -> list[list[str]]:
    return [list(sentence.words) for sentence in sentences(text)]


def test_a_title_an_initial_and_an_acronym_do_not_end_a_sentence() -> None:
    assert cut("Mr. John D. Fell left the U.S. on Monday. He is back.") == [
        ["Mr.", "John", "D.", "Fell", "left", "the", "U.S.", "on", "Monday", "."],
        ["He", "is", "back", "."],
    ]


def test_a_possessive_is_a_word_of_its_own_however_it_is_quoted() -> None:
    assert cut("Varga's bridge, Varga’s road") == [["Varga", "'s", "bridge", ",", "Varga", "’s", "road"]]


def test_what_is_made_somewhere_is_cut_and_a_hyphenated_name_is_not() -> None:
    assert cut("The Russian-made car of Kim Jong-un") == [
        ["The", "Russian", "-", "made", "car", "of", "Kim", "Jong-un"]
    ]


def test_a_senator_is_of_a_party_and_from_a_state() -> None:
    assert cut("(R-Florida) on D-Day") == [["(", "R-", "Florida", ")", "on", "D-Day"]]


@pytest.mark.parametrize("seat", ["R-Ky.", "D-N.Y.", "D-Mass.", "R-TX"])
def test_a_seat_is_one_word(seat: str) -> None:
    assert cut(f"Varga ({seat}), of {seat}, left") == [["Varga", "(", seat, ")", ",", "of", seat, ",", "left"]]
    assert is_seat(seat)


@pytest.mark.parametrize("word", ["D-Day", "D-Mark", "I-League", "Ky.", "K-12"])
def test_other_words_are_no_seats(word: str) -> None:
    assert not is_seat(word)
    assert cut(f"the {word} of") == [["the", word, "of"]]


def test_an_address_is_one_word_without_the_mark_behind_it() -> None:
    assert cut("Write to a.varga@example.org, see https://t.co/Ab1. (@varga)") == [
        ["Write", "to", "a.varga@example.org", ",", "see", "https://t.co/Ab1", "."],
        ["(", "@varga", ")"],
    ]


def test_the_end_of_a_text_is_read_as_the_end_of_a_line() -> None:
    assert cut("of Varga Inc.") == cut("of Varga Inc.\n") == [["of", "Varga", "Inc."]]


def test_a_closing_quotation_mark_belongs_to_its_sentence() -> None:
    assert cut("“It is done.” She left.") == [["“", "It", "is", "done", ".", "”"], ["She", "left", "."]]


def test_a_line_break_ends_a_sentence() -> None:
    assert cut("NORTHGATE 3 SOUTHGATE 1\n\nRain fell") == [["NORTHGATE", "3", "SOUTHGATE", "1"], ["Rain", "fell"]]


def test_an_endless_sentence_is_cut() -> None:
    assert [len(words) for words in cut("word " * (MAX_WORDS + 5))] == [MAX_WORDS, 5]


@given(st.text())
def test_words_are_verbatim_in_order_and_nothing_but_space_is_left_out(text: str) -> None:
    at = 0
    for sentence in sentences(text):
        assert 0 < len(sentence.words) <= MAX_WORDS
        for word, start in zip(sentence.words, sentence.starts, strict=True):
            assert not text[at:start].strip()
            assert text[start : start + len(word)] == word
            at = start + len(word)
        first = sentence.starts[0]
        assert sentence.place(0, len(sentence.words)) == (first, at)
    assert not text[at:].strip()
