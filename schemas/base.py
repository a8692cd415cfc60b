"""What every event has in common: frozen, closed when published, lenient when read."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

__all__ = ["Count", "Event", "ExternalId", "LanguageTag", "Precision", "Revision", "Source", "UtcDatetime"]


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:  # pydantic reports a ValueError, and lets this one through
        raise ValueError("in UTC it lies outside the years 1 to 9999") from error


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An instant; whatever offset it arrives with, it is kept and written in UTC."""

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A number of things, or a place in a text: exact in every JSON reader."""

Revision = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""1 for the first form of a thing, one more for each that follows."""

LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A BCP 47 tag; `und` when the language could not be told."""


class Event(BaseModel):
    """Base of every record in a topic.

    Unknown fields are ignored when reading, so that an older reader survives a
    newer writer; the published JSON Schema is closed (see `schemas.registry`).
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64")


class ExternalId(Event):
    """An id that somebody else gave the document, e.g. scheme `guid`, `doi`, `urn`."""

    scheme: str = Field(min_length=1, max_length=64)
    value: str = Field(min_length=1, max_length=2048)


class Source(Event):
    """The outlet or feed a document came from; `id` is the only field identity uses."""

    id: str = Field(min_length=1, max_length=256)
    name: str | None = Field(default=None, max_length=512)
    domain: str | None = Field(default=None, max_length=253)
    owner_id: str | None = Field(default=None, max_length=256)
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")


Precision = Literal["year", "month", "day", "minute", "second"]
"""How much of a date was really stated; the rest of its timestamp is filler."""
