"""One spelling an article."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.urls import canonical, page_url, registrable_domain

PIECES = st.lists(
    st.sampled_from([
        "http://", "https://", "HTTP://", "a.example", "Gazette.Example", ":80", ":443", ":8080", "/", "//", "..", ".",
        "%41", "%2f", "%zz", "%", "?", "&", "=", "utm_source=x", "b=2", "a=1", "+", "#", "@", ":", "é", "amp", ";", " ",
        "[::1]", "\\", "\t", "index.html", "%C3%A9", "*", "'", "|", "\ud800",
    ]),
    max_size=12,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://User:pw@News.Example:443/a/../b/./c/?utm_source=x&b=2&a=1#top", "https://news.example/b/c?a=1&b=2"),
        ("http://news.example", "http://news.example/"),
        ("http://news.example:8080/x", "http://news.example:8080/x"),
        ("https://news.example/2024/story/amp/", "https://news.example/2024/story"),
        ("https://news.example/caf%c3%a9", "https://news.example/caf%C3%A9"),
        ("https://news.example/café", "https://news.example/caf%C3%A9"),
        ("https://news.example/%7Euser", "https://news.example/~user"),
        ("https://news.example/a?fbclid=1&id=7", "https://news.example/a?id=7"),
    ],
)
def test_canonical(url: str, expected: str) -> None:
    assert canonical(url) == expected


@pytest.mark.parametrize(
    "url", ["", "news.example/a", "ftp://news.example/", "javascript:alert(1)", "http://", "http://a:b:c/", "x" * 9000]
)
def test_no_absolute_web_address(url: str) -> None:
    assert canonical(url) is None


@given(PIECES | st.text(max_size=80) | st.text(max_size=60).map("https://news.example/".__add__))
def test_canonical_is_idempotent(url: str) -> None:
    once = canonical(url)
    assert once is None or canonical(once) == once


@given(st.permutations(["a=1", "b=2", "utm_medium=mail", "gclid=9", "c=%33"]))
def test_order_and_tracking_make_no_difference(query: list[str]) -> None:
    assert canonical("https://news.example/s?" + "&".join(query)) == "https://news.example/s?a=1&b=2&c=3"


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://news.bbc.co.uk/x", "bbc.co.uk"),
        ("www.example.com", "example.com"),
        ("http://10.0.0.1/", "10.0.0.1"),
        ("http://[::1]/", "[::1]"),
        ("http://t.co/", "t.co"),
    ],
)
def test_registrable_domain(url: str, domain: str) -> None:
    assert registrable_domain(url) == domain


def test_a_page_may_name_its_address_on_its_own_site_only() -> None:
    fetched = "https://m.gazette.example/story-7?utm_source=feed"
    assert page_url(fetched, ("https://www.gazette.example/story-7",)) == "https://www.gazette.example/story-7"
    assert page_url(fetched, ("/story-7/amp",)) == "https://m.gazette.example/story-7"
    assert page_url(fetched, ("https://other.example/story-7",)) == "https://m.gazette.example/story-7"


def test_a_page_that_claims_to_be_the_front_page_is_not_believed() -> None:
    fetched = "https://gazette.example/story-7"
    assert page_url(fetched, ("https://gazette.example/",)) == fetched


def test_without_a_fetched_address_the_site_decides() -> None:
    claims = ("https://other.example/a", "https://gazette.example/a")
    assert page_url(None, claims, site="www.gazette.example") == "https://gazette.example/a"
    assert page_url(None, ()) is None


@given(st.none() | PIECES, st.lists(PIECES | st.text(max_size=40), max_size=3), st.none() | st.text(max_size=20))
def test_page_url_is_canonical_or_none(fetched: str | None, claims: list[str], site: str | None) -> None:
    found = page_url(fetched, tuple(claims), site=site)
    assert found is None or canonical(found) == found
