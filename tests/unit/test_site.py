"""The bundled news site: feeds in three formats that the poller reads, pages with junk around the text."""

from aiohttp import ClientSession

from streams.feeds.catalogue import from_toml
from streams.feeds.entries import content_of, identify
from streams.feeds.parse import ParsedFeed, parse_feed
from streams.local.site import serve
from streams.local.site.__main__ import feeds_toml
from streams.local.site.articles import articles, outlets


async def test_each_outlet_has_a_feed_of_its_format_and_pages() -> None:
    formats, whole, links = {}, {}, []
    async with serve() as site, ClientSession() as session:
        for config in from_toml(feeds_toml(site)):
            async with session.get(config.url) as response:
                feed = parse_feed(await response.read(), response.content_type, response.charset, config.url)
            assert isinstance(feed, ParsedFeed)
            formats[config.source_id] = feed.format
            found = [each.entry for each in identify(feed.entries)]
            whole[config.source_id] = sum(content_of(entry) is not None for entry in found)
            links += [entry.link for entry in found if entry.link]
        async with session.get(links[0]) as response:
            page = await response.text()
        async with session.get(f"http://127.0.0.1:{site.port}/gazette/no-such") as response:
            assert response.status == 404
    assert formats == {each.id: each.format for each in outlets()}
    assert whole == {"gazette": 0, "northwire": 4, "harbourpost": 4}
    assert len(links) == site.articles == len(articles()) == 12
    assert "Captain Jorunn Vasse" in page
    assert "Sign up for our newsletter" in page


async def test_a_feed_that_did_not_change_is_not_sent_again() -> None:
    async with serve() as site, ClientSession() as session:
        url = site.feeds[0][2]
        async with session.get(url) as response:
            etag = response.headers["ETag"]
        async with session.get(url, headers={"If-None-Match": etag}) as response:
            assert (response.status, await response.read()) == (304, b"")
