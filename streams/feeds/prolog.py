"""XML of strangers, made harmless before a parser sees it. Pure.

Everything before the root element is left out: byte order mark, declaration, comments, whatever a server printed by
mistake, and the document type with its entities. What is left is UTF-8 and defines nothing.
"""

import re
from dataclasses import dataclass, field
from html.entities import html5
from xml.parsers import expat

from streams.text.encoding import decode

__all__ = ["MAX_DEPTH", "Rooted", "is_well_formed", "mended", "rooted", "too_deep"]

MAX_DEPTH = 500
"""Elements inside each other; feeds have five, the HTML in them a few dozen."""

_READ = 64 * 1024
_SKIPPED = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(r"<!doctype\b[^\[>]{0,4096}(\[.*?\]\s{0,100})?>", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,60}:)?([A-Za-z_][\w.-]{0,60})(?=[\s/>])")
_STRAY_ROOT = re.compile(r"<(?:rdf:)?(rss|feed|rdf)(?=[\s>])", re.IGNORECASE)
_KNOWN = frozenset({"rss", "rdf", "feed", "html"})
_TAG = re.compile(rb"<(?:(!\[CDATA\[)|(!--)|(/?)([A-Za-z_][\w:.-]{0,100})(?=[\s/>])[^<>]*?(/?)>)")
# The five that XML knows stay as they are: they keep text from being markup.
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31};)")
_REFERENCE = re.compile(rb"&#(?:[xX]([0-9A-Fa-f]{1,8})|([0-9]{1,9}));")
_SPACES = frozenset({0x9, 0xA, 0xD})
_MARKUP = frozenset("<>&\"'")


@dataclass(frozen=True, slots=True)
class Rooted:
    """An XML document from its root element on, in UTF-8; `name` is the root's local name, lower case."""

    name: str
    xml: bytes = field(repr=False)


def rooted(body: bytes, charset: str | None) -> Rooted | None:
    """The document in `body`; None when there is none, or no text at all.

    Named characters of HTML (`&nbsp;`) become what they stand for: without a document type XML knows none of them.
    """
    text = _text(body, charset)
    if text is None:
        return None
    head = text[:_READ]
    found = _ROOT.match(head, _after_prolog(head))
    if found is None or found[1].lower() not in _KNOWN:
        found = _STRAY_ROOT.search(head) or found
    return Rooted(found[1].lower(), _ENTITY.sub(_character, text[found.start() :].encode())) if found else None


def _text(body: bytes, charset: str | None) -> str | None:
    try:
        text = body.decode()  # nearly all are, and weighing each character takes longer than parsing
    except UnicodeDecodeError:
        text = ""
    if not text or "\0" in text:
        decoded = decode(body, charset)
        if decoded is None:
            return None
        text = decoded.text
    # A numeric reference may still name what XML forbids; a raw one would only make the document malformed.
    return text.replace("\0", "").encode("utf-8", "replace").decode() if "\0" in text else text


def _after_prolog(head: str) -> int:
    at = 1 if head.startswith("\ufeff") else 0
    while found := _SKIPPED.match(head, at) or _DOCTYPE.match(head, at):
        at = found.end()
    return at


def _character(entity: re.Match[bytes]) -> bytes:
    character = html5.get(entity[1].decode("ascii"))
    return entity[0] if character is None or _MARKUP & set(character) else character.encode()


def mended(xml: bytes) -> bytes:
    """`xml` without references to characters that no XML may hold: at one of them both parsers give up."""
    return _REFERENCE.sub(_allowed, xml)


def _allowed(reference: re.Match[bytes]) -> bytes:
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    good = code in _SPACES or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF  # noqa: PLR2004
    return reference[0] if good else b""


def is_well_formed(xml: bytes) -> bool:
    """Whether a strict parser reads it to the end; the fast parser loses text of what is not."""
    try:
        expat.ParserCreate("utf-8").Parse(xml, True)  # noqa: FBT003 - the final piece
    except expat.ExpatError:
        return False
    return True


def too_deep(xml: bytes) -> bool:
    """Whether more than MAX_DEPTH elements lie inside each other; an end tag ends what was left open in it."""
    opened: list[bytes] = []
    at = 0
    while found := _TAG.search(xml, at):
        at = found.end()
        cdata, comment, end, name, empty = found.groups()
        if cdata or comment:
            at = xml.find(b"]]>" if cdata else b"-->", at)
            if at < 0:
                return False
        elif end:
            _close(opened, name)
        elif not empty:
            opened.append(name)
            if len(opened) > MAX_DEPTH:
                return True
    return False


def _close(opened: list[bytes], name: bytes) -> None:
    if name in opened:
        while opened.pop() != name:
            pass
