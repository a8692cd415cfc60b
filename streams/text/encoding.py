"""Bytes to text: byte order mark, strict UTF-8, the declared charset, then detection."""

import codecs
import re
from dataclasses import dataclass

__all__ = ["Decoded", "charset_of_media_type", "decode", "printable_share"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# What a label means on the web (the WHATWG table), and the only codecs ever used: a document
# must not be able to name `rot13`, `idna` or `unicode_escape`.
_LABELS = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252",
    "iso-8859-9": "cp1254", "tis-620": "cp874", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932",
    "shift-jis": "cp932", "x-sjis": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "big5": "big5hkscs",
    "macintosh": "mac-roman", "x-mac-cyrillic": "mac-cyrillic", "utf8": "utf-8",
}  # fmt: skip
_CODECS = frozenset(
    codecs.lookup(name).name
    for name in [
        *(f"cp{page}" for page in (437, 850, 852, 855, 866, 874, 932, 949, *range(1250, 1259))),
        *(f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
        *("koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "gb18030", "gbk", "big5", "big5hkscs", "euc-jp", "euc-kr"),
        *("iso2022-jp", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
    ]
)

_META = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s{0,5}=\s{0,5}["']?([\w.:-]{2,40})""",
    re.IGNORECASE,
)
_META_READ = 4096
# Detection on whole documents costs 2.5 times as much and gains nothing.
_DETECT_READ = 64 * 1024
_REPLACEMENT = "�"
_MAX_REPLACED = 0.01
_MAX_CONTROLS = 0.02
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text without its byte order mark, the codec used and how it was chosen."""

    text: str
    charset: str
    method: str


def charset_of_media_type(media_type: str) -> str | None:
    """Parameter `charset` of a media type, None when absent."""
    match = re.search(r"charset\s{0,5}=\s{0,5}\"?([\w.:-]{2,40})", media_type, re.IGNORECASE)
    return match[1] if match else None


def decode(payload: bytes, declared: str | None = None) -> Decoded | None:
    """Text of `payload`; None when no charset fits or the bytes are no text at all."""
    found = _marked(payload) or _utf8(payload) or _declared(payload, declared) or _detected(payload)
    if found is None or printable_share(found.text) < 1 - _MAX_CONTROLS:
        return None
    return found


def printable_share(text: str) -> float:
    """Share of characters that text is made of: not controls, not stand-ins for broken bytes."""
    bad = len(_CONTROLS.findall(text)) + text.count(_REPLACEMENT)
    return 1 - bad / max(1, len(text))


def _marked(payload: bytes) -> Decoded | None:
    for mark, codec in _BOMS:
        if payload.startswith(mark):
            return Decoded(payload[len(mark) :].decode(codec, "replace"), codec, "bom")
    return None


def _utf8(payload: bytes) -> Decoded | None:
    try:
        return Decoded(payload.decode("utf-8"), "utf-8", "strict")
    except UnicodeDecodeError:
        pass
    text = payload.decode("utf-8", "replace")
    broken = text.count(_REPLACEMENT)
    whole = len(text) - len(text.encode("ascii", "ignore")) - broken
    # A cut or damaged file: many well-formed sequences, few broken ones. Other charsets hardly form any.
    if broken <= whole / 10 and broken <= _MAX_REPLACED * len(text):
        return Decoded(text, "utf-8", "lossy")
    return None


def _declared(payload: bytes, declared: str | None) -> Decoded | None:
    meta = _META.search(payload[:_META_READ])
    labels = [declared, meta[1].decode("ascii") if meta else None]
    for label in labels:
        codec = _codec(label) if label else None
        if codec is None:
            continue
        try:
            return Decoded(payload.decode(codec).removeprefix("\ufeff"), codec, "declared")
        except UnicodeDecodeError:
            continue
    return None


def _codec(label: str) -> str | None:
    label = label.strip().lower()
    try:
        name = codecs.lookup(_LABELS.get(label, label)).name
    except (LookupError, ValueError):
        return None
    return name if name in _CODECS else None


def _detected(payload: bytes) -> Decoded | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - few documents need it

    best = from_bytes(payload[:_DETECT_READ]).best()
    codec = _codec(best.encoding) if best is not None else None
    if codec is None:
        return None
    text = payload.decode(codec, "replace").removeprefix("\ufeff")
    if text.count(_REPLACEMENT) > _MAX_REPLACED * len(text):
        return None
    return Decoded(text, codec, "detected")
