"""A place in several topics at once, as a short text: where a reader without a group goes on.

The text is base64url of one byte of version, then for each topic, in order of its mark, the mark
(CRC-32 of the full topic name), the number of partitions and the next offset of each (LEB128),
then the CRC-32 of all that. A topic's name has the lane in it: a cursor of another lane is refused.
"""

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from streams.errors import UsageError

__all__ = ["MAX_CURSOR", "Cursor"]

MAX_CURSOR = 16 * 1024
"""Characters of the longest text that is read; ten topics of 200 partitions take about 13,000."""

_VERSION = 1
_MARK = 4
_OFFSET_BITS = 63
_LOW, _MORE = 0x7F, 0x80


@dataclass(frozen=True, slots=True)
class Cursor:
    """Next offset to read of every partition of some topics, by full topic name."""

    places: Mapping[str, tuple[int, ...]]

    def __str__(self) -> str:
        parts = [bytes([_VERSION])]
        for mark, name in sorted((_mark(name), name) for name in self.places):
            offsets = self.places[name]
            parts += [mark, _number(len(offsets)), *map(_number, offsets)]
        packed = b"".join(parts)
        return base64.urlsafe_b64encode(packed + _check(packed)).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, topic_names: Iterable[str]) -> Self:
        """The cursor in `text`, as far as it is about `topic_names`; UsageError when it is none of theirs."""
        known = {_mark(name): name for name in topic_names}
        found = {known[mark]: offsets for mark, offsets in _read(_unpacked(text)).items() if mark in known}
        if not found:
            raise UsageError("this cursor belongs to other topics, or to another lane")
        return cls(found)


def _mark(name: str) -> bytes:
    return zlib.crc32(name.encode()).to_bytes(_MARK, "big")


def _check(packed: bytes) -> bytes:
    return zlib.crc32(packed).to_bytes(4, "big")


def _unpacked(text: str) -> bytes:
    if not text or len(text) > MAX_CURSOR or not text.isascii():
        raise UsageError("this is no cursor")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise UsageError("this is no cursor") from error
    packed, check = data[:-4], data[-4:]
    if not packed or _check(packed) != check or packed[0] != _VERSION:
        raise UsageError("this is no cursor, or one of another version")
    return packed[1:]


def _read(data: bytes) -> dict[bytes, tuple[int, ...]]:
    """Offsets by mark. The check has held, so that anything off was written on purpose."""
    found: dict[bytes, tuple[int, ...]] = {}
    at = 0
    try:
        while at < len(data):
            mark, at = data[at : at + _MARK], at + _MARK
            count, at = _value(data, at)
            offsets = []
            for _ in range(min(count, len(data))):
                offset, at = _value(data, at)
                offsets.append(offset)
            found[mark] = tuple(offsets)
    except IndexError as error:
        raise UsageError("this cursor is cut off") from error
    return found


def _number(value: int) -> bytes:
    out = bytearray()
    while value > _LOW:
        out.append(value & _LOW | _MORE)
        value >>= 7
    out.append(value)
    return bytes(out)


def _value(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, _OFFSET_BITS, 7):
        byte = data[at]
        at += 1
        value |= (byte & _LOW) << shift
        if byte < _MORE:
            return value, at
    raise UsageError("this cursor has an offset beyond all bounds")
