"""The text that a page shows, one line a block, in document order."""

from collections.abc import Iterator
from typing import Any

from streams.text.wrapping import clean_characters

__all__ = ["visible_lines"]

_HIDDEN = ("script", "style", "noscript", "template", "svg", "head", "iframe", "object", "select", "textarea")
_BLOCKS = (
    "address", "article", "aside", "blockquote", "br", "button", "caption", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "label",
    "legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "td", "th", "tr", "ul",
)  # fmt: skip


def visible_lines(tree: Any) -> Iterator[str]:
    """Non-empty lines of a parsed page, an lxml element, spaces collapsed. Changes the tree."""
    from lxml.etree import strip_elements  # noqa: PLC0415 - a library of four megabytes, for pages only

    strip_elements(tree, *_HIDDEN, with_tail=False)
    for block in tree.iter(*_BLOCKS):
        block.text = f"\n{block.text or ''}"
        block.tail = f"\n{block.tail or ''}"
    for line in clean_characters("".join(tree.itertext())).split("\n"):
        if found := " ".join(line.split()):
            yield found
