"""Normalization on real pages nothing of ours was trained on: each figure has a floor.

Plain text: the pages of `tests.quality.plaintext` that the line model has not seen. Web pages:
a slice of the Fundus and WCXB sets, as bytes, through the whole stage. Compared is the text of
the article with its dateline put back, and for clean input, which starts with the article's
first line, with its title too.
"""

import base64
import hashlib
import json
import lzma
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from schemas import Article, Source
from streams.outcome import Ok
from streams.stages.normalize import normalize
from tests.builders import raw_document
from tests.quality.plaintext import Page, pages
from tests.quality.scores import shingle_score, word_f1

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "extraction"
FLOORS: dict[str, Any] = json.loads(Path(__file__).with_name("floors.json").read_bytes())["normalize"]

# After the last page of the sets was published.
SEEN_AT = datetime(2026, 11, 1, tzinfo=UTC)

pytestmark = [
    pytest.mark.quality,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data"),
]


def article_of(content: str, **changes: Any) -> Article | None:
    """The article made of a document, None when it is dead."""
    outcome = normalize(raw_document(content, first_seen_at=SEEN_AT, source=Source(id="set"), **changes))
    if not isinstance(outcome, Ok):
        return None
    (value,) = outcome.values
    assert isinstance(value, Article)
    return value


def text_of(article: Article | None, *, title: bool = False) -> str:
    """What is compared with a gold text."""
    if article is None:
        return ""
    parts = [article.title if title else None, article.dateline.text if article.dateline else None, article.body_text]
    return "\n".join(part for part in parts if part)


@cache
def held_out() -> tuple[Page, ...]:
    return tuple(page for page in pages(DATA / "plaintext_lines.jsonl.xz") if page.held_out)


@pytest.mark.parametrize("dataset", ["fundus_tests", "wcxb_articles"])
@pytest.mark.parametrize("regime", ["clean", "resid", "full"])
def test_plain_text(dataset: str, regime: str) -> None:
    group = [page for page in held_out() if (page.dataset, page.regime) == (dataset, regime)]
    clean = regime == "clean"
    pairs = [(page.gold, text_of(article_of("\n".join(page.lines)), title=clean)) for page in group]
    score = shingle_score(pairs)
    measured = score.recall if clean else score.f1
    assert measured >= FLOORS[f"text_{dataset}_{regime}"], score


def slice_of(name: str, every: int) -> Iterator[dict[str, Any]]:
    """Each `every`-th record of a set of pages."""
    with lzma.open(DATA / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % every == 0:
                yield json.loads(line)


def page_article(row: dict[str, Any]) -> Article | None:
    """The article of a record's page, whose bytes are what the site sent."""
    encoded = row.get("html_b64") or base64.b64encode(row["html"].encode("utf-8", "surrogatepass")).decode()
    return article_of(encoded, content_encoding="base64", media_type="text/html", url=row.get("url") or None)


def day_of(article: Article | None) -> str | None:
    """The day an article states, None when it states less."""
    if article is None or article.published_at is None or article.published_precision in {"year", "month"}:
        return None
    return article.published_at.date().isoformat()


def share(hits: Iterable[bool]) -> float:
    found: Sequence[bool] = list(hits)
    return sum(found) / len(found)


@pytest.mark.parametrize(("name", "every"), [("fundus_tests", 2), ("wcxb_articles", 6)])
def test_web_pages(name: str, every: int) -> None:
    rows = list(slice_of(name, every))
    found = [page_article(row) for row in rows]
    pairs = [(row["text"], text_of(article)) for row, article in zip(rows, found, strict=True)]
    score = shingle_score(pairs)
    words = share_of_words(pairs)
    days = share(day_of(article) == row["date"][:10] for row, article in zip(rows, found, strict=True) if row["date"])
    measured = {f"html_{name}_f1": score.f1, f"html_{name}_words": words, f"html_{name}_day": days}
    assert all(value >= FLOORS[key] for key, value in measured.items()), measured


def share_of_words(pairs: Sequence[tuple[str, str]]) -> float:
    """Mean word F1."""
    return sum(word_f1(gold, text) for gold, text in pairs) / len(pairs)


@pytest.mark.parametrize("name", ["plaintext_lines", "fundus_tests", "wcxb_articles"])
def test_the_floors_are_of_these_files(name: str) -> None:
    digest = hashlib.sha256((DATA / f"{name}.jsonl.xz").read_bytes()).hexdigest()
    assert digest == FLOORS["corpus_sha256"][name]
