"""What the pusher claims, weighed against what the document says."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas import Source
from streams.stages.claims import Choice, choose
from streams.text.dates import parse_date
from streams.text.reading import Found, Reading
from tests.builders import raw_document

LATEST = datetime(2026, 3, 3, tzinfo=UTC)


def chosen(reading: dict[str, Any] | None = None, **claims: Any) -> Choice:
    """The choice between a reading's fields and claims."""
    return choose(raw_document("text", **claims), Reading(("text",), "test", **(reading or {})), latest=LATEST)


def dated(text: str, confidence: float) -> Found[Any]:
    """A date as a reader finds it."""
    return Found(parse_date(text), "page", confidence)


def test_the_surest_title_wins_and_says_how_it_was_found() -> None:
    guessed, stated = Found("The page's headline", "first-line", 0.8), Found("The header's", "header", 0.95)
    assert chosen({"title": guessed}, title="The claimed headline").title == Found("The claimed headline", "claim", 0.9)
    assert chosen({"title": stated}, title="The claimed headline").title == stated
    assert chosen({"title": guessed}).title == guessed
    assert chosen().title is None


@pytest.mark.parametrize("claim", ["", " \n", "https://gazette.example/bridge", "12", "\u200b"])
def test_a_claim_that_is_no_title_is_no_title(claim: str) -> None:
    assert chosen(title=claim).title is None


def test_a_title_loses_its_outlet() -> None:
    choice = chosen(title="Bridge reopens after repairs - The Gazette", source=Source(id="g", name="Gazette"))
    assert choice.title is not None
    assert choice.title.value == "Bridge reopens after repairs"


def test_authors_come_with_the_byline_that_was_believed() -> None:
    weak, strong = Found("Jane Doe", "trafilatura", 0.8), Found("By Jane Doe", "byline-line", 0.9)
    page = {"authors": ("Jane Doe",)}
    assert chosen({"byline": weak, **page}, byline="John Roe and AFP").authors == ("John Roe",)
    assert chosen({"byline": strong, **page}, byline="John Roe").authors == ("Jane Doe",)
    assert chosen().authors == ()


@pytest.mark.parametrize(
    ("claim", "page", "expected", "method"),
    [
        ("2026-03-01", None, "2026-03-01T00:00:00+00:00", "claim"),
        ("2026-03-01", dated("2026-02-20", 0.97), "2026-02-20T00:00:00+00:00", "page"),
        ("2026-03-01", dated("2026-02-20", 0.85), "2026-03-01T00:00:00+00:00", "claim"),
        ("2026-03-01", dated("2026-03-01T10:00:00Z", 0.85), "2026-03-01T10:00:00+00:00", "page"),
        ("2026-03-01T10:00:00Z", dated("2026-03-01", 0.97), "2026-03-01T10:00:00+00:00", "claim"),
        ("2027-03-01", dated("2026-03-01", 0.85), "2026-03-01T00:00:00+00:00", "page"),
        ("2027-03-01", None, None, None),
        ("some day", None, None, None),
    ],
)
def test_dates(claim: str, page: Found[Any] | None, expected: str | None, method: str | None) -> None:
    published = chosen({"published": page}, published_at=claim).published
    assert (published and published.value.value.isoformat(), published and published.method) == (expected, method)


def test_the_document_names_its_outlet_before_its_source_does() -> None:
    source = Source(id="g", name="A feed", domain="gazette.example")
    choice = chosen({"outlet": Found("The Gazette", "site-name", 0.9)}, source=source)
    assert choice.outlet is not None
    assert choice.outlet.value == "The Gazette"
    alone = chosen(source=source).outlet
    assert alone is not None
    assert (alone.value, alone.method) == ("A feed", "source")
    assert chosen().outlet is None


def test_the_canonical_url() -> None:
    urls = {"urls": ("https://www.gazette.example/a?utm_source=x",)}
    assert chosen(urls, url="https://m.gazette.example/a").canonical_url == "https://www.gazette.example/a"
    assert chosen(urls, source=Source(id="o", domain="other.example")).canonical_url is None
    assert chosen(url="not an address").canonical_url is None
