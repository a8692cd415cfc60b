"""A response body, taken piece by piece, unpacked and counted. Pure."""

import zlib

from streams.feeds.answers import MIB, Limits, Reason

__all__ = ["Intake", "UnfitBodyError"]

_GZIP = frozenset({"gzip", "x-gzip"})
_PLAIN = frozenset({"", "identity"})
_MAGIC = 0x1F
_RATIO_FROM = MIB
_PIECE = 64 * 1024


class UnfitBodyError(Exception):
    """The body breaks a limit or its own format."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason


class Intake:
    """Takes a body sent with content encoding `encoding`, and never holds more than the limits plus 64 KiB.

    UnfitBodyError from any method: `bad_encoding`, `bad_ratio`, `too_large`, `broken_response`.
    """

    def __init__(self, limits: Limits, encoding: str, *, length: int | None = None) -> None:
        encoding = encoding.strip().lower()
        if encoding not in _GZIP | _PLAIN:
            raise UnfitBodyError("bad_encoding", f"content encoding {encoding[:40]!r}, gzip was asked for")
        self._limits = limits
        self._packed = encoding in _GZIP
        self._unpacker = zlib.decompressobj(wbits=31)
        self._whole = bytearray()
        self._sent = 0
        self._check(length or 0)

    def take(self, data: bytes) -> None:
        """The next bytes as they were sent."""
        self._sent += len(data)
        self._check(self._sent)
        if self._packed:
            self._unpack(data)
        else:
            self._add(data)

    def whole(self) -> bytes:
        """The body, once all of it was taken."""
        if self._packed and self._sent and not self._unpacker.eof:
            raise UnfitBodyError("broken_response", "the gzip data end too early")
        return bytes(self._whole)

    def _unpack(self, data: bytes) -> None:
        while data:
            if self._unpacker.eof:
                if data[0] != _MAGIC:
                    return  # padding after the last member
                self._unpacker = zlib.decompressobj(wbits=31)
            try:
                self._add(self._unpacker.decompress(data, _PIECE))
            except zlib.error as error:
                raise UnfitBodyError("bad_encoding", f"damaged gzip: {error}") from error
            data = self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail

    def _add(self, data: bytes) -> None:
        self._whole += data
        size = len(self._whole)
        if size > _RATIO_FROM and size > self._limits.max_ratio * self._sent:
            raise UnfitBodyError("bad_ratio", f"unpacks to more than {self._limits.max_ratio} times its size")
        self._check(size)

    def _check(self, size: int) -> None:
        if size > self._limits.max_bytes:
            raise UnfitBodyError("too_large", f"more than {self._limits.max_bytes} bytes")
