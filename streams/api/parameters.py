"""Query parameters that many routes take."""

from datetime import UTC
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from streams.readmodel.queries import MAX_LIMIT

__all__ = ["Cursor", "Instant", "Language", "Limit", "Name", "Words"]

_INT32 = 2**31

Limit = Annotated[
    int, Query(ge=1, le=_INT32, description=f"Most items of a page; more than {MAX_LIMIT} gives {MAX_LIMIT}.")
]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next` of the page before.")]
Name = Annotated[str | None, Query(min_length=1, max_length=512)]
Language = Annotated[str | None, Query(min_length=2, max_length=35, description="BCP 47, e.g. `en`.")]
Words = Annotated[
    str | None,
    Query(min_length=1, max_length=512, description='Words that must occur; `"a phrase"`, `-without`, `begin*`.'),
]
_ISO = "An instant in ISO 8601, UTC unless it says otherwise."


def _zoned(text: object) -> object:
    """A plus sign in a query is a space to most servers; and a time without a zone is UTC."""
    if not isinstance(text, str):
        return text
    spelled = text.strip().replace(" ", "+") if "T" in text else text.strip()
    zoned = spelled.endswith(("Z", "z")) or "+" in spelled or spelled.count("-") > 2  # noqa: PLR2004 - those of a date
    if "T" not in spelled:
        spelled += "T00:00:00"
    return spelled if zoned else f"{spelled}Z"


Instant = Annotated[
    AwareDatetime | None,
    BeforeValidator(_zoned),
    AfterValidator(lambda at: None if at is None else at.astimezone(UTC)),
    Query(description=_ISO),
]
