"""News that never happened, for loads of any size: a small grammar in two languages, seeded.

Of ten documents about three open a story, three follow one in other words, two are copies in
another outlet, one is a copy with a sentence cut, one an article of the other language. So
dedupe and cluster have to decide something all the time, and both partitions of a small system
have a writer.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schemas import RawDocument, Source
from streams.ids import document_id

__all__ = ["generate"]

_START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
_STEP = timedelta(seconds=90)
_OPEN_STORIES = 12
_OUTLETS = ("gazette", "herald", "courier", "tribune", "wire", "monitor")
_KINDS = ("opens", "opens", "opens", "follows", "follows", "follows", "copies", "copies", "cuts", "foreign")


@dataclass(frozen=True, slots=True)
class _Language:
    """Words and sentence forms; each form has room for the same names."""

    people: tuple[str, ...]
    places: tuple[str, ...]
    things: tuple[str, ...]
    title: str
    forms: tuple[str, ...]


_ENGLISH = _Language(
    ("Mara Lindqvist", "Owen Tarrant", "Ilse Varga", "Joon Park", "Petra Holm", "Amadou Keita", "Rosa Duarte"),
    ("Tarnmouth", "Skerrow", "Ullern", "Castle Bay", "Norvale", "Port Elden", "Harrowgate", "Lindfors"),
    ("bridge", "ferry", "power station", "stadium", "railway", "hospital", "reservoir", "airport", "museum"),
    "{person} promises answers over the {thing} of {place}",
    (
        "The {thing} of {place} was closed on {day} after {number} complaints from people who live near it.",
        "{person} told reporters in {place} that the {thing} would cost {number} million crowns more than planned.",
        "Engineers who looked at the {thing} found {number} cracks, most of them too small to be seen by eye.",
        "The council of {place} votes on the future of the {thing} in {number} days, and nobody knows the outcome.",
        "A report on the {thing} that {person} had asked for was kept back for {number} months, officials admitted.",
        "Residents of {place} gathered {number} signatures against the plans that {person} presented on {day}.",
        "Work on the {thing} begins in spring and will take {number} weeks if the weather allows, said {person}.",
        "Insurers put the damage at {number} thousand crowns; the owner of the {thing} in {place} called that too low.",
        "On {day} some {number} people walked from the market of {place} to the {thing} and back in silence.",
        "{person} has led the inquiry into the {thing} since it was opened {number} years ago in {place}.",
    ),
)
_SPANISH = _Language(
    ("Lucía Ferrán", "Tomás Arrieta", "Elena Quiroga", "Diego Salvatierra", "Inés Maldonado"),
    ("Villanera", "Puerto Alba", "San Telmo", "Robledal", "Costa Clara", "Montefrío"),
    ("puente", "hospital", "estadio", "embalse", "museo", "aeropuerto"),
    "{person} promete respuestas sobre el {thing} de {place}",
    (
        "El {thing} de {place} fue cerrado por la noche después de {number} quejas de los vecinos de la zona.",
        "{person} dijo a los periodistas en {place} que el {thing} costará {number} millones más de lo previsto.",
        "Los ingenieros que revisaron el {thing} encontraron {number} grietas, casi todas demasiado pequeñas.",
        "El ayuntamiento de {place} votará sobre el futuro del {thing} dentro de {number} días.",
        "Los habitantes de {place} reunieron {number} firmas contra los planes que presentó {person}.",
        "Las obras del {thing} empiezan en primavera y durarán {number} semanas, según {person}.",
        "Unas {number} personas caminaron en silencio desde el mercado de {place} hasta el {thing}.",
    ),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


@dataclass(frozen=True, slots=True)
class _Story:
    """What the articles of a story have in common, and the last one of them."""

    language: _Language
    names: dict[str, str]
    title: str
    sentences: tuple[str, ...]


def generate(count: int, *, seed: int = 1, first: int = 0) -> Iterator[RawDocument]:
    """Documents `first` to `first + count` of the seed's endless row; their ids are all different."""
    draw = random.Random(seed)  # noqa: S311 - to be repeatable is the point
    stories: list[_Story] = []
    for number in range(first + count):
        story = _next(draw, stories)
        if number >= first:
            yield _document(number, seed, story, draw.choice(_OUTLETS))
        else:
            draw.choice(_OUTLETS)


def _next(draw: random.Random, stories: list[_Story]) -> _Story:
    kind = draw.choice(_KINDS)
    if kind in ("opens", "foreign") or not stories:
        story = _written(draw, _opened(draw, _SPANISH if kind == "foreign" else _ENGLISH))
        stories.append(story)
        del stories[:-_OPEN_STORIES]
        return story
    place = draw.randrange(len(stories))
    story = stories[place]
    if kind == "follows":
        story = stories[place] = _written(draw, story)
    elif kind == "cuts":
        left_out = draw.randrange(len(story.sentences))
        kept = story.sentences[:left_out] + story.sentences[left_out + 1 :]
        story = _Story(story.language, story.names, story.title, kept)
    return story


def _opened(draw: random.Random, language: _Language) -> _Story:
    names = {
        "person": draw.choice(language.people),
        "place": draw.choice(language.places),
        "thing": draw.choice(language.things),
    }
    return _Story(language, names, language.title.format(**names), ())


def _written(draw: random.Random, story: _Story) -> _Story:
    forms = draw.sample(story.language.forms, k=min(6, len(story.language.forms)))
    sentences = tuple(
        form.format(**story.names, day=draw.choice(_DAYS), number=draw.randrange(11, 990)) for form in forms
    )
    return _Story(story.language, story.names, story.title, sentences)


def _document(number: int, seed: int, story: _Story, outlet: str) -> RawDocument:
    content = f"{story.title}\n\n" + "\n\n".join(story.sentences) + "\n"
    source = Source(id=outlet)
    return RawDocument(
        document_id=document_id(outlet, f"chaos-{seed}-{number}"),
        source=source,
        content=content,
        first_seen_at=_START + number * _STEP,
        filename=f"chaos-{number}.txt",
    )
