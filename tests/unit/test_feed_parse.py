"""Feeds of every kind into entries."""

import time
from collections.abc import Callable

import fastfeedparser.main as fast
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.feeds.parse import MAX_ENTRIES, ParsedEntry, ParsedFeed, ParseFailed, parse_feed

URL = "https://x.example/feeds/news.xml"


def parsed(body: str | bytes, charset: str | None = None) -> ParsedFeed:
    found = parse_feed(body.encode() if isinstance(body, str) else body, "application/xml", charset, URL)
    assert isinstance(found, ParsedFeed), found
    return found


def failed(body: str | bytes) -> str:
    found = parse_feed(body.encode() if isinstance(body, str) else body, "text/html", None, URL)
    assert isinstance(found, ParseFailed), found
    return found.reason


def rss(items: str, channel: str = "", head: str = "") -> str:
    return (
        f'{head}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
        f"<channel><title>Sampleton News</title><link>https://x.example/</link>{channel}{items}</channel></rss>"
    )


ITEM = "<item><title>Bridge</title><link>https://x.example/1</link></item>"

RSS = rss(
    """<item><title>Bridge &amp; &lt;b&gt;river&lt;/b&gt;</title><link>/news/1</link><guid isPermaLink="false">n1</guid>
    <pubDate>Tue, 24 Nov 2026 10:00:00 +0100</pubDate><dc:creator>Ann Example</dc:creator>
    <description>Short.</description><content:encoded><![CDATA[<p>Long &amp; full.</p>]]></content:encoded>
    <category>Local</category><category>Local</category><category>Roads</category></item>
    <item><title>Second</title><description>&lt;p&gt;Only this.&lt;/p&gt;</description><pubDate>24 Nov 2026</pubDate>
    <guid>https://x.example/2</guid><author>ann@x.example (Ann Example)</author></item>""",
    "<language>en-gb</language><ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod>"
    "<skipHours><hour>3</hour><hour>24</hour></skipHours><skipDays><day>Sunday</day></skipDays>",
)


def test_rss_2() -> None:
    feed = parsed(RSS)
    assert (feed.title, feed.link) == ("Sampleton News", "https://x.example/")
    assert (feed.language, feed.format, feed.ttl_s) == ("en-gb", "rss", 3600)
    assert (feed.skip_hours, feed.skip_days) == (frozenset({0, 3}), frozenset({6}))
    assert feed.entries == (
        ParsedEntry(
            guid="n1",
            link="https://x.example/news/1",
            title="Bridge & river",
            author="Ann Example",
            published="2026-11-24T09:00:00+00:00",
            summary_html="Short.",
            content_html="<p>Long &amp; full.</p>",
            categories=("Local", "Roads"),
        ),
        ParsedEntry(
            link="https://x.example/2",
            title="Second",
            author="Ann Example",
            published="24 Nov 2026",
            summary_html="<p>Only this.</p>",
        ),
    )


ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://a.example/x/"><title>Nachrichten</title>
<link href="/"/><entry><id>tag:1</id><title type="html">A &amp;lt; B</title><link rel="alternate" href="p1"/>
<published>2026-11-24T10:00:00+01:00</published><updated>2026-11-25T10:00:00+01:00</updated>
<author><name>Ann</name></author><author><name>Bob</name></author><summary>Kurz.</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Lang</p></div></content></entry>
<entry><id>tag:2</id><title>Second</title><content type="text">a &lt; b</content><link href="https://e.example/x"/></entry>
</feed>"""


def test_atom() -> None:
    feed = parsed(ATOM)
    assert (feed.title, feed.link, feed.language, feed.format) == ("Nachrichten", "https://a.example/", "de", "atom")
    first, second = feed.entries
    assert (first.guid, first.link, first.title, first.author) == ("tag:1", "https://a.example/x/p1", "A < B", "Ann")
    assert (first.published, first.updated) == ("2026-11-24T10:00:00+01:00", "2026-11-25T10:00:00+01:00")
    assert first.summary_html == "Kurz."
    assert "<p>Lang</p>" in (first.content_html or "")
    assert "content" not in (first.content_html or "")
    assert second.content_html == "<p>a &lt; b</p>"


def rdf(version: str) -> str:
    return (
        f'<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="{version}"><channel><title>T</title>'
        "<link>http://x.example</link></channel><item><title>Bridge</title><link>http://x.example/1</link>"
        "<dc:date>2026-11-24</dc:date></item></rdf:RDF>"
    )


@pytest.mark.parametrize(
    "version",
    [
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://channel.netscape.com/rdf/simple/0.9/",
    ],
)
def test_rdf_of_either_version(version: str) -> None:
    feed = parsed(rdf(version))
    assert feed.format == "rdf"
    (entry,) = feed.entries
    assert (entry.guid, entry.link, entry.title) == (None, "http://x.example/1", "Bridge")
    assert entry.published == "2026-11-24"


def test_json_feed() -> None:
    feed = parsed(
        """{"version": "https://jsonfeed.org/version/1.1", "title": "T", "home_page_url": "/", "language": "en",
        "items": [{"id": 7, "url": "/1", "title": "A &amp; B", "content_text": "One <\\n\\nTwo",
        "authors": [{"name": "Ann"}], "date_published": "2026-11-24T10:00:00+01:00", "tags": ["x", 5]}, "no object", {},
        {"id": "x", "content_html": "<p>h</p>", "summary": "s", "author": {"name": "Bob"}}]}"""
    )
    assert (feed.title, feed.link, feed.language, feed.format) == ("T", "https://x.example/", "en", "json")
    first, second = feed.entries
    assert (first.guid, first.link, first.title, first.author) == ("7", "https://x.example/1", "A & B", "Ann")
    assert (first.content_html, first.categories) == ("<p>One &lt;</p><p>Two</p>", ("x",))
    assert (second.guid, second.content_html, second.summary_html, second.author) == ("x", "<p>h</p>", "s", "Bob")


@pytest.mark.parametrize("body", ['{"version": "x"}', '{"items": 5}', '{"items": {}}'])
def test_json_that_is_no_feed(body: str) -> None:
    assert failed(body) == "not_a_feed"


def test_broken_json_is_malformed() -> None:
    assert failed('{"items": [') == "malformed"
    assert failed('{"items":' + "[" * 100_000) == "malformed"


@pytest.mark.parametrize(
    "body",
    [
        "", "   ", "hello", "<!DOCTYPE html><html><body><p>404</p></body></html>", "<html/>",
        '<?xml version="1.0"?><urlset><url/></urlset>', "<opml version='2.0'><body/></opml>", b"\x89PNG\r\n\x1a\n" * 50,
        b"\0" * 5000, "<!-- " + "x" * 100_000 + ' --><rss version="2.0"/>',
    ],
)  # fmt: skip
def test_what_is_no_feed(body: str | bytes) -> None:
    assert failed(body) == "not_a_feed"


@pytest.mark.parametrize(
    "body", ["<rss><channel/></rss>", rss(""), "<feed xmlns='http://www.w3.org/2005/Atom'/>", '{"items": []}']
)
def test_an_empty_feed_is_no_failure(body: str) -> None:
    assert parsed(body).entries == ()


DOCTYPES = {
    "netscape": '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://x.example/rss-0.91.dtd">',
    "bare": "<!DOCTYPE rss>",
    "html entities": '<!DOCTYPE rss [<!ENTITY % HTMLlat1 PUBLIC "-//W3C" "http://x.example/l.ent"> %HTMLlat1; ]>',
    "xxe": '<!DOCTYPE rss [<!ENTITY secret SYSTEM "file:///etc/hostname">]>',
    "laughs": "<!DOCTYPE rss ["
    '<!ENTITY lol0 "lol">' + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10)) + "]>",
    "quadratic": f'<!DOCTYPE rss [<!ENTITY a "{"a" * 50_000}">]>',
    "unclosed": '<!DOCTYPE rss [<!ENTITY a "x">',
}


@pytest.mark.parametrize("doctype", DOCTYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_left_out_and_the_feed_read(doctype: str, encoding: str) -> None:
    item = "<item><title>Bridge &secret;&lol9;&a;</title><link>https://x.example/1</link></item>"
    body = rss(item, head=f'<?xml version="1.0" encoding="{encoding}"?>\n{DOCTYPES[doctype]}\n')
    begun = time.process_time()
    (entry,) = parsed(body.encode(encoding)).entries
    assert time.process_time() - begun < 2
    assert entry.link == "https://x.example/1"
    assert len(entry.title or "") < 40


@pytest.mark.parametrize(
    ("encoded", "charset"),
    [
        (lambda text: ('<?xml version="1.0" encoding="iso-8859-1"?>' + text).encode("latin-1"), None),
        (lambda text: text.encode("latin-1"), "iso-8859-1"),
        (lambda text: ('<?xml version="1.0" encoding="iso-8859-1"?>' + text).encode(), "iso-8859-1"),
        (lambda text: b"\xef\xbb\xbf" + text.encode(), None),
        (lambda text: ('<?xml version="1.0" encoding="utf-16"?>' + text).encode("utf-16"), None),
        (lambda text: ('<?xml version="1.0" encoding="rot13"?>' + text).encode(), "rot13"),
    ],
    ids=["declared", "by the header", "declared wrongly", "marked", "utf-16", "nonsense"],
)
def test_charsets(encoded: Callable[[str], bytes], charset: str | None) -> None:
    body = encoded(rss("<item><title>Caf\u00e9 \u00fcber</title><link>https://x.example/1</link></item>"))
    assert parsed(body, charset).entries[0].title == "Caf\u00e9 \u00fcber"


@pytest.mark.parametrize(
    ("item", "title", "summary"),
    [
        ("<title>A & B</title><description>x</description>", "A & B", "x"),
        ("<title>A&nbsp;B&eacute;</title>", "A B\u00e9", None),
        ("<title>A <b>bold</b> move</title><description>one <p>two</description>", "A bold move", "one <p>two"),
        ("<title>Control \x08 here</title>", "Control here", None),
        ("<title>Half &#xD800; &#0;&#8217; done</title>", "Half \u2019 done", None),
    ],
)
def test_what_is_not_well_formed_keeps_its_words(item: str, title: str, summary: str | None) -> None:
    (entry,) = parsed(rss(f"<item>{item}<link>https://x.example/1</link></item>")).entries
    assert (entry.title, entry.summary_html) == (title, summary)


def test_a_feed_that_is_cut_off_gives_its_whole_entries() -> None:
    body = rss(ITEM + "<item><title>Second</title><link>https://x.example/2</link></item>")
    assert "https://x.example/1" in [entry.link for entry in parsed(body[:-30]).entries]


def test_junk_before_the_feed_is_skipped() -> None:
    for junk in (
        "\n\n  ",
        "<!-- made by x -->",
        "Warning: something in line 3\n",
        "<?php ?><?xml-stylesheet href='x'?>",
        "<br>\n",
    ):
        assert len(parsed(junk + rss(ITEM)).entries) == 1


def test_dates_are_not_guessed() -> None:
    """The fast parser alone would read them with the year, day and zone of today."""
    for date in ("24 November", "10:00", "2026-11-24", "Tue, 24 Nov 2026 10:00:00 Atlantis", "vor 5 Minuten", "2026"):
        (entry,) = parsed(
            rss(f"<item><title>x</title><link>https://x.example/1</link><pubDate>{date}</pubDate></item>")
        ).entries
        assert entry.published == date


def test_a_guid_is_no_date() -> None:
    (entry,) = parsed(rss("<item><title>x</title><guid isPermaLink='false'>20261124</guid></item>")).entries
    assert (entry.guid, entry.published) == ("20261124", None)


def test_the_hook_for_dates_is_where_the_fast_parser_looks_for_it() -> None:
    assert fast._parse_date("24 November") == "24 November"


def test_only_links_of_the_web_are_links() -> None:
    links = (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "mailto:a@x.example",
        "https://",
        "http://[::1",
    )
    for link in links:
        (entry,) = parsed(rss(f"<item><title>x</title><link>{link}</link></item>")).entries
        assert entry.link is None


def test_at_most_so_many_entries() -> None:
    many = "".join(f"<item><title>{n}</title></item>" for n in range(MAX_ENTRIES + 5))
    entries = parsed(rss(many)).entries
    assert len(entries) == MAX_ENTRIES
    assert entries[0].title == "0"


@pytest.mark.parametrize(
    ("channel", "ttl_s"),
    [
        ("<ttl>60</ttl>", 3600),
        ("<ttl> 5 </ttl><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 21600),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", 604800),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 3600),
        ("<ttl>999999999999</ttl>", 365 * 86400),
        ("<ttl>soon</ttl><sy:updatePeriod>often</sy:updatePeriod>", None),
        ("<ttl>0</ttl>", None),
        ("", None),
    ],
)
def test_the_interval_a_feed_asks_for(channel: str, ttl_s: int | None) -> None:
    assert parsed(rss(ITEM, channel)).ttl_s == ttl_s


def test_a_feed_that_skips_every_hour_skips_none() -> None:
    hours = "".join(f"<hour>{n}</hour>" for n in range(24))
    days = "".join(f"<day>{d}day</day>" for d in ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"))
    feed = parsed(rss(ITEM, f"<skipHours>{hours}</skipHours><skipDays>{days}</skipDays>"))
    assert (feed.skip_hours, feed.skip_days) == (frozenset(), frozenset())


def test_an_ttl_of_an_entry_is_not_the_feeds() -> None:
    assert parsed(rss("<item><title>x</title><ttl>5</ttl></item>")).ttl_s is None


@pytest.mark.parametrize("closed", [True, False])
def test_elements_300_000_deep_take_no_time(closed: bool) -> None:  # noqa: FBT001
    deep = "<a>" * 300_000 + ("</a>" * 300_000 if closed else "")
    begun = time.process_time()
    parse_feed(f"<rss><channel><item><description>{deep}".encode(), "", None, URL)
    parse_feed(rss(f"<item><title>x</title><description>{deep}</description></item>").encode(), "", None, URL)
    assert time.process_time() - begun < 10


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(deadline=None)
def test_no_bytes_raise(body: bytes) -> None:
    assert isinstance(parse_feed(body, "", None, URL), ParsedFeed | ParseFailed)


FRAGMENTS = st.sampled_from(
    ["<feed xmlns='http://www.w3.org/2005/Atom'>", "<item>", "</item>", "<entry>", "</entry>", "<title>", "</title>",
     "<link>", "</link>", "<link href='/a'/>", "<guid>", "</guid>", "<![CDATA[", "]]>", "<!--", "-->", "&amp;", "&x;",
     "&#0;", "&#xD800;", "<pubDate>", "</pubDate>", "<content:encoded>", "</content:encoded>", "text", "\u00e9", "\x00",
     "\ufffe", "http://[", "<!DOCTYPE rss [", "<?", "?>", "xml:base='http://['", "<author>", "<category term='x'/>"]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=25).map("".join))
@settings(deadline=None)
def test_no_pieces_of_feeds_raise_and_what_comes_of_them_is_clean(body: str) -> None:
    found = parse_feed(("<rss><channel>" + body).encode("utf-8", "replace"), "", None, URL)
    for entry in found.entries if isinstance(found, ParsedFeed) else ():
        assert entry != ParsedEntry()
        assert entry.link is None or entry.link.startswith(("http://", "https://"))
        for text in (entry.guid, entry.title, entry.author, entry.published, entry.summary_html, entry.content_html):
            assert text is None or text.encode("utf-8")
            assert "\0" not in (text or "")


def test_an_rdf_entry_keeps_its_content() -> None:
    spaces = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    )
    item = (
        '<item rdf:about="https://x.example/1"><title>One</title><link>https://x.example/1</link>'
        "<content:encoded>&lt;p&gt;All of it.&lt;/p&gt;</content:encoded></item>"
    )
    xml = f'<rdf:RDF {spaces}><channel rdf:about="https://x.example/"><title>T</title></channel>{item}</rdf:RDF>'
    feed = parse_feed(xml.encode(), "application/rdf+xml", None, "https://x.example/feed")
    assert isinstance(feed, ParsedFeed)
    assert [entry.content_html for entry in feed.entries] == ["<p>All of it.</p>"]
