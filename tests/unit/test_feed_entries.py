"""Which entry is which, and what of it is an article."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Article, RawDocument, Source
from streams.feeds.answers import Fetched, Validators
from streams.feeds.entries import FULL_CHARS, Body, content_of, identify, to_document
from streams.feeds.parse import ParsedEntry
from streams.outcome import Ok
from streams.stages.normalize import normalize

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOURCE = Source(id="sampleton")
SENTENCE = "The council of Sampleton opened the new bridge over the river on Monday, and many people came. "
ARTICLE = "".join(f"<p>{SENTENCE * 2}</p>" for _ in range(3))


def entry(**fields: str) -> ParsedEntry:
    return ParsedEntry(**{"link": "https://x.example/news/1", "title": "Bridge opened", **fields})  # type: ignore[arg-type]


def natural_id(*entries: ParsedEntry) -> str:
    return identify(entries)[0].natural_id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tag:x.example,2026:1", "tag:x.example,2026:1"),
        ("http://x.example/?p=1", "https://x.example/?p=1"),
        ("https://x.example/news/1", "https://www.x.example/news/1"),
        ("https://old.example/news/1?utm_source=feed", "https://new.example/news/1"),
    ],
)
def test_a_guid_names_the_entry_wherever_the_site_moves(one: str, other: str) -> None:
    assert natural_id(entry(guid=one)) == natural_id(entry(guid=other, link="https://y.example/z", title="New"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "2"),
        ("https://x.example/?p=1", "https://x.example/?p=2"),
        ("https://x.example/a.php?id=1", "https://x.example/a.php?id=2"),
        ("https://x.example/", "https://y.example/"),
    ],
)
def test_other_guids_name_other_entries(one: str, other: str) -> None:
    assert natural_id(entry(guid=one)) != natural_id(entry(guid=other))


def test_without_a_guid_the_canonical_url_names_it() -> None:
    plain = natural_id(entry())
    assert plain == natural_id(entry(link="http://x.example/news/1/?utm_medium=rss#top", title="Other"))
    assert plain != natural_id(entry(link="https://x.example/news/2"))


def test_without_a_url_of_its_own_title_and_date_name_it() -> None:
    nameless = entry(link="https://x.example/", published="Monday")
    assert natural_id(nameless) == natural_id(replace(nameless, link=None, summary_html="x"))
    assert natural_id(nameless) != natural_id(replace(nameless, published="Tuesday"))
    bare = ParsedEntry(summary_html="some words")
    assert natural_id(bare) != natural_id(ParsedEntry(summary_html="other words"))


def test_a_guid_that_several_entries_share_needs_the_link_as_well() -> None:
    first, second = entry(guid="1"), entry(guid="1", link="https://x.example/news/2")
    found = identify([first, second])
    assert len({each.natural_id for each in found}) == 2
    assert all("x.example/news/" in each.natural_id for each in found)


def test_a_link_that_several_entries_share_is_no_name_of_any() -> None:
    ticker = [entry(title=f"Goal {n}", published=f"{n}") for n in range(3)]
    found = identify(ticker)
    assert len({each.natural_id for each in found}) == 3
    assert not any(alias.startswith("url:") and " " not in alias for each in found for alias in each.aliases)


def test_an_entry_that_stands_twice_is_one_and_the_first_counts() -> None:
    found = identify(
        [entry(guid="1", title="New"), entry(guid="1", title="Old"), entry(guid="2", link="https://x.example/b")]
    )
    assert [each.entry.title for each in found] == ["New", "Bridge opened"]


def test_an_entry_that_stands_twice_keeps_the_name_it_has_alone() -> None:
    for one in (entry(guid="1"), entry(), entry(link="https://x.example/", published="Monday")):
        assert identify([one, one]) == identify([one])


def test_aliases_recognise_an_entry_whose_guid_changed() -> None:
    before, after = identify([entry(guid="1")])[0], identify([entry(guid="one")])[0]
    assert before.natural_id != after.natural_id
    assert set(before.aliases) & set(after.aliases)
    moved = identify([entry(guid="1", content_html=ARTICLE)])[0]
    again = identify([entry(guid="2", link="https://x.example/other", content_html=ARTICLE)])[0]
    assert set(moved.aliases) & set(again.aliases)


def test_few_words_are_no_alias() -> None:
    one = identify([entry(guid="1", link="https://x.example/", title="Traffic", summary_html="No delays.")])[0]
    assert one.aliases == ()


@pytest.mark.parametrize("field", ["title", "author", "published", "link", "language", "content_html"])
def test_an_edit_changes_the_version_and_not_the_name(field: str) -> None:
    before = entry(guid="1", content_html=ARTICLE)
    edited = {"link": "https://x.example/moved", "content_html": ARTICLE + "<p>Correction.</p>"}.get(field, "changed")
    old, new = identify([before])[0], identify([replace(before, **{field: edited})])[0]  # type: ignore[arg-type]
    assert old.natural_id == new.natural_id
    assert old.version != new.version


def test_what_no_reader_sees_changes_nothing() -> None:
    pixel = '<img src="https://ads.example/?n={}">'
    one, other = (entry(guid="1", content_html=ARTICLE + pixel.format(n)) for n in (1, 2))
    assert identify([one])[0].version == identify([replace(other, updated="later", categories=("x",))])[0].version


def test_a_new_date_of_change_counts_where_the_article_is_elsewhere() -> None:
    one, other = entry(guid="1", updated="now"), entry(guid="1", updated="later")
    assert identify([one])[0].version != identify([other])[0].version


@pytest.mark.parametrize(
    ("fields", "whole"),
    [
        ({"content_html": ARTICLE}, True),
        ({"content_html": "<p>Short.</p>"}, False),
        ({"content_html": "<i></i>" * FULL_CHARS}, False),
        ({"content_html": ARTICLE + "<p><a href='x'>Read more</a></p>"}, False),
        ({"content_html": ARTICLE + " [&hellip;]"}, False),
        ({"content_html": ARTICLE + "Continue reading <em>Bridge</em> &raquo;"}, False),
        ({"summary_html": ARTICLE}, False),
        ({"summary_html": ARTICLE * 3}, True),
        ({}, False),
    ],
)
def test_an_article_is_whole_when_it_is_long_and_goes_on_nowhere(fields: dict[str, str], whole: bool) -> None:  # noqa: FBT001
    assert (content_of(entry(**fields)) is not None) is whole


def test_an_entry_without_a_link_is_all_there_is() -> None:
    assert content_of(ParsedEntry(title="x", summary_html="Short.")) == Body(b"Short.", "text/html", "utf-8")


def document(given: ParsedEntry, body: Body) -> RawDocument:
    return to_document(SOURCE, identify([given])[0], body, first_seen_at=NOW)


def article(given: RawDocument) -> Article:
    outcome = normalize(given)
    assert isinstance(outcome, Ok), outcome
    value = outcome.values[0]
    assert isinstance(value, Article)
    return value


def test_an_edited_entry_is_the_same_document_with_other_content() -> None:
    before = entry(guid="1", content_html=ARTICLE)
    after = replace(before, content_html=ARTICLE + "<p>Correction: it was a Tuesday.</p>")
    old, new = (document(each, content_of(each) or Body(b"", "")) for each in (before, after))
    assert old.document_id == new.document_id
    assert old.content != new.content
    assert article(old).article_id == article(new).article_id


def test_the_pipeline_reads_an_article_out_of_a_feed() -> None:
    given = entry(
        guid="1", author="Ann Example", published="Tue, 24 Nov 2026 10:00:00 +0100", language="en",
        content_html=ARTICLE + "<p>Cows &amp; <b>calves</b> crossed first.</p>", title="Bridge <opened> & crossed",
    )  # fmt: skip
    found = article(document(given, content_of(given) or Body(b"", "")))
    assert (found.title, found.byline, found.language) == ("Bridge <opened> & crossed", "Ann Example", "en")
    assert found.canonical_url == given.link
    assert found.published_at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert found.body_text.endswith("Cows & calves crossed first.")
    assert [each.value for each in found.external_ids] == ["1"]


def test_a_page_goes_on_byte_for_byte() -> None:
    html = f"<html><body><article>{ARTICLE}<p>The caf\u00e9 on the bank was full all day.</p></article></body></html>"
    page = Fetched("https://x.example/final", 200, html.encode("latin-1"), "text/html", "iso-8859-1", Validators(), "h")
    found = document(entry(guid="1"), Body.of_page(page, NOW))
    assert found.payload() == page.body
    assert (found.url, found.fetched_at, found.content_encoding) == ("https://x.example/final", NOW, "base64")
    assert "caf\u00e9" in article(found).body_text


TEXT = st.none() | st.text(max_size=30) | st.sampled_from(["https://x.example/a", "https://x.example/", "1"])
ENTRIES = st.lists(
    st.builds(ParsedEntry, guid=TEXT, link=TEXT, title=TEXT, published=TEXT, summary_html=TEXT, content_html=TEXT)
)


@given(ENTRIES)
def test_any_feed_has_names_that_are_unique_and_do_not_change(entries: list[ParsedEntry]) -> None:
    found = identify(entries)
    assert found == identify(entries)
    assert len({each.natural_id for each in found}) == len(found)
    for each in found:
        body = content_of(each.entry) or Body(b"x", "text/html")
        assert RawDocument.model_validate_json(document(each.entry, body).model_dump_json())
