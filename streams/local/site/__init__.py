"""A little news site of our own on the loopback interface: three outlets, each with a feed, and pages with web junk."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape

import orjson
from aiohttp import web

from streams.local.site.articles import Article, Outlet, articles, outlets

__all__ = ["Site", "serve"]

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} - {outlet}</title>
<link rel="canonical" href="{url}"><meta property="og:site_name" content="{outlet}">
<meta name="author" content="{author}"><meta property="article:published_time" content="{published}"></head>
<body><header><nav><a href="/">Home</a> <a href="/sport">Sport</a> <a href="/weather">Weather</a></nav>
<p>We use cookies to make this site better. <button>Accept all</button></p></header>
<main><article><h1>{title}</h1><p class="byline">By {author}</p>
<ul class="share"><li>Share</li><li>Tweet</li><li>Email</li></ul>
{text}
<p class="advert">Advertisement</p><form><p>Sign up for our newsletter</p><input type="email"></form>
</article><aside><h2>Most read</h2><ul><li>Ten soups for March</li><li>Tide tables</li></ul></aside></main>
<footer><p>(c) {outlet}. All rights reserved.</p></footer></body></html>
"""


@dataclass(frozen=True, slots=True)
class Site:
    """The site while it is served; `feeds` are (source id, name, URL of the feed)."""

    port: int
    feeds: tuple[tuple[str, str, str], ...]
    articles: int


@asynccontextmanager
async def serve(port: int = 0) -> AsyncIterator[Site]:
    """Serve the site on a port of 127.0.0.1, by default a free one, for the time of the context."""
    app = web.Application()
    app.router.add_get("/robots.txt", _robots)
    app.router.add_get("/{outlet}/feed", _feed)
    app.router.add_get("/{outlet}/{slug}", _page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        port = int(runner.addresses[0][1])
        feeds = tuple((each.id, each.name, f"http://127.0.0.1:{port}/{each.id}/feed") for each in outlets())
        yield Site(port, feeds, len(articles()))
    finally:
        await runner.cleanup()


async def _robots(_: web.Request) -> web.Response:
    return web.Response(text="User-agent: *\nDisallow: /private/\n")


async def _feed(request: web.Request) -> web.Response:
    outlet = next((each for each in outlets() if each.id == request.match_info["outlet"]), None)
    if outlet is None:
        raise web.HTTPNotFound
    found = [article for article in articles() if article.outlet == outlet.id]
    base = f"{request.scheme}://{request.host}/{outlet.id}"
    text, media_type = {"rss": _rss, "atom": _atom, "json": _json}[outlet.format](outlet, found, base)
    response = web.Response(text=text, content_type=media_type)
    response.etag = str(len(text))
    if response.etag in (request.if_none_match or ()):
        return web.Response(status=304)
    return response


async def _page(request: web.Request) -> web.Response:
    wanted = (request.match_info["outlet"], request.match_info["slug"])
    article = next((each for each in articles() if (each.outlet, each.slug) == wanted), None)
    if article is None:
        raise web.HTTPNotFound
    named = {each.id: each.name for each in outlets()}
    page = _PAGE.format(
        title=escape(article.title),
        outlet=escape(named[article.outlet]),
        author=escape(article.author),
        published=article.published.isoformat(),
        url=escape(str(request.url)),
        text=_html(article),
    )
    return web.Response(text=page, content_type="text/html")


def _html(article: Article) -> str:
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in article.paragraphs)


def _rss(outlet: Outlet, found: Sequence[Article], base: str) -> tuple[str, str]:
    items = "".join(
        f"<item><title>{escape(each.title)}</title><link>{base}/{each.slug}</link>"
        f'<guid isPermaLink="false">{outlet.id}-{each.slug}</guid>'
        f"<pubDate>{format_datetime(each.published)}</pubDate>"
        f"<description>{escape(each.paragraphs[0])}</description></item>"
        for each in found
    )
    head = f"<title>{escape(outlet.name)}</title><link>{base}</link><description>News</description>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>',
        "application/rss+xml",
    )


def _atom(outlet: Outlet, found: Sequence[Article], base: str) -> tuple[str, str]:
    entries = "".join(
        f"<entry><id>tag:{outlet.id}.example,2026:{each.slug}</id><title>{escape(each.title)}</title>"
        f'<link href="{base}/{each.slug}"/><author><name>{escape(each.author)}</name></author>'
        f"<published>{each.published.isoformat()}</published><updated>{each.published.isoformat()}</updated>"
        f'<content type="html">{escape(_html(each))}</content></entry>'
        for each in found
    )
    head = f"<id>tag:{outlet.id}.example,2026:feed</id><title>{escape(outlet.name)}</title>"
    head += f"<updated>{max(each.published for each in found).isoformat()}</updated>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}</feed>',
        "application/atom+xml",
    )


def _json(outlet: Outlet, found: Sequence[Article], base: str) -> tuple[str, str]:
    items = [
        {
            "id": f"{outlet.id}/{each.slug}",
            "url": f"{base}/{each.slug}",
            "title": each.title,
            "content_html": _html(each),
            "date_published": each.published.isoformat(),
            "authors": [{"name": each.author}],
        }
        for each in found
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": outlet.name, "home_page_url": base, "items": items}
    return orjson.dumps(feed).decode(), "application/feed+json"
