"""What a reader of one format found in a document, before the pusher's claims are weighed in."""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from streams.text.dates import StatedDate

__all__ = ["Cut", "CutKind", "Found", "Reading", "TooLargeError", "UnreadableError"]

T = TypeVar("T")

CutKind = Literal["head", "boilerplate", "caption", "repeated", "markup"]


class TooLargeError(ValueError):
    """The document is over a reader's limit; the message says which."""


class UnreadableError(ValueError):
    """The document's markup cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value, the method that found it, and how sure that method is (0 to 1)."""

    value: T
    method: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Cut:
    """Text taken out, verbatim."""

    text: str
    kind: CutKind


@dataclass(frozen=True, slots=True)
class Reading:
    """Paragraphs of the body, in order, and what stood around them.

    `urls` are the page's own claims about its address, best first; `language` is
    what its markup or header says, not what was detected.
    """

    paragraphs: tuple[str, ...]
    method: str
    title: Found[str] | None = None
    summary: str | None = None
    published: Found[StatedDate] | None = None
    modified: StatedDate | None = None
    byline: Found[str] | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None
    urls: tuple[str, ...] = ()
    outlet: Found[str] | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    language: str | None = None
    cuts: tuple[Cut, ...] = ()
