"""Word tokens that formatting cannot change: what equality and similarity of texts are measured on."""

import re
import unicodedata

__all__ = ["words"]

# Apostrophes go, so that "don't" is one word however it is quoted; invisible characters go everywhere.
_SILENT = "'\u2018\u2019\u201a\u201b\u02bc\u00ad\u200b\u200c\u200d\u2060\ufeff"

# Scripts written without spaces, a character a token: Han, kana, Thai, Lao, Myanmar, Khmer. Korean has spaces.
_UNSPACED = (
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)

_WORD = re.compile(rf"[^\W_{_UNSPACED}]+|[{_UNSPACED}]")


def words(text: str) -> list[str]:
    """Tokens of `text` in order: NFKC, casefolded, without punctuation, apostrophes and invisible characters.

    Case, quotation marks, dashes, ligatures, line breaks and spacing make no difference.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    for character in _SILENT:
        folded = folded.replace(character, "")
    return _WORD.findall(folded)
