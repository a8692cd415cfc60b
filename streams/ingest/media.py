"""Media type of a file: by extension, else by its first bytes."""

import re
from pathlib import PurePosixPath

__all__ = ["media_type_of", "sniffed"]

_BY_SUFFIX = {
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".pdf": "application/pdf",
}
_HEAD = 1024
# A fragment, too, as JSON articles carry them: it must begin with a tag that articles begin with.
_HTML = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|article|section|div|p|h[1-6]|figure)\b",
    re.IGNORECASE | re.DOTALL,
)
_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


def media_type_of(name: str, data: bytes) -> str:
    """The type of a file called `name` (may be empty) with content `data`."""
    return _BY_SUFFIX.get(PurePosixPath(name).suffix.lower()) or sniffed(data)


def sniffed(data: bytes) -> str:
    """HTML, PDF, text, or `application/octet-stream` when there are NULs and no UTF-16 or UTF-32 mark."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(head):
        return "text/html"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    return "application/octet-stream" if b"\0" in head and not head.startswith(_BOMS) else "text/plain"
