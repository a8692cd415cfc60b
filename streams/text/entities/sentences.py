"""Words and sentences with their places in the text.

A word is always a verbatim slice: `text[start:start + len(word)] == word`. The split is
close to that of the Penn Treebank, which the tagger's training texts follow.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streams.text.addresses import ADDRESS, may_hold_addresses

__all__ = ["Sentence", "is_seat", "sentences"]

MAX_WORDS = 80
"""A sentence is cut here: one without a stop must not cost more than the rest."""

_STATES = (
    "Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ga|Ill|Ind|Kan|Ky|La|Md|Mass|Mich|Minn|Miss|Mo|Mont|Neb|Nev|Okla|Ore|Pa|Tenn"
    "|Tex|Vt|Va|Wash|Wis|Wyo"
)
_ABBREVIATIONS = (
    "Mr|Mrs|Ms|Dr|Prof|Gen|Maj|Sgt|Capt|Cpl|Lt|Col|Adm|Cmdr|Sen|Sens|Rep|Reps|Gov|Hon|Rev|Msgr|St|Mt|Ft|Jr|Sr|Inc|Corp|Co"
    "|Ltd|Bros|vs|No|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
    f"|{_STATES}"
)
# "Russian-made" names Russia's people; "Jong-un" and "Coca-Cola" are names whole.
_TAILS = (
    "made|built|born|based|backed|led|run|owned|held|controlled|occupied|administered|funded|trained|sponsored|supported"
    "|supplied|speaking|language|style|type|wide|era|friendly|linked|related|bound|designed|produced|educated|brokered"
    "|dominated|ruled|listed|registered|flagged|installed|approved|mediated|inspired|aligned|allied|affiliated|centric"
)
# The seat of a member of a parliament: "R-Ky.", "D-N.Y.", "R-TX".
_SEAT = rf"[RDI]-(?:(?:{_STATES})\.|(?:[A-Z]\.){{2}}|[A-Z]{{2}}(?![\w-]))"
_PLAIN_WORD = (
    # Most words are of these two kinds, and no other would read them differently: half the time.
    r"[A-Za-z]?[a-z]+(?=[ ,])|[,“”]"
    rf"|(?=[A-Zv])(?:{_ABBREVIATIONS})\.(?=\s|\Z)"
    r"|(?:[^\W\d_]\.){2,}"
    r"|[A-Z]{1,3}\$"
    rf"|\b{_SEAT}"
    # "R-Florida" is a party and a place.
    r"|\b(?!D-(?:Day|Mark)\b)[RD]-(?=[A-Z][a-z])"
    r"|[A-Z]\.(?=\s[A-Z])"
    r"|[0-9]+(?:[.,:/-][0-9]+)*(?:st|nd|rd|th|s)?\b%?"
    r"|['’]s\b"
    rf"|[^\W_]+(?:[-&](?!(?:{_TAILS})\b)[^\W_]+|['’](?!s\b)[^\W_]+)*"
    r"|\.{2,}"
    r"|\S"
)
_WORD = re.compile(_PLAIN_WORD)
_WORD_OR_ADDRESS = re.compile(f"{ADDRESS}|{_PLAIN_WORD}")
_SEAT_ALONE = re.compile(_SEAT)
_STOPS = frozenset(".!?…")
_CLOSING = frozenset("\"'”’)]»")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words of one sentence and the offset of each."""

    words: tuple[str, ...]
    starts: tuple[int, ...]

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Start and end in the text of the words `first` up to, not including, `last`."""
        return self.starts[first], self.starts[last - 1] + len(self.words[last - 1])


def sentences(text: str) -> list[Sentence]:
    """Every word of `text` in order; a line break always ends a sentence."""
    found: list[Sentence] = []
    at = 0
    for line in text.split("\n"):
        words = (_WORD_OR_ADDRESS if may_hold_addresses(line) else _WORD).findall(line)
        starts = []
        for word in words:
            at = text.index(word, at)
            starts.append(at)
            at += len(word)
        found += [Sentence(tuple(words[first:last]), tuple(starts[first:last])) for first, last in _bounds(words)]
    return found


def is_seat(word: str) -> bool:
    """Whether it is a party and the abbreviation of a state."""
    return word[1:2] == "-" and _SEAT_ALONE.fullmatch(word) is not None


def _bounds(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where sentences begin and end: behind a stop and what closes it, unless a lower-case word goes on."""
    first = 0
    for stop in [at for at, word in enumerate(words) if word in _STOPS]:
        last = stop + 1
        while last < len(words) and words[last] in _CLOSING:
            last += 1
        if last < len(words) and not words[last].islower():
            yield from _cut(first, last)
            first = last
    yield from _cut(first, len(words))


def _cut(first: int, last: int) -> Iterator[tuple[int, int]]:
    return ((at, min(at + MAX_WORDS, last)) for at in range(first, last, MAX_WORDS))
