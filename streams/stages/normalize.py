"""Stage `normalize`: a raw document in, a clean article out.

Bytes are decoded, read by a reader of their format, and weighed against what the pusher
claimed: of several values for a field the one found by the surest method wins, and the
article's provenance names that method. Nothing is made up: a field nobody stated is None.
"""

from collections.abc import Mapping
from datetime import timedelta

from schemas import Article, Author, Dateline, Provenance, RawDocument, Removed
from streams.ids import article_id
from streams.outcome import Dead, Ok, Outcome
from streams.stages.claims import Choice, choose
from streams.text.datelines import StatedDateline, split_dateline
from streams.text.encoding import charset_of_media_type, decode, printable_share
from streams.text.fingerprint import identify
from streams.text.html_page import read_html
from streams.text.language import Language, detect_language
from streams.text.markdown import without_markup
from streams.text.plain import read_plain
from streams.text.reading import Reading, TooLargeError, UnreadableError

__all__ = ["MAX_CHARS", "VERSION", "normalize"]

VERSION = "normalize-1"

MAX_CHARS = 500_000
"""Longest text that can be one article; a novel is as long."""

_MARKDOWN = "text/markdown"
_PLAIN = frozenset({"text/plain", _MARKDOWN})
_HTML = frozenset({"text/html", "application/xhtml+xml"})

# Zones are guessed wrong by publishers, and clocks of crawlers go slow; later than this is an error.
_AHEAD = timedelta(days=2)
_MIN_PRINTABLE = 0.98
_MAX_AUTHORS = 20


def normalize(raw: RawDocument) -> Outcome:
    """The article in `raw`; Dead when its format, charset or size is not ours, or it holds no article."""
    media_type = raw.media_type.split(";", 1)[0].strip().lower()
    if media_type not in _PLAIN | _HTML:
        return Dead("unsupported_media_type", media_type)
    text = _text(raw)
    if text is None:
        return Dead("undecodable", f"charset {raw.charset or charset_of_media_type(raw.media_type)}")
    try:
        reading = _read(text, raw, media_type)
    except TooLargeError as error:
        return Dead("too_large", str(error))
    except UnreadableError as error:
        return Dead("undecodable", str(error))
    return _article(raw, reading)


def _text(raw: RawDocument) -> str | None:
    if raw.content_encoding == "base64":
        decoded = decode(raw.payload(), raw.charset or charset_of_media_type(raw.media_type))
        return decoded.text if decoded else None
    # A lone surrogate is no text, and could not be written as JSON.
    text = raw.content.encode("utf-8", "replace").decode()
    return text if printable_share(text) >= _MIN_PRINTABLE else None


def _read(text: str, raw: RawDocument, media_type: str) -> Reading:
    if media_type in _HTML:
        return read_html(text, latest=(raw.first_seen_at + _AHEAD).date())
    if len(text) > MAX_CHARS:
        raise TooLargeError(f"text of {len(text)} characters")
    return read_plain(without_markup(text) if media_type == _MARKDOWN else text, title=raw.title)


def _article(raw: RawDocument, reading: Reading) -> Outcome:
    paragraphs, dateline = _without_dateline(reading.paragraphs)
    body = "\n\n".join(paragraphs)
    content_hash, fingerprint = identify(body)
    if not fingerprint.tokens:
        return Dead("empty_body", f"{len(reading.cuts)} lines removed")
    if len(body) > MAX_CHARS:
        return Dead("too_large", f"article of {len(body)} characters")
    choice = choose(raw, reading, latest=raw.first_seen_at + _AHEAD)
    language = detect_language(body, claims=(raw.language, reading.language))
    date = choice.published.value if choice.published else None
    article = Article(
        document_id=raw.document_id,
        article_id=article_id(choice.canonical_url, content_hash),
        content_hash=content_hash,
        source=raw.source,
        url=raw.url,
        canonical_url=choice.canonical_url,
        external_ids=raw.external_ids,
        title=choice.title.value if choice.title else None,
        summary=reading.summary,
        body_text=body,
        word_count=fingerprint.tokens,
        byline=choice.byline.value if choice.byline else None,
        authors=tuple(Author(name=name) for name in choice.authors[:_MAX_AUTHORS]),
        outlet=choice.outlet.value if choice.outlet else None,
        agency=(dateline.agency if dateline else None) or reading.agency,
        dateline=_dateline(dateline),
        published_at=date.value if date else None,
        published_precision=date.precision if date else None,
        modified_at=reading.modified.value if reading.modified else None,
        first_seen_at=raw.first_seen_at,
        fetched_at=raw.fetched_at,
        language=language.tag,
        language_confidence=language.confidence,
        section=reading.section,
        keywords=reading.keywords,
        removed=tuple(Removed(text=cut.text, kind=cut.kind) for cut in reading.cuts),
        provenance=_provenance(reading, choice, language, dateline),
        fingerprint=fingerprint,
    )
    return Ok((article,))


def _without_dateline(paragraphs: tuple[str, ...]) -> tuple[tuple[str, ...], StatedDateline | None]:
    split = split_dateline(paragraphs[0]) if paragraphs else None
    if split is None:
        return paragraphs, None
    dateline, rest = split
    return (rest, *paragraphs[1:]), dateline


def _dateline(stated: StatedDateline | None) -> Dateline | None:
    return Dateline(text=stated.text, place=stated.place, date=stated.date, agency=stated.agency) if stated else None


def _provenance(
    reading: Reading, choice: Choice, language: Language, dateline: StatedDateline | None
) -> Mapping[str, Provenance]:
    found = {
        "body_text": (reading.method, None),
        "language": (language.method, language.confidence),
        **{name: (value.method, value.confidence) for name, value in choice.found.items()},
    }
    if dateline:
        found["dateline"] = ("dateline-grammar", None)
    return {
        name: Provenance(producer="normalize", version=VERSION, method=method, confidence=confidence)
        for name, (method, confidence) in found.items()
    }
