"""Compressed files, unpacked piece by piece under a budget."""

import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from streams.ingest.options import MIB, ArchiveLimits, UnfitError

__all__ = ["PACKED", "Budget", "damage", "inflated", "spending"]

# The most that comes out of one piece: 1 MiB of gzip, 7 MiB of xz, 32 MiB of zstd (128 KiB runs in 4 bytes).
_PIECE = 1024
_XZ_MEMORY = 128 * MIB
_ZSTD_WINDOW = 128 * MIB

PACKED = (".gz", ".xz", ".zst")
"""Suffixes of compressed files."""


class _TruncatedError(Exception):
    """The compressed data end too early."""


class Budget:
    """Counts what an archive unpacks to; UnfitError `archive_limit` when it is too much.

    `packed` gives the compressed bytes that the output so far came from.
    """

    def __init__(self, limits: ArchiveLimits, packed: Callable[[], int]) -> None:
        self._limits = limits
        self._packed = packed
        self._unpacked = 0

    def spend(self, size: int) -> None:
        """Count `size` more unpacked bytes."""
        limits = self._limits
        self._unpacked += size
        if self._unpacked > limits.unpacked_bytes:
            raise UnfitError("archive_limit", f"unpacks to more than {limits.unpacked_bytes} bytes")
        if self._unpacked > limits.ratio_from and self._unpacked > limits.ratio * self._packed():
            raise UnfitError("archive_limit", f"unpacks to more than {limits.ratio} times its size")


def _zstd_decoder() -> Any:
    import zstandard  # noqa: PLC0415 - only for .zst files

    return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()


_DECODERS: dict[str, Callable[[], Any]] = {
    ".gz": lambda: zlib.decompressobj(wbits=31),
    ".xz": lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY),
    ".zst": _zstd_decoder,
}


def damage() -> tuple[type[BaseException], ...]:
    """What the unpackers raise on damaged data."""
    import zstandard  # noqa: PLC0415 - only asked for when something broke

    return (zlib.error, lzma.LZMAError, zstandard.ZstdError, _TruncatedError)


class _Inflated(io.RawIOBase):
    def __init__(self, packed: BinaryIO, suffix: str, limits: ArchiveLimits) -> None:
        self._packed = packed
        self._new = _DECODERS[suffix]
        self._decoder = self._new()
        self._fed = 0
        self._budget = Budget(limits, lambda: self._fed)
        self._out = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._out:
            piece = self._piece()
            if not piece:
                return 0
            out = self._decoder.decompress(piece)
            self._budget.spend(len(out))
            self._out = memoryview(out)
        size = min(len(buffer), len(self._out))
        buffer[:size] = self._out[:size]
        self._out = self._out[size:]
        return size

    def _piece(self) -> bytes:
        if not self._decoder.eof:
            piece = self._read()
            if not piece:
                raise _TruncatedError("the compressed data end too early")
            return piece
        rest: bytes = self._decoder.unused_data
        while not (rest := rest.lstrip(b"\0")):  # padding between members
            if not (rest := self._read()):
                return b""
        self._decoder = self._new()
        return rest

    def _read(self) -> bytes:
        piece = self._packed.read(_PIECE)
        self._fed += len(piece)
        return piece


class _Spending(io.RawIOBase):
    def __init__(self, stream: BinaryIO, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)


def inflated(packed: BinaryIO, suffix: str, limits: ArchiveLimits) -> BinaryIO:
    """The content of a compressed file, all its members; `suffix` is one of PACKED."""
    return cast("BinaryIO", io.BufferedReader(_Inflated(packed, suffix, limits)))


def spending(stream: BinaryIO, budget: Budget) -> BinaryIO:
    """`stream`, each byte read counted in `budget`."""
    return cast("BinaryIO", io.BufferedReader(_Spending(stream, budget)))
