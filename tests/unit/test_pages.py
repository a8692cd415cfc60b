"""The pages over a read model of a small day of news: what they say, allow and send."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from schemas import RawDocument, Source
from streams.api.pages.rendering import CONTENT_SECURITY_POLICY, STATIC
from tests.api_builders import called, serving
from tests.builders import SEEN_AT
from tests.readmodel_builders import of_documents

PAGES = ("/", "/?sort=latest", "/search", "/search?q=ferry", "/pipeline")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest_asyncio.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    with serving(folder / "model.sqlite") as app:
        async with called(app) as opened:
            yield opened


class Outline(HTMLParser):
    """Links, scripts and inline code of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.headings = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.headings += tag == "h1"
        self.inline += [name for name in found if name.startswith("on") or name == "style"]
        if tag == "a":
            self.links.append(found.get("href") or "")
        if tag in ("script", "link", "img", "iframe") and found.get("rel") != "alternate":
            self.loaded.append(found.get("src") or found.get("href") or f"inline {tag}")
        if tag == "style":
            self.inline.append("style element")


async def test_every_link_of_every_page_leads_somewhere(client: httpx.AsyncClient) -> None:
    waiting, seen = list(PAGES), set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = await client.get(path)
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        outline = Outline(answer.text)
        assert (outline.inline, outline.headings) == ([], 1), path
        assert all(each.startswith("/static/") for each in outline.loaded), path
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        kinds = ("/stories", "/articles", "/entities", "/trace", "/search", "/?")
        waiting += [link.partition("#")[0] for link in outline.links if link.startswith(kinds)]
        for each in outline.loaded:
            assert (await client.get(each)).status_code == 200
    assert {path.split("/")[1] for path in seen} >= {"stories", "articles", "entities", "trace"}


async def test_a_story_says_why_an_article_is_there(client: httpx.AsyncClient) -> None:
    (story,) = (await client.get("/v1/stories?q=ferry")).json()["items"]
    text = (await client.get(f"/stories/{story['story_id']}")).text
    assert "The story began with it." in text
    assert re.search(r"It joined with similarity\s+<meter", text)
    assert "Coverage" in text


async def test_an_unchanged_page_is_not_sent_again_and_a_sent_one_is_packed(client: httpx.AsyncClient) -> None:
    first = await client.get("/pipeline-of-nothing")
    assert first.status_code == 404
    page = await client.get("/search?q=ferry")
    assert page.headers["content-encoding"] == "gzip"
    plain = await client.get("/search?q=ferry", headers={"accept-encoding": "identity"})
    assert plain.text == page.text
    for path in [f"/static/{name}" for name in STATIC]:
        answer = await client.get(path)
        again = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/stories/sty_none", "/articles/art_none", "/entities/ent_none", "/trace/nothing"])
async def test_what_is_not_there_is_a_page_too(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "Not here" in answer.text
    assert (await client.get("/?cursor=nonsense")).status_code == 400


async def test_without_a_read_model_the_pages_say_so(tmp_path: Path) -> None:
    with serving(tmp_path / "model.sqlite") as app:
        app.state.services.reader._path = tmp_path / "missing.sqlite"
        async with called(app) as client:
            answer = await client.get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "Warming up" in answer.text


async def test_no_text_becomes_markup(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    document = RawDocument(
        document_id="doc_1",
        source=Source(id=evil[:60]),
        url="javascript:alert(3)",
        title=evil,
        content=f"The bridge of Tarnmouth was closed {evil} on Monday, said Ilse Varga, the mayor.\n",
        first_seen_at=SEEN_AT,
    )
    with serving(tmp_path / "model.sqlite", of_documents([document])) as app:
        async with called(app) as client:
            (article,) = (await client.get("/v1/articles")).json()["items"]
            paths = ["/", f"/stories/{article['story_id']}", f"/articles/{article['article_id']}"]
            for path in [*paths, f"/search?q={evil}", f"/trace/{article['article_id']}", "/search?q=bridge"]:
                answer = await client.get(path)
                outline = Outline(answer.text)
                assert answer.status_code == 200
                assert (outline.inline, [each for each in outline.loaded if "/static/" not in each]) == ([], [])
                assert not [link for link in outline.links if "javascript" in link and not link.startswith("/")]


async def test_what_has_no_title_shows_how_it_begins(tmp_path: Path) -> None:
    document = RawDocument(
        document_id="doc_1",
        source=Source(id="gazette"),
        content="The bridge of Tarnmouth was closed on Monday. Nobody knows why, said Ilse Varga, the mayor.\n",
        first_seen_at=SEEN_AT,
    )
    begins = "The bridge of Tarnmouth was closed on Monday.</"
    with serving(tmp_path / "model.sqlite", of_documents([document])) as app:
        async with called(app) as client:
            (article,) = (await client.get("/v1/articles")).json()["items"]
            assert article["title"] is None
            story = f"/stories/{article['story_id']}"
            shown = {path: (await client.get(path)).text for path in ("/", story, f"/articles/{article['article_id']}")}
            feed = (await client.get("/feeds/stories.json")).json()
    # The page's name, its heading, the link to the story; on a story's the member.
    assert [text.count(begins) for text in shown.values()] == [1, 2, 2]
    assert not [path for path, text in shown.items() if "Without a title" in text]
    assert [item["title"] for item in feed["items"]] == ["The bridge of Tarnmouth was closed on Monday."]
