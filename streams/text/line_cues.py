"""Words by which a line of text gives itself away: prose, or the furniture of a web page.

English first, with the commonest words of the other languages most web news is
written in. A cue is a set of single words and a tuple of phrases, all lower case.
"""

import re
from dataclasses import dataclass

__all__ = ["CUES", "STOP_WORDS", "Cue", "cues_of"]

STOP_WORDS = frozenset(
    """
    the of and to in a is that for on was with as it by at from be this are an has have he his her she not but they
    their we you i will or who which had said were been its after more about
    der die das und den von zu mit sich des auf für ist im dem nicht ein eine als auch es werden aus er hat dass sie
    nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man
    le la les de du en et un une est que pour dans qui par sur au plus pas ce avec se son sa il elle ne aux été cette
    ont mais ou comme el los las y del por con para su al lo como más pero sus ha fue di che è per non sono della dei
    nel alla anche si da gli het van op dat te zijn voor niet aan om ook dan maar bij uit naar
    och att det som på är av för den till med inte ett han til af er ikke har
    i w na z do nie że jest o od po jak oraz dla był
    в и не на что с по как это из за к для от у о но
    να και το της την τον με για από που είναι στην στο os dos das em uma no yang dan ini itu untuk dari pada
    bir ve bu için ile olarak çok daha olan і та є до של את על לא הוא זה עם כי גם אל אם
    في من على إلى أن التي عن مع الذي هذا
    """.split()  # noqa: SIM905 - a word a quote would be unreadable
)


@dataclass(frozen=True, slots=True)
class Cue:
    """A line has the cue when it has one of the words, or contains one of the phrases."""

    words: frozenset[str]
    phrases: tuple[str, ...] = ()


def _cue(words: str, *phrases: str) -> Cue:
    return Cue(frozenset(words.split()), phrases)


PHOTO = _cue(
    """photo photos photograph photographs photographer photography image images picture credit getty reuters
    shutterstock istock unsplash caption courtesy illustration video watch gallery slideshow foto bild imagen""",
)
COMMENTS = _cue(
    "comment comments reply replies login signin signup register account password submit kommentar kommentare "
    "comentarios commentaires",
    "leave a",
    "log in",
    "sign in",
    "sign up",
    "your email",
    "email address",
    "required fields",
    "will not be published",
)
OFFERS = _cue(
    """subscribe subscriber subscribers subscription subscriptions newsletter newsletters cookie cookies privacy terms
    consent gdpr premium paywall unlimited donate advertise advertisement advertising sponsored promo promotion
    promoted abonnieren abonnement abonnez werbung anzeige suscribete suscripción""",
    "free trial",
    "support us",
    "become a member",
)
SHARING = _cue(
    """share sharing tweet facebook twitter whatsapp linkedin pinterest instagram telegram reddit flipboard print
    follow teilen compartir partager bookmark""",
    "copy link",
    "google news",
)
NOTICES = _cue(
    "copyright reprint syndicated syndication disclaimer",
    "©",
    "rights reserved",
    "may not be published",
    "may not be reproduced",
    "powered by",
    "tous droits",
    "alle rechte",
)
RELATED = _cue(
    "related recommended trending latest previous",
    "read more", "read also", "also read", "more on", "more from", "more stories", "more news", "more articles",
    "see also", "you may like", "you may also like", "most read", "most popular", "most viewed", "top stories",
    "next article", "next post", "next story", "continue reading", "click here", "learn more", "story continues",
    "don't miss", "don’t miss", "editor's pick", "editors' pick", "editor’s pick", "editors’ pick",
    "mehr zum thema", "lesen sie", "lire aussi", "leer más", "leia também",
)  # fmt: skip
BYLINES = _cue(
    "correspondent",
    "written by", "reporting by", "editing by", "staff writer", "staff reporter", "contributed to this",
    "min read", "mins read", "minutes read", "minute read", "about the author", "author:",
)  # fmt: skip
NAVIGATION = _cue(
    "home menu search navigation close open sitemap careers help faq tag tags category categories toggle loading",
    "skip to", "back to top", "contact us", "about us", "view all", "see all", "show more", "load more", "share this",
)  # fmt: skip
DATES = _cue(
    "updated published posted",
    "last modified", "hour ago", "hours ago", "mins ago", "minute ago", "minutes ago", "day ago", "days ago",
    "week ago", "weeks ago", "month ago", "months ago", "year ago", "years ago",
)  # fmt: skip

CUES = (PHOTO, COMMENTS, OFFERS, SHARING, NOTICES, RELATED, BYLINES, NAVIGATION, DATES)
"""In the order of the line model's features; changing it means training the model again."""

_WORD = re.compile(r"\w+")


def _triggers() -> dict[str, tuple[tuple[int, str], ...]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for number, cue in enumerate(CUES):
        for word in sorted(cue.words):
            found.setdefault(word, []).append((number, ""))
        for phrase in cue.phrases:
            found.setdefault(_WORD.findall(phrase)[0] if _WORD.search(phrase) else phrase, []).append((number, phrase))
    return {word: tuple(pairs) for word, pairs in found.items()}


# A phrase is looked for only where its first word is: most lines have none of either.
_TRIGGERS = _triggers()
_TRIGGER_WORDS = frozenset(_TRIGGERS)


def cues_of(lower: str, words: frozenset[str] | set[str]) -> list[float]:
    """One 0 or 1 a cue, for a line in lower case and its words."""
    marks = [0.0] * len(CUES)
    for word in _TRIGGER_WORDS.intersection(words):
        for number, phrase in _TRIGGERS[word]:
            if not phrase or phrase in lower:
                marks[number] = 1.0
    return marks
