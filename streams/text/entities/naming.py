"""The one name of a thing: the same in every article, as far as the articles allow."""

from collections import Counter
from typing import NamedTuple

from schemas import EntityType
from streams.text.entities.clusters import Cluster
from streams.text.entities.spans import LOC, ORG, PER

__all__ = ["Naming", "naming"]

_TYPES: dict[int, EntityType] = {PER: "PERSON", ORG: "ORG", LOC: "PLACE"}
_EVENTS = frozenset(
    """cup open olympics games championship championships tournament festival war prix marathon election elections
    revolution conference summit awards treaty series bowl trophy tour masters uprising massacre""".split()  # noqa: SIM905 - a list of one word a line is no clearer
)


class Naming(NamedTuple):
    """Type, canonical name, and ids as `scheme:value`."""

    type: EntityType
    name: str
    ids: tuple[str, ...]


def naming(cluster: Cluster) -> Naming:
    """The gazetteer's name when it knows the thing, else the fullest name the article uses most."""
    if cluster.known is not None:
        return Naming(cluster.known.kind, cluster.known.name, cluster.known.ids)
    fullest = max(cluster.forms, key=lambda form: (_fullness(cluster, len(form.words)), len(form.spans)))
    surfaces = Counter(fullest.surfaces)
    name = max(surfaces, key=lambda surface: (not _loud(surface), surfaces[surface]))
    return Naming(_type(cluster.type, fullest.words), name, ())


def _fullness(cluster: Cluster, words: int) -> int:
    """All full personal names are equal, so that a middle initial does not decide; else the longest name."""
    return min(words, 2) if cluster.type == PER else words


def _loud(surface: str) -> bool:
    """Whether it is in capitals and too long for an acronym."""
    longest_acronym = 6
    return surface.isupper() and len(surface) > longest_acronym


def _type(kind: int, words: tuple[str, ...]) -> EntityType:
    if kind in _TYPES:
        return _TYPES[kind]
    return "EVENT" if words[-1] in _EVENTS else "MISC"
