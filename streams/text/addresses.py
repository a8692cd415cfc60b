"""Web and mail addresses and handles in running text: they name nothing, and their parts are no words."""

import re

__all__ = ["ADDRESS", "is_address", "may_hold_addresses", "without_addresses"]

# Every repetition is bounded or cannot give back what the next part needs: no text makes it slow.
ADDRESS = (
    r"(?:https?://|www\.)\S*[\w/]"
    r"|(?:[A-Za-z0-9-]{1,63}\.){1,6}[a-z]{2,24}/(?:\S*[\w/])?"
    r"|[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[a-z]{2,24}\b"
    r"|(?<!\w)@\w+"
)
"""Pattern of an address: with a scheme or a path, of mail, or a handle; a bare "example.com" may be a firm."""

_ADDRESS = re.compile(ADDRESS)


def may_hold_addresses(text: str) -> bool:
    """Whether it is worth looking for them."""
    return "@" in text or "/" in text or "www." in text


def is_address(word: str) -> bool:
    """Whether the whole word is one."""
    return may_hold_addresses(word) and _ADDRESS.fullmatch(word) is not None


def without_addresses(text: str) -> str:
    """The runs of letters and marks of a text, parted by one space, without addresses."""
    if not may_hold_addresses(text):
        return text
    return " ".join(_ADDRESS.sub(" ", run) if may_hold_addresses(run) else run for run in text.split())
