"""The pages in a real Chromium: stories arrive by themselves, and no article does any harm."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, expect

from schemas import RawDocument, Source
from streams.clock import now
from streams.demo import samples
from streams.endpoint import Endpoint
from streams.ingest import IngestOptions, Refused, documents
from streams.ingest.push import push
from streams.local.broker import Broker
from streams.settings import Settings
from tests.integration.chromium import Visit, executable, opened_browser, visiting

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(300),
    pytest.mark.skipif(executable() is None, reason="no Chromium here: apt-get install chromium"),
]

KIM = re.compile("Kim Jong Un", re.IGNORECASE)
PATIENCE_MS = 120_000
READY_S = 60

expect.set_options(timeout=PATIENCE_MS)

HOSTILE_TITLE = '<img src=x onerror=alert(1)> "><script>alert(2)</script> \u202e drawkcab {{ 7*7 }}'
HOSTILE_SOURCE = 'evil" onmouseover="alert(3)'
HOSTILE_TEXT = (
    "The swing bridge of Tarnmouth was closed <script>alert(4)</script> on Monday, said Ilse Varga, the mayor of the "
    'town, and " onfocus=alert(5) autofocus x=" nobody knows <svg/onload=alert(6)> for how long it will be so.\n\n'
    "\u202eEngineers who looked at the bridge found cracks\u202c </p></article><iframe src=//evil.example></iframe> "
    "that are too small to be seen by eye, officials of the council of Tarnmouth admitted.\n\n"
    + "W"
    * 4000
    + "\n\nA report on the bridge was kept back for months, and <a href=javascript:alert(7)>Ilse Varga</a> has led the "
    "inquiry since it was opened; https://evil.example/track.gif is where its owner sends those who ask.\n"
)


@dataclass(frozen=True)
class Site:
    """A system that serves its pages."""

    url: str
    bootstrap: str
    settings: Settings

    def push(self, raw: Iterable[RawDocument | Refused]) -> None:
        with ThreadPoolExecutor(1) as aside:  # playwright has an event loop in this thread
            report = aside.submit(asyncio.run, push(Endpoint(self.bootstrap), self.settings, raw)).result()
        assert report.refused == 0


@pytest.fixture(scope="module")
def site(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = Settings(
        broker=broker.bootstrap,
        lane=f"t-{uuid4().hex[:12]}",
        state_dir=tmp_path_factory.mktemp("site"),
        partitions=2,
        processes=1,
        api_port=0,
        api_rate=0,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "streams", "up", "--serve"],
        stderr=subprocess.PIPE,
        text=True,
        env=settings.environment(),
        start_new_session=True,
    )
    try:
        url = address(process)
        ready(url)
        yield Site(url, broker.bootstrap, settings)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    said = []
    while line := process.stderr.readline():
        if line.startswith("serving "):
            return line.split()[1]
        said.append(line)
    raise AssertionError("".join(said))


def ready(url: str) -> None:
    """Wait until the read model can be asked: the server listens before."""
    deadline = time.monotonic() + READY_S
    while httpx.get(f"{url}readyz", timeout=READY_S).status_code != httpx.codes.OK:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as opened:
        yield opened


def open_reasons(visit: Visit) -> None:
    """Of all members: either of the two samples may have been the first to come through."""
    expect(visit.page.get_by_text("Why is this here?")).to_have_count(2)
    for reason in visit.page.get_by_text("Why is this here?").all():
        reason.click()


def test_a_story_arrives_on_the_open_page(site: Site, browser: Browser) -> None:
    with visiting(browser, site.url) as visit:
        visit.to("/")
        expect(visit.page.get_by_role("status")).to_have_text("Live")
        expect(visit.page.get_by_role("heading", name="No stories yet")).to_be_visible()
        visit.page.evaluate("window.stayed = true")
        site.push(documents([samples()], options=IngestOptions(now=now())))
        story = visit.page.get_by_role("link", name=KIM).first
        expect(story).to_be_visible()
        expect(visit.page.get_by_text("2 articles from 1 source")).to_be_visible()
        assert visit.page.evaluate("window.stayed") is True, "it was not loaded anew"
        visit.shoot("front", whole=False)
        story.click()
        expect(visit.page.get_by_role("heading", name="Coverage")).to_be_visible()
        open_reasons(visit)
        expect(visit.page.get_by_text("It joined with similarity")).to_be_visible()
        visit.shoot("story")
        visit.page.locator("#members").locator("..").get_by_role("link", name=KIM).first.click()
        expect(visit.page.locator(".prose a.mark").first).to_be_visible()
        visit.page.get_by_text("What was taken out").click()
        visit.page.get_by_text("Where each field comes from").click()
        visit.shoot("article")
        visit.page.get_by_role("link", name="Trace").click()
        expect(visit.page.get_by_text("article_added").or_(visit.page.get_by_text("created")).first).to_be_visible()
        visit.to("/pipeline")
        expect(visit.page.get_by_role("heading", name="normalize")).to_be_visible()
        visit.shoot("pipeline")
        assert (visit.trouble, visit.strangers()) == ([], [])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("front-dark", {"color_scheme": "dark"}),
        ("front-phone", {"viewport": {"width": 390, "height": 844}, "is_mobile": True}),
    ],
)
def test_it_fits_the_dark_and_the_phone(site: Site, browser: Browser, name: str, options: dict[str, object]) -> None:
    with visiting(browser, site.url, **options) as visit:
        visit.to("/")
        expect(visit.page.get_by_role("link", name=KIM).first).to_be_visible()
        visit.shoot(name)
        assert not visit.overflows()
        assert visit.trouble == []


def test_every_page_can_be_read_without_javascript(site: Site, browser: Browser) -> None:
    with visiting(browser, site.url, java_script_enabled=False) as visit:
        visit.to("/")
        visit.page.get_by_role("link", name=KIM).first.click()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text(KIM)
        open_reasons(visit)
        expect(visit.page.get_by_text("The story began with it.").first).to_be_visible()
        visit.page.locator("#members").locator("..").get_by_role("link", name=KIM).first.click()
        expect(visit.page.locator(".prose")).to_contain_text("KCNA")
        visit.page.get_by_role("searchbox").fill("Aurus")
        visit.page.get_by_role("searchbox").press("Enter")
        expect(visit.page.locator("mark").first).to_have_text("Aurus")


def test_a_hostile_article_stays_text(site: Site, browser: Browser) -> None:
    at = now()
    site.push(
        RawDocument(
            document_id=f"doc_hostile_{number}",
            source=Source(id=HOSTILE_SOURCE, name=HOSTILE_SOURCE),
            url=url,
            title=HOSTILE_TITLE,
            content=f"{HOSTILE_TEXT}\n\nPart {number}.",
            first_seen_at=at,
        )
        for number, url in enumerate(("javascript:alert(8)", 'https://evil.example/"><script>alert(9)</script>'))
    )
    with visiting(browser, site.url) as visit:
        visit.to("/")
        hostile = visit.page.get_by_role("link", name=re.compile("onerror=alert")).first
        expect(hostile).to_be_visible()
        assert not visit.overflows()
        hostile.click()
        for details in visit.page.locator("summary").all():
            details.click()
        assert not visit.overflows()
        visit.page.locator("#members").locator("..").get_by_role("link", name=re.compile("onerror")).first.click()
        expect(visit.page.locator(".prose")).to_contain_text("WWWW")
        visit.shoot("hostile")
        assert not visit.overflows()
        for link in visit.page.get_by_role("link").all():
            assert re.match(r"/|#|https?://", link.get_attribute("href") or ""), link
        visit.to("/search?q=" + '"><script>alert(10)</script>')
        visit.page.wait_for_timeout(300)
        assert (visit.trouble, visit.strangers()) == ([], [])
        assert visit.page.locator("iframe, svg[onload], img, [onmouseover], [onfocus]").count() == 0


def test_the_pages_are_light(site: Site, browser: Browser) -> None:
    with visiting(browser, site.url, java_script_enabled=False) as visit:
        visit.to("/")
        visit.page.wait_for_timeout(200)
        assert len(visit.received) <= 3, "the page, its style, its icon"
        assert sum(visit.received.values()) < 60_000
