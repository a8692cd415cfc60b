"""What a name cannot be, and what it must be, by its words alone."""

from collections.abc import Iterable, Sequence

from streams.text.addresses import is_address
from streams.text.entities.gazetteer import CLASSES, Gazetteer
from streams.text.entities.sentences import is_seat
from streams.text.entities.spans import LOC, ORG, PER, erase, mark, spans

__all__ = ["revise"]

_ARTICLES = frozenset(("the", "The"))
_OFFICES = frozenset(
    ("secretary", "minister", "president", "senator", "governor", "chancellor", "ambassador", "chairman")
)
_PARTIES = frozenset(("R-", "D-"))
_AGENCIES = frozenset(("AP", "AFP", "EPA", "UPI", "ANI", "PTI"))
_DATES = frozenset(
    """Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec""".split()  # noqa: SIM905 - a list of one word a line is no clearer
)

_SITES = frozenset(
    """Airport Airfield Arena Avenue Beach Boulevard Building Canyon Casino Cathedral Cemetery Creek Highway Hotel
    Island Islands Lake Mall Mosque Mountain Mountains Palace Plaza Prison Resort River Stadium Street Tower Towers
    Valley""".split()  # noqa: SIM905 - a list of one word a line is no clearer
)
"""What a place is: a name that ends so is no person's."""

_GOODS = frozenset(
    """bus buses car cars coupe dealer dealers dealership dealerships engine engines factory limousine limousines
    minivan sedan sedans showroom SUV SUVs truck trucks van vans vehicle vehicles""".split()  # noqa: SIM905 - a list of one word a line is no clearer
)
"""What stands behind the name of its maker."""

_UNSURE = (0, 2 * PER - 1)

Sentences = Sequence[Sequence[str]]
Labels = list[list[int]]


def revise(sentences: Sentences, labels: Labels, gazetteer: Gazetteer) -> None:
    """Change the labels of one document's sentences in place."""
    _drop_debris(sentences, labels)
    _drop_dates(sentences, labels, gazetteer)
    _drop_articles(sentences, labels, gazetteer)
    _drop_offices(sentences, labels)
    _part_seats(sentences, labels)
    _part_credits(sentences, labels, gazetteer)
    _place_sites(sentences, labels)
    _find_makers(sentences, labels, gazetteer)


def _drop_debris(sentences: Sentences, labels: Labels) -> None:
    """No address names anything, nor does "D-Mass."."""
    for words, row in zip(sentences, labels, strict=True):
        if any(row):
            for at, word in enumerate(words):
                if row[at] and (is_address(word) or is_seat(word)):
                    erase(row, at, at + 1)


def _drop_dates(sentences: Sentences, labels: Labels, gazetteer: Gazetteer) -> None:
    """A day or a month is a name only as part of one; "May" is a person whom the article also names in full."""
    people = set(_words_of_full_names(sentences, labels))
    for span in list(spans(labels)):
        words = sentences[span.sentence][span.first : span.last]
        person = span.type == PER and words[0] in people
        if not person and all(
            gazetteer.classes.get(word) == CLASSES["date"] or word.rstrip(".") in _DATES for word in words
        ):
            erase(labels[span.sentence], span.first, span.last)


def _words_of_full_names(sentences: Sentences, labels: Labels) -> Iterable[str]:
    for span in spans(labels):
        if span.type == PER and span.last - span.first > 1:
            yield from sentences[span.sentence][span.first : span.last]


def _drop_articles(sentences: Sentences, labels: Labels, gazetteer: Gazetteer) -> None:
    """Leave the article out of "The UN", which is known without; "The Hague" is not, and keeps it."""
    for span in list(spans(labels)):
        words = sentences[span.sentence][span.first : span.last]
        rest = " ".join(words[1:])
        if words[0] in _ARTICLES and rest in gazetteer.classes and " ".join(words) not in gazetteer.classes:
            erase(labels[span.sentence], span.first, span.first + 1)


def _drop_offices(sentences: Sentences, labels: Labels) -> None:
    """Leave the office out of "Treasury Secretary Ilse Varga"."""
    for span in list(spans(labels)):
        offices = [at for at in range(span.first, span.last - 1) if sentences[span.sentence][at].lower() in _OFFICES]
        if span.type == PER and offices:
            erase(labels[span.sentence], span.first, offices[-1] + 1)


def _part_seats(sentences: Sentences, labels: Labels) -> None:
    """Part the party from the state in "R-Florida"."""
    for span in list(spans(labels)):
        if sentences[span.sentence][span.first] in _PARTIES:
            erase(labels[span.sentence], span.first, span.first + 1)
            if span.last - span.first > 1:
                mark(labels[span.sentence], span.first + 1, span.last, LOC)


def _part_credits(sentences: Sentences, labels: Labels, gazetteer: Gazetteer) -> None:
    """Part the agency from the photographer in "AP Ilse Varga"."""
    for span in list(spans(labels)):
        words, row = sentences[span.sentence], labels[span.sentence]
        named = span.last - span.first > 2 and words[span.first] in _AGENCIES  # noqa: PLR2004 - behind it a full name
        if named and (span.type == PER or CLASSES["first"] in gazetteer.word(words[span.first + 1])):
            mark(row, span.first, span.first + 1, ORG)
            mark(row, span.first + 1, span.last, PER)


def _place_sites(sentences: Sentences, labels: Labels) -> None:
    """Make "Trump Tower" a place, whether the tagger took its last word for a part of the name or not."""
    for span in list(spans(labels)):
        words, row = sentences[span.sentence], labels[span.sentence]
        last = span.last
        if last < len(words) and not row[last] and words[last] in _SITES:
            last += 1
        if span.type == PER and last - span.first > 1 and words[last - 1] in _SITES:
            mark(row, span.first, last, LOC)


def _find_makers(sentences: Sentences, labels: Labels, gazetteer: Gazetteer) -> None:
    """A known firm before a car is its maker, though some people have that name too."""
    for words, row in zip(sentences, labels, strict=True):
        for at in range(1, len(words)):
            nothing_more = words[at] in _GOODS and not row[at] and row[at - 1] in _UNSURE
            if nothing_more and CLASSES["ORG"] in gazetteer.classes.get(words[at - 1], ""):
                mark(row, at - 1, at, ORG)
