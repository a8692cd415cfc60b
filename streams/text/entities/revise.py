"""What a name cannot be, and what it must be, by its words alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from streams.text.addresses import is_address
from streams.text.entities.gazetteer import CLASSES, Gazetteer
from streams.text.entities.sentences import is_seat
from streams.text.entities.spans import LOC, NONE, ORG, PER, Span, mark, spans

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
Labels = Sequence[list[int]]
Rule = Callable[["_Document"], Iterator[Span]]


@dataclass(slots=True)
class _Document:
    """What a rule reads; the `spans` are those of the `labels`."""

    sentences: Sentences
    labels: Labels
    spans: list[Span]
    gazetteer: Gazetteer

    def words(self, span: Span) -> Sequence[str]:
        return self.sentences[span.sentence][span.first : span.last]


def revise(sentences: Sentences, labels: Labels, gazetteer: Gazetteer) -> None:
    """Change the labels of one document's sentences in place."""
    document = _Document(sentences, labels, list(spans(labels)), gazetteer)
    for rule in _RULES:
        changed = False
        for sentence, first, last, kind in rule(document):
            mark(labels[sentence], first, last, kind)
            changed = True
        if changed:
            document.spans = list(spans(labels))


def _debris(document: _Document) -> Iterator[Span]:
    """No address names anything, nor does "D-Mass."."""
    for span in document.spans:
        for at, word in enumerate(document.words(span), span.first):
            if is_address(word) or is_seat(word):
                yield Span(span.sentence, at, at + 1, NONE)


def _dates(document: _Document) -> Iterator[Span]:
    """A day or a month is a name only as part of one; "May" is a person whom the article also names in full."""
    full = [span for span in document.spans if span.type == PER and span.last - span.first > 1]
    people = {word for span in full for word in document.words(span)}
    for span in document.spans:
        words = document.words(span)
        person = span.type == PER and words[0] in people
        if not person and all(_is_date(word, document.gazetteer) for word in words):
            yield span._replace(type=NONE)


def _is_date(word: str, gazetteer: Gazetteer) -> bool:
    return gazetteer.classes.get(word) == CLASSES["date"] or word.rstrip(".") in _DATES


def _articles(document: _Document) -> Iterator[Span]:
    """Leave the article out of "The UN", which is known without; "The Hague" is not, and keeps it."""
    known = document.gazetteer.classes
    for span in document.spans:
        words = document.words(span)
        if words[0] in _ARTICLES and " ".join(words[1:]) in known and " ".join(words) not in known:
            yield span._replace(last=span.first + 1, type=NONE)


def _offices(document: _Document) -> Iterator[Span]:
    """Leave the office out of "Treasury Secretary Ilse Varga"."""
    for span in document.spans:
        if span.type == PER and span.last - span.first > 1:
            words = document.words(span)[:-1]
            offices = [at for at, word in enumerate(words, span.first) if word.lower() in _OFFICES]
            if offices:
                yield span._replace(last=offices[-1] + 1, type=NONE)


def _seats(document: _Document) -> Iterator[Span]:
    """Part the party from the state in "R-Florida"."""
    for span in document.spans:
        if document.words(span)[0] in _PARTIES:
            yield span._replace(last=span.first + 1, type=NONE)
            if span.last - span.first > 1:
                yield span._replace(first=span.first + 1, type=LOC)


def _credits(document: _Document) -> Iterator[Span]:
    """Part the agency from the photographer in "AP Ilse Varga"."""
    for span in document.spans:
        agency, *name = document.words(span)
        credited = agency in _AGENCIES and len(name) > 1
        if credited and (span.type == PER or CLASSES["first"] in document.gazetteer.word(name[0])):
            yield span._replace(last=span.first + 1, type=ORG)
            yield span._replace(first=span.first + 1, type=PER)


def _sites(document: _Document) -> Iterator[Span]:
    """Make "Trump Tower" a place, whether the tagger took its last word for a part of the name or not."""
    for span in document.spans:
        if span.type == PER:
            words, last = document.sentences[span.sentence], span.last
            if last < len(words) and not document.labels[span.sentence][last] and words[last] in _SITES:
                last += 1
            if last - span.first > 1 and words[last - 1] in _SITES:
                yield span._replace(last=last, type=LOC)


def _makers(document: _Document) -> Iterator[Span]:
    """A known firm before a car is its maker, though some people have that name too."""
    for sentence, words in enumerate(document.sentences):
        row = document.labels[sentence]
        for at in range(1, len(words)) if not _GOODS.isdisjoint(words) else ():
            nothing_more = words[at] in _GOODS and not row[at] and row[at - 1] in _UNSURE
            if nothing_more and CLASSES["ORG"] in document.gazetteer.classes.get(words[at - 1], ""):
                yield Span(sentence, at - 1, at, ORG)


_RULES: tuple[Rule, ...] = (_debris, _dates, _articles, _offices, _seats, _credits, _sites, _makers)
