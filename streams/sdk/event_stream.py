"""Server-Sent Events as bytes, in both directions (WHATWG HTML, section 9.2): pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from streams.errors import InputError

__all__ = ["MAX_EVENT", "EventParser", "ServerSent", "comment", "frame"]

MAX_EVENT = 32 * 1024 * 1024
"""Bytes of the longest event that is read: the largest record, a dead letter in base64, with room to spare."""

_INT32 = 2**31


@dataclass(frozen=True, slots=True)
class ServerSent:
    """An event. `id` is where to go on behind it; an event without data only moves that place."""

    id: str
    event: str
    data: str


def frame(
    place: str | None = None, *, event: str | None = None, data: bytes | None = None, retry_ms: int | None = None
) -> bytes:
    """One event with `place` as its id. `place` and `event` are ours and hold no line break, `data` is one line."""
    lines = [b"retry: %d" % retry_ms] if retry_ms is not None else []
    lines += [b"id: " + place.encode()] if place is not None else []
    lines += [b"event: " + event.encode()] if event is not None else []
    lines += [b"data: " + data] if data is not None else []
    return b"\n".join(lines) + b"\n\n"


def comment() -> bytes:
    """What keeps a silent connection open."""
    return b":\n\n"


class EventParser:
    """Bytes in, in any pieces; events out. `retry_ms` is what the server said last.

    Only whole events count: what comes before the stream breaks off, without the blank line, is dropped.
    InputError when an event is longer than `MAX_EVENT`.
    """

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry_ms: int | None = None
        self._rest = bytearray()
        self._id, self._event = last_id, ""
        self._data: list[str] = []
        self._size = 0
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[ServerSent]:
        """Events that `piece` completes; those without data, too."""
        self._rest += piece
        if len(self._rest) + self._size > MAX_EVENT:
            raise InputError("an event beyond all bounds")
        # A carriage return at the very end may be half a line break.
        held = b"\r" if self._rest.endswith(b"\r") else b""
        body = bytes(self._rest[: len(self._rest) - len(held)])
        *lines, rest = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = bytearray(rest + held)
        for line in lines:
            yield from self._line(line)

    def _line(self, line: bytes) -> Iterator[ServerSent]:
        if not self._begun:
            line = line.removeprefix(b"\xef\xbb\xbf")
            self._begun = True
        if line:
            self._field(line)
            return
        if self._id != self.last_id or self._data:
            yield ServerSent(self._id, self._event or "message", "\n".join(self._data))
        self.last_id, self._event, self._data, self._size = self._id, "", [], 0

    def _field(self, line: bytes) -> None:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
                self._size += len(line)
            case "event":
                self._event = value
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdecimal() and int(value[:12]) < _INT32:
                self.retry_ms = int(value)
            case _:
                pass
