"""Where each document of a lane has ended, as little of it as tells whether two lanes differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from streams.codec import Record, header
from streams.deadletter import document_of
from streams.topics import DUPLICATE, ENRICHED

__all__ = ["End", "Ends", "article_of", "digest", "fields_of", "layers_of", "story_of", "verdict_of"]

_VERDICT = ("kind", "duplicate_of", "matched_article_id", "similarity", "containment", "method")
_MAKERS = frozenset({"version", "enricher", "producer"})


class End(NamedTuple):
    """Of the last record of a document: the verdict in a word, and digests of article, reasons and layers."""

    label: str
    article: bytes
    verdict: bytes
    layers: bytes
    entities: int


def digest(value: object) -> bytes:
    """Eight bytes that stand for a JSON value."""
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=8).digest()


def fields_of(record: Record) -> dict[str, Any]:
    """The record's JSON object; empty when it is none."""
    try:
        value = orjson.loads(record.value or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def article_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """The article inside a terminal record, but for the versions of those who filled its fields."""
    found = value.get("article")
    if not isinstance(found, dict):
        return {}
    known = found.get("provenance")
    return found | {"provenance": _unsigned(known)} if isinstance(known, dict) else found


def layers_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """The layers over the article, but for who made them; none over a duplicate."""
    found = value.get("layers")
    return _unsigned(found) if isinstance(found, dict) else {}


def _unsigned(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Without the names and versions of makers: another version that makes the same is no difference."""
    return {
        name: {key: each for key, each in part.items() if key not in _MAKERS} if isinstance(part, dict) else part
        for name, part in parts.items()
    }


def story_of(value: bytes) -> dict[str, Any]:
    """A story of the table, but for the algorithm that made it."""
    loaded = orjson.loads(value)
    return {name: each for name, each in loaded.items() if name != "algorithm"} if isinstance(loaded, dict) else {}


def verdict_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """Why a duplicate is one; empty for an article that is unique."""
    return {name: value[name] for name in _VERDICT if name in value}


def entity_ids(value: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the entities found in the article."""
    layer = layers_of(value).get("entities") or {}
    return frozenset(str(each.get("entity_id")) for each in layer.get("entities", ()))


@dataclass(slots=True)
class Ends:
    """By document id; about 300 bytes a document."""

    terminal: dict[str, End] = field(default_factory=dict)
    parked: dict[str, str] = field(default_factory=dict)
    _labels: dict[str, str] = field(default_factory=dict)

    def see(self, topic: str, record: Record) -> None:
        """Take in a record of a terminal or a dead-letter topic; of a document, the last one counts."""
        document = document_of(record)
        if topic not in (ENRICHED.name, DUPLICATE.name):
            reason = header(record.headers, "x-news-error-code") or "unknown"
            self.parked[document] = self._label(f"dead letter: {reason} in {topic.removesuffix('.dlq')}")
            return
        value = fields_of(record)
        label = "unique" if topic == ENRICHED.name else f"{value.get('kind')} duplicate"
        self.terminal[document] = End(
            self._label(label),
            digest(article_of(value)),
            digest(verdict_of(value)),
            digest(layers_of(value)),
            len(entity_ids(value)),
        )

    def _label(self, text: str) -> str:
        """One object for all mentions of a label."""
        return self._labels.setdefault(text, text)

    def label(self, document: str) -> str:
        """What became of a document, in a few words."""
        end, parked = self.terminal.get(document), self.parked.get(document)
        return " and ".join(text for text in (end.label if end else None, parked) if text) or "nothing"

    def documents(self) -> set[str]:
        """Every document that has come to an end."""
        return set(self.terminal) | set(self.parked)
