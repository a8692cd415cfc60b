"""A real Chromium for tests of the pages: it keeps what a page asked for, said and tried."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, sync_playwright

__all__ = ["SHOTS", "Visit", "executable", "opened_browser", "visiting"]

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE_MS = 60_000


def executable() -> str | None:
    """The system's Chromium, if there is one."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """The browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that is open, and everything suspicious that it did."""

    page: Page
    base: str
    trouble: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)

    def to(self, path: str) -> None:
        """Go there; a page for a 404 is trouble."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200, path

    def shoot(self, name: str, *, whole: bool = True) -> None:
        """Keep a picture for people to look at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=whole)

    def alarmed(self, dialog: Dialog) -> None:
        """A dialog has opened: some script ran that is not ours."""
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def heard(self, said: ConsoleMessage) -> None:
        """The browser complains, of what the policy forbids, too."""
        if said.type in ("error", "warning"):
            self.trouble.append(said.text)

    def strangers(self) -> list[str]:
        """Requests that left our origin."""
        ours = urlsplit(self.base)
        return [url for url in self.requests if urlsplit(url)[:2] != ours[:2] and not url.startswith("data:")]

    def overflows(self) -> bool:
        """Whether something is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@contextmanager
def visiting(browser: Browser, base: str, **options: Any) -> Iterator[Visit]:
    """A window of its own: nothing is shared with others."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    visit = Visit(page, base.rstrip("/"))
    page.on("dialog", visit.alarmed)
    page.on("pageerror", lambda error: visit.trouble.append(f"error: {error}"))
    page.on("console", visit.heard)
    page.on("popup", lambda other: visit.trouble.append(f"popup: {other.url}"))
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("requestfinished", lambda request: visit.received.update({request.url: _bytes(request)}))
    yield visit
    context.close()


def _bytes(request: Any) -> int:
    return int(request.sizes()["responseBodySize"])
