"""Values of a feed, made fit for records: bounded, without what no text may hold. Pure."""

import re
from collections.abc import Iterable
from html import unescape
from urllib.parse import urljoin, urlsplit

__all__ = ["absolute", "author_name", "categories", "markup", "plain", "tag", "verbatim"]

_MAX_PLAIN = 4096
_MAX_URL = 8192
_SCHEMES = ("https://", "http://")
_MAX_CATEGORIES = 50
_MAX_CATEGORY = 200
# A letter or slash must follow: "a < b" is text.
_TAG = re.compile(r"<[/A-Za-z][^<>]{0,2000}>")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_MAIL_AND_NAME = re.compile(r"[^\s@]{1,100}@[^\s@]{1,100}\s{1,5}\(([^()]{1,200})\)")


def markup(value: object) -> str | None:
    """HTML as it came, without control characters and lone surrogates; None when empty."""
    if not isinstance(value, str):
        return None
    if not value.isprintable():  # quick to tell, and true of most
        value = _CONTROLS.sub("", value).encode("utf-8", "replace").decode()
    return value.strip() or None


def verbatim(value: object, limit: int) -> str | None:
    """A short text on one line, None when empty or longer than `limit`: half an id would be another one."""
    text = " ".join((markup(value) or "").split())
    return text if 0 < len(text) <= limit else None


def plain(value: object) -> str | None:
    """Text of a title or name: no tags, no character references, one line, cut to 4,096 characters."""
    text = markup(value if not isinstance(value, str) else value[: 4 * _MAX_PLAIN])
    if text is None:
        return None
    if "<" in text or "&" in text:
        text = unescape(_TAG.sub("", text))
    return " ".join((markup(text) or "").split())[:_MAX_PLAIN].rstrip() or None


def author_name(value: object) -> str | None:
    """A name; of `mail@example.com (Name)`, as RSS has it, what is in parentheses."""
    text = plain(value)
    found = _MAIL_AND_NAME.fullmatch(text) if text else None
    return found[1].strip() if found else text


def absolute(value: object, base: str) -> str | None:
    """An http(s) URL, made absolute; None when it is no such thing."""
    text = "".join((markup(value) or "").split("\n"))
    try:
        found = urljoin(base, text) if text and not text.startswith(_SCHEMES) else text
        parts = urlsplit(found)
    except ValueError:
        return None
    good = parts.scheme in {"http", "https"} and bool(parts.netloc) and len(found) <= _MAX_URL
    return found if good and found.isprintable() and " " not in found else None


def tag(value: object) -> str | None:
    """A language tag like `en-GB`; None for anything else."""
    text = value.strip() if isinstance(value, str) else ""
    return text.replace("_", "-") if _LANGUAGE.fullmatch(text) else None


def categories(values: Iterable[object]) -> tuple[str, ...]:
    """At most 50 distinct ones, in order."""
    found = (plain(value) for value in values)
    return tuple(dict.fromkeys(text for text in found if text and len(text) <= _MAX_CATEGORY))[:_MAX_CATEGORIES]
