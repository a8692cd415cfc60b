"""A raw document: the bytes somebody pushed, and what they claimed about them."""

import base64
import binascii
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.base import Event, ExternalId, Source, UtcDatetime

__all__ = ["RawDocument"]


class RawDocument(Event):
    """One article file as it arrived; read by the stage `normalize`.

    `content` is the text itself, or the bytes in base64 when `content_encoding`
    says so. `title`, `byline`, `published_at` and `language` are the pusher's
    claims, verbatim; the normalizer decides what to believe. `first_seen_at` is
    the only clock of the whole pipeline.
    """

    document_id: str = Field(min_length=1, max_length=128)
    source: Source
    url: str | None = Field(default=None, max_length=8192)
    media_type: str = Field(default="text/plain", max_length=255)
    charset: str | None = Field(default=None, max_length=64)
    content: str
    content_encoding: Literal["text", "base64"] = "text"
    first_seen_at: UtcDatetime
    fetched_at: UtcDatetime | None = None
    external_ids: tuple[ExternalId, ...] = ()
    title: str | None = Field(default=None, max_length=4096)
    byline: str | None = Field(default=None, max_length=4096)
    published_at: str | None = Field(default=None, max_length=128)
    language: str | None = Field(default=None, max_length=35)
    filename: str | None = Field(default=None, max_length=1024)

    @model_validator(mode="after")
    def _base64_decodes(self) -> Self:
        if self.content_encoding == "base64":
            try:
                base64.b64decode(self.content, validate=True)
            except binascii.Error as error:
                raise ValueError(f"content is not base64: {error}") from error
        return self

    def payload(self) -> bytes:
        """The original bytes; text content comes back as UTF-8."""
        if self.content_encoding == "base64":
            return base64.b64decode(self.content)
        return self.content.encode("utf-8", "surrogatepass")
