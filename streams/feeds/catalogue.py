"""The catalogue as people write it: feeds.toml, and OPML from and to other feed readers. Pure.

[defaults]                      # for every feed below; any key but id and url
language = "en"

[[feed]]
url = "https://example.org/rss.xml"
id = "example"                  # by default the URL without its scheme
name = "The Example"
every = "15m"                   # shortest interval: s, m, h, d
at_most = "12h"                 # longest
full_text = "auto"              # auto, feed, page
owner_id = "example-group"      # also domain, country, language, enabled
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from lxml import etree
from pydantic import ValidationError

from schemas import SourceConfig
from streams.errors import InputError

__all__ = ["MAX_BYTES", "MAX_FEEDS", "from_opml", "from_toml", "seconds", "source_id_of", "to_opml"]

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_FEEDS: Final = 100_000
_DEPTH: Final = 64
_SCHEME: Final = re.compile(r"^https?://(www\.)?", re.IGNORECASE)
_DURATION: Final = re.compile(r"^([0-9]{1,7})([smhd])$")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NAMES: Final = {"id": "source_id", "every": "floor_s", "at_most": "cap_s"}
_DTD: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def source_id_of(url: str) -> str:
    """The id of a feed that has none of its own: its URL without the scheme and `www.`."""
    return _SCHEME.sub("", url.strip()).rstrip("/")[:256]


def seconds(text: str) -> float:
    """Seconds of `90s`, `15m`, `12h` or `1d`; InputError for anything else."""
    match = _DURATION.match(text.strip())
    if match is None:
        raise InputError(f"{text!r} is no time; write 90s, 15m, 12h or 1d")
    return float(match[1]) * _UNITS[match[2]]


def from_toml(text: str) -> list[SourceConfig]:
    """The feeds in the text of a feeds.toml; InputError says what is wrong with it and where."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"not TOML: {error}") from error
    if unknown := sorted(table.keys() - {"defaults", "feed"}):
        raise InputError(f"unknown table [{unknown[0]}]; there are [defaults] and [[feed]]")
    defaults, feeds = table.get("defaults", {}), table.get("feed", [])
    if not isinstance(defaults, dict) or not isinstance(feeds, list):
        raise InputError("[defaults] is a table, and [[feed]] a list of tables")
    return _all(
        _config({**defaults, **feed} if isinstance(feed, dict) else {}, number) for number, feed in _each(feeds)
    )


def _each(feeds: list[Any]) -> Iterator[tuple[int, Any]]:
    if len(feeds) > MAX_FEEDS:
        raise InputError(f"more than {MAX_FEEDS:,} feeds")
    return iter(enumerate(feeds, 1))


def _config(fields: Mapping[str, Any], number: int) -> SourceConfig:
    where = f"feed {number}"
    known = {*_NAMES, *SourceConfig.model_fields} - {*_NAMES.values()}
    if unknown := sorted(fields.keys() - known):
        raise InputError(f"{where}: unknown key {unknown[0]!r}; there are {', '.join(sorted(known))}")
    named = {_NAMES.get(name, name): value for name, value in fields.items()}
    for name in ("floor_s", "cap_s"):
        if isinstance(named.get(name), str):
            named[name] = seconds(named[name])
    if isinstance(named.get("url"), str):
        named.setdefault("source_id", source_id_of(named["url"]))
    try:
        return SourceConfig.model_validate(named)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise InputError(f"{where}: {field}: {first['msg']}") from error


def _all(found: Iterable[SourceConfig]) -> list[SourceConfig]:
    configs: dict[str, SourceConfig] = {}
    for config in found:
        if configs.setdefault(config.source_id, config) is not config:
            raise InputError(f"two feeds have the id {config.source_id!r}; give one of them another `id`")
    return list(configs.values())


def from_opml(data: bytes) -> list[SourceConfig]:
    """The feeds of an OPML list, each URL once; InputError when it is none, has a DTD, or is beyond the limits.

    Outlines without `xmlUrl` are folders; an address that is not http(s) is left out.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"more than {MAX_BYTES:,} bytes")
    if _DTD.search(data) or b"\x00" in data[:256]:
        raise InputError("an OPML list with a DTD, or in UTF-16, is not taken")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"not OPML: {error}") from error
    if root.tag != "opml":
        raise InputError(f"not OPML: the root is <{str(root.tag)[:50]}>")
    found: dict[str, SourceConfig] = {}
    for outline in root.iter("outline"):
        if len(found) >= MAX_FEEDS:
            raise InputError(f"more than {MAX_FEEDS:,} feeds")
        if (config := _outline(outline)) is not None:
            found.setdefault(config.source_id, config)
    return list(found.values())


def _outline(outline: Any) -> SourceConfig | None:
    url = (outline.get("xmlUrl") or "").strip()
    name = " ".join((outline.get("title") or outline.get("text") or "").split())[:512]
    try:
        return SourceConfig(source_id=source_id_of(url), url=url, name=name or None)
    except ValidationError:
        return None


def to_opml(configs: Iterable[SourceConfig]) -> str:
    """The catalogue as OPML 2.0, in the order given."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', "<head><title>newsloom</title></head>"]
    lines.append("<body>")
    for config in configs:
        name = quoteattr(_xml_text(config.name or config.source_id))
        lines.append(f'<outline type="rss" text={name} title={name} xmlUrl={quoteattr(_xml_text(config.url))}/>')
    return "\n".join([*lines, "</body>", "</opml>", ""])


def _xml_text(text: str) -> str:
    """`text` without the control characters that XML has no way to write."""
    return "".join(c for c in text if c >= " ")
