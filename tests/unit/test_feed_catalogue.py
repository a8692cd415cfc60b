"""feeds.toml and OPML: what is taken, and what is refused in words."""

import pytest

from schemas import SourceConfig
from streams.errors import InputError
from streams.feeds.catalogue import from_opml, from_toml, seconds, source_id_of, to_opml

TOML = """
[defaults]
language = "en"
every = "2h"

[[feed]]
url = "https://www.gazette.example/rss.xml"

[[feed]]
url = "http://northwire.example/feed"
id = "northwire"
name = "Northwire"
every = "15m"
at_most = "12h"
full_text = "page"
enabled = false
"""

OPML = """<?xml version="1.0" encoding="UTF-8"?>
<!-- exported -->
<opml version="2.0"><head><title>mine</title></head><body>
  <outline text="News">
    <outline type="rss" text="Gazette &amp; Sons" xmlUrl="https://gazette.example/rss.xml"/>
    <outline type="rss" title="Gazette again" xmlUrl="https://gazette.example/rss.xml"/>
    <outline type="rss" text="local" xmlUrl="file:///etc/passwd"/>
  </outline>
  <outline type="rss" text="" xmlUrl=" http://northwire.example/feed "/>
</body></opml>"""


def test_feeds_of_a_toml_have_the_defaults_and_ids_from_their_address() -> None:
    gazette, northwire = from_toml(TOML)
    assert gazette == SourceConfig(
        source_id="gazette.example/rss.xml", url="https://www.gazette.example/rss.xml", language="en", floor_s=7200
    )
    assert (northwire.source_id, northwire.floor_s, northwire.cap_s) == ("northwire", 900, 43_200)
    assert (northwire.full_text, northwire.enabled, northwire.language) == ("page", False, "en")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[feed", "not TOML"),
        ("[[feeds]]\nurl = 1", "unknown table [feeds]"),
        ("feed = 3", "a list of tables"),
        ("[[feed]]\nname = 'x'", "feed 1: "),
        ("[[feed]]\nurl = 'https://a.example/'\nuri = 'x'", "feed 1: unknown key 'uri'"),
        ("[[feed]]\nurl = 'file:///etc/passwd'", "feed 1: url"),
        ("[[feed]]\nurl = 'https://a.example/'\nevery = 'often'", "'often' is no time"),
        ("[[feed]]\nurl = 'https://a.example/'\n" * 2, "two feeds have the id 'a.example'"),
    ],
)
def test_a_toml_that_is_off_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        from_toml(text)
    assert said in str(caught.value)


def test_feeds_of_an_opml_list_each_once_and_only_of_the_web() -> None:
    gazette, northwire = from_opml(OPML.encode())
    assert (gazette.source_id, gazette.name) == ("gazette.example/rss.xml", "Gazette & Sons")
    assert (northwire.url, northwire.name) == ("http://northwire.example/feed", None)


def test_what_is_written_as_opml_is_read_as_the_same_feeds() -> None:
    configs = [
        SourceConfig(source_id="a.example/?x=1&y=<2>", url="https://a.example/?x=1&y=<2>", name='"A" & <B>\x07'),
        SourceConfig(source_id="b.example", url="https://b.example"),
    ]
    again = from_opml(to_opml(configs).encode())
    assert [(each.source_id, each.url) for each in again] == [(each.source_id, each.url) for each in configs]
    assert [each.name for each in again] == ['"A" & <B>', "b.example"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not OPML"),
        (b"<html></html>", "the root is <html>"),
        (b"<opml><body>", "not OPML"),
        (b"<!DOCTYPE opml [<!ENTITY a 'b'>]><opml/>", "DTD"),
        (OPML.encode("utf-16"), "UTF-16"),
        (b"<opml>" + b"<outline>" * 300 + b"</outline>" * 300 + b"</opml>", "not OPML"),
        (b" " * (8 * 1024 * 1024 + 1), "more than"),
    ],
    ids=["empty", "html", "cut", "dtd", "utf16", "deep", "large"],
)
def test_a_list_that_is_off_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        from_opml(data)
    assert said in str(caught.value)


@pytest.mark.parametrize(("text", "value"), [("90s", 90), ("15m", 900), ("12h", 43_200), ("1d", 86_400)])
def test_times_are_written_short(text: str, value: float) -> None:
    assert seconds(text) == value


def test_an_id_from_an_address_is_short_and_the_same_for_http_and_https() -> None:
    assert source_id_of("https://www.a.example/rss/") == source_id_of("http://a.example/rss") == "a.example/rss"
