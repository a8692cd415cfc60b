"""What a web page says about itself: JSON-LD of an article, `meta` and `link` elements.

Knows the vocabularies of schema.org, Open Graph, Dublin Core, Parse.ly and Sailthru.
It reads dates, addresses and labels; titles and authors are better found by trafilatura
on pages at large (.80 against .73 and .58 against .32 on its own 990 documents).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from streams.text.dates import StatedDate, parse_date
from streams.text.reading import Found

__all__ = ["PageMeta", "read_meta"]

_JSON_LD = './/script[@type="application/ld+json"]'
_MAX_JSON_LD = 2_000_000
_MAX_NODES = 20_000
_MAX_METAS = 2000
_MAX_KEYWORDS = 50
_CONTROL = re.compile(r"[\x00-\x1f]")
_SCRIPT_WRAP = re.compile(
    r"^\s{0,99}(?:<!--|//\s{0,9}<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s{0,9}\]\]>|\]\]>)\s{0,99};?\s{0,99}$"
)
_ARTICLE_TYPE = re.compile(r"(?:\w{0,40}Article|\w{0,40}Posting|Report|Review|CreativeWork|WebPage)$")
_LESSER_TYPES = ("WebPage", "CreativeWork", "Review")

_PUBLISHED = (
    "article:published_time", "article:published", "og:published_time", "og:article:published_time", "datepublished",
    "parsely-pub-date", "sailthru.date", "dcterms.created", "dcterms.issued", "dc.date.issued", "dcterms.date",
    "dc.date.created", "dc.date", "dc.created", "citation_publication_date", "citation_date", "article_date_original",
    "article.published", "publish-date", "publish_date", "publishdate", "publication_date", "publication-date",
    "published_date", "published_time", "pubdate", "ptime", "cxenseparse:recs:publishtime", "rnews:datepublished",
    "date",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:updated_time", "article:updated_time", "datemodified", "dcterms.modified",
    "dc.date.modified", "last-modified", "lastmod", "revised",
)  # fmt: skip
_OUTLET = (
    "og:site_name",
    "application-name",
    "article:publisher",
    "dc.publisher",
    "publisher",
    "citation_journal_title",
)
_SECTION = ("article:section", "parsely-section", "dc.subject.section", "section", "category")
_SUMMARY = ("og:description", "description", "twitter:description", "dc.description")


@dataclass(frozen=True, slots=True)
class PageMeta:
    """A page's own statements; `urls` are its claims about its address, best first."""

    published: Found[StatedDate] | None = None
    modified: StatedDate | None = None
    urls: tuple[str, ...] = ()
    outlet: str | None = None
    section: str | None = None
    summary: str | None = None
    keywords: tuple[str, ...] = ()
    language: str | None = None


@dataclass(slots=True)
class _Statements:
    """First value of each name, in lower case, from `meta` elements; and the article's JSON-LD object."""

    metas: dict[str, str] = field(default_factory=dict)
    json_ld: Mapping[str, Any] = field(default_factory=dict)

    def first(self, names: tuple[str, ...]) -> str | None:
        return next((value for name in names if (value := self.metas.get(name))), None)


def read_meta(tree: Any) -> PageMeta:
    """Statements in a parsed page, an lxml element; nothing in it makes this raise."""
    said = _Statements(_metas(tree), _article_object(tree))
    json_ld = said.json_ld
    language = tree.get("lang") or said.metas.get("og:locale") or _text(json_ld.get("inLanguage"))
    return PageMeta(
        published=_published(tree, said),
        modified=_date(_text(json_ld.get("dateModified"))) or _date(said.first(_MODIFIED)),
        urls=tuple(_urls(tree, said)),
        outlet=said.metas.get("og:site_name") or _text(json_ld.get("publisher")) or said.first(_OUTLET),
        section=_text(json_ld.get("articleSection")) or said.first(_SECTION),
        summary=_text(json_ld.get("description")) or said.first(_SUMMARY),
        keywords=_keywords(json_ld.get("keywords") or said.metas.get("news_keywords") or said.metas.get("keywords")),
        language=language,
    )


def _metas(tree: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in _limited(tree.iter("meta"), _MAX_METAS):
        name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        content = (element.get("content") or "").strip()
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _published(tree: Any, said: _Statements) -> Found[StatedDate] | None:
    if date := _date(_text(said.json_ld.get("datePublished"))) or _date(_text(said.json_ld.get("dateCreated"))):
        return Found(date, "json-ld", 0.97)
    for name in _PUBLISHED:
        if date := _date(said.metas.get(name)):
            return Found(date, f"meta:{name}", 0.93)
    for element in _limited(tree.iter("time"), _MAX_METAS):
        marked = element.get("itemprop") == "datePublished" or element.get("pubdate") is not None
        if marked and (date := _date(element.get("datetime"))):
            return Found(date, "time-element", 0.9)
    return None


def _urls(tree: Any, said: _Statements) -> Iterator[str]:
    for element in _limited(tree.iter("link"), _MAX_METAS):
        if "canonical" in (element.get("rel") or "").lower().split() and element.get("href"):
            yield element.get("href")
            break
    for stated in (
        said.metas.get("og:url"),
        _text(said.json_ld.get("mainEntityOfPage"), "@id"),
        _text(said.json_ld.get("url")),
    ):
        if stated:
            yield stated


def _article_object(tree: Any) -> Mapping[str, Any]:
    """The JSON-LD object of the page's article: the first news type, else the first with a date at all."""
    candidates: list[Mapping[str, Any]] = []
    for element in _limited(tree.iterfind(_JSON_LD), _MAX_METAS):
        source = element.text or ""
        if len(source) <= _MAX_JSON_LD:
            candidates.extend(node for node in _objects(source) if _ARTICLE_TYPE.search(_type(node)))
    dated = [node for node in candidates if node.get("datePublished")]
    best = [node for node in dated if _type(node) not in _LESSER_TYPES]
    return next(iter(best or dated or candidates), {})


def _objects(source: str) -> list[Mapping[str, Any]]:
    """Every object in a JSON text that may be one, in document order; raw line breaks inside strings are mended."""
    text = _CONTROL.sub(" ", _SCRIPT_WRAP.sub("", source))
    try:
        # orjson refuses deep nesting and lone surrogates, which json accepts.
        waiting = [orjson.loads(text)]
    except orjson.JSONDecodeError:
        return []
    found: list[Mapping[str, Any]] = []
    for _ in range(_MAX_NODES):
        if not waiting:
            break
        node = waiting.pop()
        if isinstance(node, dict):
            found.append(node)
            waiting.extend(reversed([child for child in node.values() if isinstance(child, dict | list)]))
        elif isinstance(node, list):
            waiting.extend(reversed(node))
    return found


def _type(node: Mapping[str, Any]) -> str:
    stated = node.get("@type")
    names = stated if isinstance(stated, list) else [stated]
    return next((name for name in names if isinstance(name, str) and _ARTICLE_TYPE.search(name)), "")


def _text(value: Any, key: str = "name") -> str | None:
    """The text of a JSON-LD value: a text, an object by its name, or the first of a list."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get(key) or value.get("name")
    return value.strip() or None if isinstance(value, str) else None


def _keywords(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    found = dict.fromkeys(part.strip() for part in parts if isinstance(part, str) and part.strip())
    return tuple(found)[:_MAX_KEYWORDS]


def _date(text: str | None) -> StatedDate | None:
    return parse_date(text) if text else None


def _limited(elements: Any, limit: int) -> Iterator[Any]:
    for _, element in zip(range(limit), elements, strict=False):
        yield element
