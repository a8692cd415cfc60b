"""Web pages to readings."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.html_page import read_html
from streams.text.reading import TooLargeError
from tests.builders import BODY, TITLE

LATEST = date(2026, 3, 3)
PARAGRAPHS = tuple(BODY.split("\n\n"))
LD = """{"@context": "https://schema.org", "@graph": [
  {"@type": "WebSite", "name": "The Gazette", "datePublished": "2001-01-01"},
  {"@type": ["Thing", "NewsArticle"], "headline": "x", "datePublished": "2026-03-01T10:00:00+01:00",
   "dateModified": "2026-03-02", "publisher": {"@type": "Organization", "name": "The Tarnmouth Gazette"},
   "articleSection": ["Local", "Harbour"], "keywords": ["bridge", "harbour", 7],
   "mainEntityOfPage": {"@id": "/bridge"}}]}"""


def page(*, head: str = "", before: str = "", after: str = "", body: str | None = None) -> str:
    """A news page as sites make them."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS) if body is None else body
    return (
        f'<!DOCTYPE html><html lang="en-GB"><head><title>{TITLE} | The Gazette</title>{head}</head><body>'
        f"<nav><ul><li><a href='/'>Home</a><li><a href='/s'>Sports</a></ul></nav>{before}"
        f"<main><article><h1>{TITLE}</h1>{text}</article></main>{after}"
        "<footer><p>Copyright The Gazette. All rights reserved.</p></footer></body></html>"
    )


def json_ld(source: str) -> str:
    """`source` as a page embeds it."""
    return f'<script type="application/ld+json">{source}</script>'


def test_body_title_and_what_was_left_out() -> None:
    reading = read_html(page(), latest=LATEST)
    assert reading.paragraphs == PARAGRAPHS
    assert reading.title is not None
    assert TITLE in reading.title.value
    assert reading.language == "en-GB"
    assert {"Home", "Sports", "Copyright The Gazette. All rights reserved."} <= {cut.text for cut in reading.cuts}
    assert not any(cut.text in PARAGRAPHS for cut in reading.cuts)


def test_json_ld_of_the_article_comes_first() -> None:
    meta = '<meta property="article:published_time" content="2020-01-01">'
    reading = read_html(page(head=json_ld(LD) + meta), latest=LATEST)
    assert reading.published is not None
    assert reading.modified is not None
    assert reading.outlet is not None
    assert (reading.published.value.value.isoformat(), reading.published.method) == (
        "2026-03-01T10:00:00+01:00",
        "json-ld",
    )
    assert (reading.modified.precision, reading.section, reading.keywords) == ("day", "Local", ("bridge", "harbour"))
    assert reading.outlet.value == "The Tarnmouth Gazette"
    assert "/bridge" in reading.urls


@pytest.mark.parametrize(
    ("head", "before", "expected", "method"),
    [
        ('<meta name="pubdate" content="2026-03-01T08:00:00Z">', "", "2026-03-01", "meta:pubdate"),
        ('<meta name="DC.date.issued" content="1 March 2026">', "", "2026-03-01", "meta:dc.date.issued"),
        ("", '<time itemprop="datePublished" datetime="2026-03-01">today</time>', "2026-03-01", "time-element"),
        ("", "<p class='date'>Published on March 2, 2026</p>", "2026-03-02", "htmldate"),
        (json_ld('{"@type": "NewsArticle", "datePublished": "03/04/2026"}'), "", None, None),
        ("", "<p class='date'>January 2026</p>", None, None),
        ("", "", None, None),
    ],
)  # fmt: skip
def test_dates(head: str, before: str, expected: str | None, method: str | None) -> None:
    published = read_html(page(head=head, before=before), latest=LATEST).published
    assert (published and published.value.value.date().isoformat(), published and published.method) == (
        expected,
        method,
    )


def test_a_guessed_date_is_never_after_the_document_was_seen() -> None:
    before = "<p class='date'>Published on March 1, 2026</p>"
    assert read_html(page(before=before), latest=date(2026, 2, 1)).published is None


def test_the_pages_own_addresses_best_first() -> None:
    head = '<meta property="og:url" content="https://gazette.example/b"><link rel="canonical" href="https://gazette.example/a">'
    assert read_html(page(head=head), latest=LATEST).urls == ("https://gazette.example/a", "https://gazette.example/b")


@pytest.mark.parametrize(
    "source",
    ["", "{", "[" * 5000, '{"@type": "NewsArticle", "datePublished": "2026-03-01\n"}', '{"@type": {"a": 1}}', "null",
     '"\\ud800"',
     '{"@type": "NewsArticle", "datePublished": {"@value": 5}, "publisher": [[]], "keywords": {}}'],
)  # fmt: skip
def test_broken_json_ld_costs_no_article(source: str) -> None:
    assert read_html(page(head=json_ld(source)), latest=LATEST).paragraphs == PARAGRAPHS


@pytest.mark.parametrize("lead", ["", "<!-- a comment that is longer than the fifty characters read -->"])
def test_a_fragment_is_a_page(lead: str) -> None:
    fragment = lead + "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    assert read_html(fragment, latest=LATEST).paragraphs == PARAGRAPHS
    one = read_html(f"{lead}<p>{PARAGRAPHS[0]}</p>", latest=LATEST)
    assert one.paragraphs == PARAGRAPHS[:1]
    assert read_html(f"{lead}{page()}", latest=LATEST).language == "en-GB"


def test_deep_nesting_is_survived() -> None:
    markup = page(before="<div>" * 15_000, after="</div>" * 15_000)
    read_html(markup, latest=LATEST)
    assert read_html(page(after="<i>" * 15_000), latest=LATEST).paragraphs[: len(PARAGRAPHS)] == PARAGRAPHS


@pytest.mark.parametrize(
    ("markup", "limit"),
    [
        ("<div>" * 300_000, "tags"),
        ("<p>" + "x" * 5_000_000, "characters"),
        ("<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">", "attributes"),
        ("<p " + "a " * 100_000 + ">", "attributes"),
    ],
)
def test_what_would_take_too_long_is_refused(markup: str, limit: str) -> None:
    with pytest.raises(TooLargeError, match=limit):
        read_html(markup, latest=LATEST)


@given(st.lists(st.sampled_from(
    ["<p>", "</p>", "<div", ">", "<!--", "-->", "<script>", "</", "<title>", "&#xD800;", "&amp;", "\x00", "text ",
     TITLE, "<meta name=author content='", "'", '"', "<table><tr>", "<html>", "<![CDATA[", "<?xml version='1.0'?>",
     "<body>", "\ud7ff"]
), max_size=30).map("".join))  # fmt: skip
def test_any_markup_is_read(markup: str) -> None:
    assert read_html(markup, latest=LATEST) == read_html(markup, latest=LATEST)
