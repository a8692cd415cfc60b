"""Cursors of pages: where a list goes on, opaque to its reader, bound to the list's order."""

import base64
import binascii

import orjson

from streams.errors import InputError

__all__ = ["MAX_LIMIT", "CursorError", "Key", "limit_of", "read_cursor", "write_cursor"]

MAX_LIMIT = 200
"""The most items a page holds, whatever is asked for."""

_MAX_CURSOR = 1024
_INT64 = 2**63 - 1

Key = tuple[int | float | str, ...]
"""The values a list is sorted by, of its last item."""


class CursorError(InputError):
    """A cursor that this list did not give."""


def limit_of(limit: int) -> int:
    """A page size within bounds: 1 to `MAX_LIMIT`."""
    return max(1, min(limit, MAX_LIMIT))


def write_cursor(order: str, key: Key) -> str:
    """The cursor behind `key` in a list in `order`."""
    return base64.urlsafe_b64encode(orjson.dumps([order, *key])).decode().rstrip("=")


def read_cursor(order: str, cursor: str | None, like: Key) -> Key | None:
    """The key in `cursor`, None without one; CursorError when it is not of this order, with values `like` these."""
    if cursor is None:
        return None
    try:
        if len(cursor) > _MAX_CURSOR:
            raise ValueError("too long")  # noqa: TRY301 - the same answer for all that is off
        named, *key = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise CursorError("this is no cursor") from error
    if named != order or len(key) != len(like) or not all(map(_alike, key, like)):
        raise CursorError("this cursor belongs to a list in another order")
    return tuple(key)


def _alike(value: object, like: object) -> bool:
    # JSON writes a whole float without its point only when it was an int.
    return type(value) is type(like) and not (isinstance(value, int) and abs(value) > _INT64)
