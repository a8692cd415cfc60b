"""Words and sentences with their places in the text.

A word is always a verbatim slice: `text[start:start + len(word)] == word`. The split is
close to that of the Penn Treebank, which the tagger's training texts follow.
"""

import re
from dataclasses import dataclass

__all__ = ["Sentence", "sentences"]

MAX_WORDS = 80
"""A sentence is cut here: one without a stop must not cost more than the rest."""

_ABBREVIATIONS = (
    "Mr|Mrs|Ms|Dr|Prof|Gen|Maj|Sgt|Capt|Cpl|Lt|Col|Adm|Cmdr|Sen|Sens|Rep|Reps|Gov|Hon|Rev|Msgr|St|Mt|Ft|Jr|Sr|Inc|Corp|Co"
    "|Ltd|Bros|vs|No|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ga|Ill|Ind"
    "|Kan|Ky|La|Md|Mass|Mich|Minn|Miss|Mo|Mont|Neb|Nev|Okla|Ore|Pa|Tenn|Tex|Vt|Va|Wash|Wis|Wyo"
)
# "Russian-made" names Russia's people; "Jong-un" and "Coca-Cola" are names whole.
_TAILS = (
    "made|built|born|based|backed|led|run|owned|held|controlled|occupied|administered|funded|trained|sponsored|supported"
    "|supplied|speaking|language|style|type|wide|era|friendly|linked|related|bound|designed|produced|educated|brokered"
    "|dominated|ruled|listed|registered|flagged|installed|approved|mediated|inspired|aligned|allied|affiliated|centric"
)
# "R-Florida" is a party and a place.
_WORD = re.compile(
    rf"(?:{_ABBREVIATIONS})\.(?=\s)"
    r"|(?:[^\W\d_]\.){2,}"
    r"|[A-Z]{1,3}\$"
    r"|\b(?!D-(?:Day|Mark)\b)[RD]-(?=[A-Z][a-z])"
    r"|[A-Z]\.(?=\s[A-Z])"
    r"|[0-9]+(?:[.,:/-][0-9]+)*(?:st|nd|rd|th|s)?\b%?"
    r"|['’]s\b"
    rf"|[^\W_]+(?:[-&](?!(?:{_TAILS})\b)[^\W_]+|['’](?!s\b)[^\W_]+)*"
    r"|\.{2,}"
    r"|\n"
    r"|\S"
)
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
    words: list[str] = []
    starts: list[int] = []
    ended = False
    for match in _WORD.finditer(text):
        word = match.group()
        opens = word == "\n" or len(words) == MAX_WORDS or (ended and word not in _CLOSING and not word.islower())
        if opens and words:
            found.append(Sentence(tuple(words), tuple(starts)))
            words, starts = [], []
        if word == "\n":
            ended = False
            continue
        words.append(word)
        starts.append(match.start())
        ended = word in _STOPS or (ended and word in _CLOSING)
    if words:
        found.append(Sentence(tuple(words), tuple(starts)))
    return found
