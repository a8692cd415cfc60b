"""Feeds out, read by parsers that are not ours: what a reader sees is what there is, whatever the texts hold."""

from calendar import timegm
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import fastfeedparser
import feedparser
import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.api.syndication import Channel, Entry, json_feed, rss
from tests.api_builders import called, serving
from tests.builders import SEEN_AT, seen_at

CHANNEL = Channel("newsloom", "Stories", "http://127.0.0.1:8600/", "http://127.0.0.1:8600/feeds/stories.rss")

# The required and the constrained members of https://www.jsonfeed.org/version/1.1/
_URL = {"type": "string", "pattern": "^https?://"}
_DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
JSON_FEED_1_1 = {
    "type": "object",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string"},
        "home_page_url": _URL,
        "feed_url": _URL,
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}],
                "properties": {
                    "id": {"type": "string"},
                    "url": _URL,
                    "external_url": _URL,
                    "title": {"type": "string"},
                    "date_published": _DATE,
                    "date_modified": _DATE,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "authors": {"type": "array", "items": {"type": "object", "minProperties": 1}},
                    "language": {"type": "string"},
                },
            },
        },
    },
}


def entry(**changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "id": "urn:newsloom:story:sty_1",
        "title": 'Fähre & <b>Brücke</b> "reopen"',
        "summary": "One ]]> two <script>alert(1)</script>",
        "page": "http://127.0.0.1:8600/stories/sty_1",
        "published_at": SEEN_AT,
        "modified_at": seen_at(90),
    }
    return Entry(**fields | changes)


def test_two_independent_parsers_read_the_rss() -> None:
    more = entry(
        id="urn:newsloom:article:art_1", author="The Gazette", language="de", tags=("Ilse Varga",),
        original="https://gazette.example/1?a=b&c=d",
    )  # fmt: skip
    text = rss(CHANNEL, [entry(), more])
    found = feedparser.parse(text)
    assert not found.bozo
    assert found.version == "rss20"
    assert (found.feed.title, found.feed.link, found.feed.description) == ("newsloom", CHANNEL.page, "Stories")
    assert [link.href for link in found.feed.links if link.rel == "self"] == [CHANNEL.here]
    one, other = found.entries
    assert (one.id, one.guidislink, one.link) == (entry().id, False, entry().page)
    assert timegm(one.published_parsed) == seen_at(90).timestamp()
    assert (other.author, [tag.term for tag in other.tags]) == ("The Gazette", ["Ilse Varga"])
    assert [link.href for link in other.links if link.rel == "via"] == ["https://gazette.example/1?a=b&c=d"]
    fast = fastfeedparser.parse(text)
    assert [each["id"] for each in fast["entries"]] == [entry().id, more.id]
    assert [each["title"] for each in fast["entries"]] == [entry().title] * 2


def test_markup_in_a_text_stays_text() -> None:
    text = rss(CHANNEL, [entry()])
    assert b"<script" not in text
    assert b"<b>" not in text


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_a_feed(title: str, summary: str) -> None:
    made = [entry(title=title, summary=summary)]
    assert not feedparser.parse(rss(CHANNEL, made)).bozo
    item = orjson.loads(json_feed(CHANNEL, made))["items"][0]
    assert item["title"] == title


def test_the_json_feed_is_one() -> None:
    feed = orjson.loads(
        json_feed(CHANNEL, [entry(), entry(id="b", summary="", author="A", language="de", tags=("x",))])
    )
    jsonschema.validate(feed, JSON_FEED_1_1)
    assert feed["items"][0]["date_modified"] == "2026-03-01T13:30:00+00:00"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model") / "model.sqlite"


async def test_feeds_are_served_and_not_sent_again(model: Path) -> None:
    with serving(model) as app:
        async with called(app) as client:
            stories = await client.get("/feeds/stories.rss")
            found = feedparser.parse(stories.content)
            assert stories.headers["content-type"].startswith("application/rss+xml")
            assert found.entries
            assert not found.bozo
            page = await client.get(found.entries[0].link)
            assert page.status_code == 200
            entity = next(iter((await client.get("/v1/entities")).json()["items"]))
            addresses = [f"/feeds/entities/{entity['entity_id']}", "/feeds/search", "/feeds/stories"]
            for address in addresses:
                query = "?q=the" if "search" in address else ""
                one, other = [await client.get(f"{address}.{form}{query}") for form in ("rss", "json")]
                feed = other.json()
                jsonschema.validate(feed, JSON_FEED_1_1)
                ids = [item["id"] for item in feed["items"]]
                assert ids
                assert ids == [each.id for each in feedparser.parse(one.content).entries]
                assert feed["feed_url"] == f"http://127.0.0.1:8600{address}.json{query}"
                for answer in (one, other):
                    known = {"if-none-match": answer.headers["etag"]}
                    dated = {"if-modified-since": answer.headers["last-modified"]}
                    assert parsedate_to_datetime(dated["if-modified-since"]).tzinfo
                    for headers in (known, dated):
                        assert (await client.get(str(answer.url), headers=headers)).status_code == 304
                    assert (
                        await client.get(str(answer.url), headers=dated | {"if-none-match": '"x"'})
                    ).status_code == 200


async def test_what_is_not_there_is_no_feed(model: Path) -> None:
    with serving(model) as app:
        async with called(app) as client:
            for path, status in (("entities/ent_none.rss", 404), ("stories.atom", 422), ("search.rss", 422)):
                assert (await client.get(f"/feeds/{path}")).status_code == status
