"""What the bundled site has to tell: `articles.toml`, read once."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

__all__ = ["Article", "Outlet", "articles", "outlets"]


@dataclass(frozen=True, slots=True)
class Outlet:
    """One of the site's outlets, and the format of its feed."""

    id: str
    name: str
    format: Literal["rss", "atom", "json"]


@dataclass(frozen=True, slots=True)
class Article:
    """One invented article."""

    outlet: str
    slug: str
    author: str
    published: datetime
    title: str
    paragraphs: tuple[str, ...]


def outlets() -> tuple[Outlet, ...]:
    """The outlets, in the order of the file."""
    return tuple(Outlet(**each) for each in _file()["outlet"])


@cache
def articles() -> tuple[Article, ...]:
    """The articles, in the order of the file."""
    return tuple(_article(**each) for each in _file()["article"])


def _article(*, text: str, published: str, **fields: str) -> Article:
    paragraphs = tuple(part.strip() for part in text.split("\n\n") if part.strip())
    return Article(published=datetime.fromisoformat(published), paragraphs=paragraphs, **fields)


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((files("streams.local.site") / "articles.toml").read_text(encoding="utf-8"))
