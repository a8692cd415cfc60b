"""Ids are fixed for ever, and nothing that differs shares one."""

import re

from hypothesis import given
from hypothesis import strategies as st

from streams import ids

# Any str Python can hold, lone surrogates too.
TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=20)


def test_ids_never_change() -> None:
    """Topics and tables hold them: another value is a break of every contract."""
    assert ids.document_id("gazette", "1") == "doc_6e6a3d7d17e78a1a6d63b6e34292e062"
    assert ids.content_id("words") == "644aaa9319b5cc7f57d69c41b1d7a4c9"
    assert ids.article_id("https://gazette.example/1", "x") == "art_0f84f40672154d0fc2cad491b2cd3f20"
    assert ids.article_id(None, "x") == "art_75310555c4326bf3b413003c721a6d0e"
    assert ids.entity_id("PLACE", "Mars") == "ent_15374a3ef0dc56b083ea06bad6df7c55"
    assert ids.story_id("art_1") == "sty_8b90a5388a782c0fe714af829c86d3ad"


@given(TEXT, TEXT)
def test_an_id_is_its_kind_and_128_bits(source: str, natural: str) -> None:
    assert re.fullmatch("doc_[0-9a-f]{32}", ids.document_id(source, natural))
    assert re.fullmatch("[0-9a-f]{32}", ids.content_id(natural))
    assert re.fullmatch("art_[0-9a-f]{32}", ids.article_id(None, natural))
    assert re.fullmatch("art_[0-9a-f]{32}", ids.article_id(source, natural))
    assert re.fullmatch("ent_[0-9a-f]{32}", ids.entity_id(source, natural))
    assert re.fullmatch("sty_[0-9a-f]{32}", ids.story_id(natural))


@given(st.tuples(TEXT, TEXT), st.tuples(TEXT, TEXT))
def test_different_parts_give_different_ids(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (ids.document_id(*one) == ids.document_id(*other)) == (one == other)


@given(TEXT, st.integers(0, 20), st.integers(0, 20))
def test_where_one_part_ends_counts(text: str, one: int, other: int) -> None:
    first, second = (text[:one], text[one:]), (text[:other], text[other:])
    assert (ids.document_id(*first) == ids.document_id(*second)) == (first == second)


@given(TEXT)
def test_the_same_text_has_another_id_in_each_role(text: str) -> None:
    digests = {
        ids.document_id("", text).removeprefix("doc_"),
        ids.content_id(text),
        ids.article_id(None, text).removeprefix("art_"),
        ids.article_id(text, "").removeprefix("art_"),
        ids.story_id(text).removeprefix("sty_"),
    }
    assert len(digests) == 5


@given(TEXT, TEXT, TEXT)
def test_an_article_with_a_url_is_known_by_that_alone(url: str, one: str, other: str) -> None:
    assert ids.article_id(url, one) == ids.article_id(url, other)


@given(TEXT.filter(lambda text: text.isascii()))
def test_bytes_and_their_utf8_text_are_the_same_document(text: str) -> None:
    assert ids.document_id("s", text) == ids.document_id("s", text.encode())
