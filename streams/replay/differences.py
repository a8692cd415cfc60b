"""What is different between two lanes, as numbers and examples; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import orjson

from streams.replay.bcubed import Agreement
from streams.replay.ends import article_of, entity_ids, layers_of, verdict_of

__all__ = ["Articles", "Difference", "Entities", "Example", "Stories", "Verdicts", "changed_fields", "shortened"]

_EXAMPLES = 3
_SHOWN = 120
_TOP = 10


def _plain(value: object) -> Any:
    """Plain data; `dataclasses.asdict` turns a counter into a count of its pairs."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value


@dataclass(frozen=True, slots=True)
class Example:
    """One difference: of which document or story, and how it reads on either side."""

    id: str
    a: str
    b: str


def changed_fields(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Names of the fields that one side lacks, or has with another value."""
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def shortened(a: object, b: object) -> tuple[str, str]:
    """Both values as JSON, of long ones the part where they begin to differ."""
    one, other = (orjson.dumps(each, option=orjson.OPT_SORT_KEYS).decode() for each in (a, b))
    same = next((at for at, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), min(len(one), len(other)))
    start = max(0, same - _SHOWN // 3) if max(len(one), len(other)) > _SHOWN else 0
    return _part(one, start), _part(other, start)


def _part(text: str, start: int) -> str:
    cut = text[start : start + _SHOWN]
    return ("..." if start else "") + cut + ("..." if start + _SHOWN < len(text) else "")


@dataclass(slots=True)
class _Fields:
    """How often each field differs, with a few examples of each."""

    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    def add(self, name: str, of: str, a: object, b: object) -> None:
        """One more difference."""
        self.fields[name] += 1
        shown = self.examples.setdefault(name, [])
        if len(shown) < _EXAMPLES:
            shown.append(Example(of, *shortened(a, b)))


@dataclass(slots=True)
class Articles(_Fields):
    """Documents that ended in both lanes; how their articles differ is counted over `looked_at` of them."""

    both: int = 0
    only_a: int = 0
    only_b: int = 0
    different: int = 0
    looked_at: int = 0

    def look(self, document: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> None:
        """Compare the article of a document field by field."""
        one, other = article_of(a), article_of(b)
        self.looked_at += 1
        for name in changed_fields(one, other):
            self.add(name, document, one.get(name), other.get(name))


@dataclass(slots=True)
class Verdicts:
    """Ends of documents that are others now, as `from -> to`, and reasons that read differently for the same end."""

    changed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    reasons: _Fields = field(default_factory=_Fields)
    different_reasons: int = 0

    def change(self, document: str, a: str, b: str) -> None:
        """One document ended elsewhere."""
        way = f"{a} -> {b}"
        self.changed[way] += 1
        shown = self.examples.setdefault(way, [])
        if len(shown) < _EXAMPLES:
            shown.append(document)

    def look(self, document: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> None:
        """Compare why a document is a duplicate."""
        one, other = verdict_of(a), verdict_of(b)
        for name in changed_fields(one, other):
            self.reasons.add(name, document, one.get(name), other.get(name))


@dataclass(slots=True)
class Entities:
    """Layers of articles enriched in both lanes; `a`, `b` and `both` count entities, each once an article."""

    articles: int = 0
    different: int = 0
    a: int = 0
    b: int = 0
    both: int = 0
    layers: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)

    @property
    def f1(self) -> float:
        """Share of entities that agree: twice those in both over those of either side; 1 without any."""
        return 2 * self.both / (self.a + self.b) if self.a + self.b else 1.0

    def same(self, count: int) -> None:
        """An article whose layers are equal."""
        self.articles += 1
        self.a += count
        self.b += count
        self.both += count

    def look(self, a: Mapping[str, Any], b: Mapping[str, Any]) -> None:
        """An article whose layers differ."""
        one, other = entity_ids(a), entity_ids(b)
        self.articles += 1
        self.a += len(one)
        self.b += len(other)
        self.both += len(one & other)
        self.layers.update(changed_fields(layers_of(a), layers_of(b)))
        self.added.update(_names(b, other - one))
        self.removed.update(_names(a, one - other))


def _names(value: Mapping[str, Any], ids: Iterable[str]) -> list[str]:
    wanted = set(ids)
    layer = layers_of(value).get("entities") or {}
    found = (each for each in layer.get("entities", ()) if each.get("entity_id") in wanted)
    return [f"{each.get('name')} ({each.get('type')})" for each in found]


@dataclass(slots=True)
class Stories(_Fields):
    """The table of stories: how many are in one lane alone, and which fields of the others differ."""

    both: int = 0
    only_a: int = 0
    only_b: int = 0
    different: int = 0

    def look(self, story: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> None:
        """Compare a story that both have."""
        changed = changed_fields(a, b)
        self.both += 1
        self.different += bool(changed)
        for name in changed:
            self.add(name, story, a.get(name), b.get(name))


@dataclass(slots=True)
class Difference:
    """Lane B beside lane A. With `common`, what only one lane has is told but is no difference.

    `not_compared` says of which stages there is nothing to compare, since one of the lanes
    was never given their input.
    """

    a: str
    b: str
    common: bool = False
    not_compared: list[str] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    articles: Articles = field(default_factory=Articles)
    verdicts: Verdicts = field(default_factory=Verdicts)
    entities: Entities = field(default_factory=Entities)
    clusters: Agreement | None = None
    stories: Stories = field(default_factory=Stories)

    @property
    def none(self) -> bool:
        """Whether nothing is different."""
        alone = 0 if self.common else self.articles.only_a + self.articles.only_b
        documents = self.articles.different + sum(self.verdicts.changed.values()) + self.verdicts.different_reasons
        return not (alone or documents or self.entities.different or self._stories_differ())

    def _stories_differ(self) -> bool:
        found = self.clusters
        if found is None:
            return False
        parted = bool(found.split_count or found.merge_count)
        if self.common:  # a story of which only some members were given may differ in everything else
            return parted
        table = self.stories.only_a + self.stories.only_b + self.stories.different
        return parted or bool(table or found.only_a or found.only_b)

    def as_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        plain = {each.name: _plain(getattr(self, each.name)) for each in fields(self)}
        plain["entities"] |= {"f1": self.entities.f1}
        for name in ("added", "removed"):
            plain["entities"][name] = dict(getattr(self.entities, name).most_common(_TOP))
        if self.clusters is not None:
            plain["clusters"] |= {"f": self.clusters.f}
        return {"different": not self.none, **plain}
