"""Printing: JSON Lines for programs, safe text for people, remarks on stderr."""

import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import logging

    from rich.console import Console

__all__ = ["console", "counted", "emit", "emit_bytes", "log_remarks", "moment", "remark", "safe", "say"]

_JOINERS = "\u200c\u200d"  # emoji and some scripts need them
_PIPE_WIDTH = 160
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def emit(value: Any) -> None:
    """Print one JSON object as a line on stdout."""
    import orjson

    emit_bytes(orjson.dumps(value, option=orjson.OPT_UTC_Z))


def emit_bytes(line: bytes) -> None:
    """Print bytes as a line on stdout, at once: a reader in a pipe may be waiting.

    A terminal gets JSON's escapes for what could steer it; a pipe gets the bytes.
    """
    if sys.stdout.isatty():
        line = _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", line.decode("utf-8", "replace")).encode()
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.flush()


class _Remarks:
    log: ClassVar["logging.Logger | None"] = None


def log_remarks(logger: "logging.Logger") -> None:
    """From now on remarks and errors are this logger's: nobody but programs reads stderr."""
    _Remarks.log = logger


def remark(text: str, *, error: bool = False) -> None:
    """One line for people on stderr; an error may have several."""
    if _Remarks.log is not None:
        (_Remarks.log.error if error else _Remarks.log.info)("%s", text)
    else:
        print(safe(text, lines=error), file=sys.stderr, flush=True)  # noqa: T201 - the one place


def say(text: str) -> None:
    """As `remark`, while something is going on: only for a person who watches."""
    if sys.stderr.isatty():
        remark(text)


def console() -> "Console":
    """Where text for people goes; a pipe gets long lines instead of wrapped ones."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def counted(number: int, noun: str) -> str:
    """`1 article`, `2,000 articles`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def safe(text: str, *, lines: bool = False) -> str:
    """`text` with nothing in it that could steer a terminal; with `lines`, line breaks and tabs stay."""
    return "".join(c if c.isprintable() or (lines and c in "\n\t") else _shown(c) for c in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    if character in _JOINERS:
        return character
    if character in "\n\r\t":
        return " "
    return f"\\x{ord(character):02x}" if ord(character) <= 0xFF else f"\\u{ord(character):04x}"  # noqa: PLR2004


def moment(time: Any) -> str:
    """A UTC instant to the minute."""
    return str(time.strftime("%Y-%m-%d %H:%M"))
