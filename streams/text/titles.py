"""Headlines without what sites hang on them."""

import re

__all__ = ["clean_title", "comparable"]

_MAX = 500
_SEPARATOR = re.compile(r"\s[|»·•]\s|\s[-–—]\s|\s::\s|\s\|\|\s")
_BAR = re.compile(r"\s(?:\||\|\||»|::)\s")
_MIN_WORDS = 3
_MAX_OUTLET_WORDS = 5


def clean_title(title: str, *, outlets: tuple[str, ...] = ()) -> str | None:
    """`title` on one line without the outlet's name in front or behind; None when nothing is left.

    A part is cut when it is one of `outlets` (names or hosts), or when it is short
    and follows a bar, which headlines do not use. Dashes alone prove nothing.
    """
    text = " ".join(title[: 4 * _MAX].split()).strip(" |»·•")
    known = {form for outlet in outlets for form in _forms(outlet)}
    while len(text.split()) > _MIN_WORDS:
        shorter = _without_outlet(text, known)
        if shorter == text:
            break
        text = shorter
    return text[:_MAX] or None


def _without_outlet(text: str, known: set[str]) -> str:
    found = list(_SEPARATOR.finditer(text))
    if not found:
        return text
    first, last = found[0], found[-1]
    head, tail = text[: last.start()].strip(), text[last.end() :].strip()
    is_outlet = comparable(tail) in known
    is_short = _BAR.fullmatch(last[0]) and len(tail.split()) <= _MAX_OUTLET_WORDS < len(head.split()) + 2
    if is_outlet or is_short:
        return head
    if comparable(text[: first.start()]) in known:
        return text[first.end() :].strip()
    return text


def _forms(outlet: str) -> set[str]:
    """How the outlet's name may be written: a name or a host, with and without an article."""
    host = outlet.lower().removeprefix("www.")
    names = {comparable(outlet).removeprefix("the "), comparable(host), comparable(host.split(".")[0])} - {""}
    return names | {f"the {name}" for name in names}


def comparable(text: str) -> str:
    """Words of `text`, lower case, one space between: for asking whether two titles are the same."""
    return " ".join(re.findall(r"\w+", text.casefold()))
