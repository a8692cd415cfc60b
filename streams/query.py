"""Which records of a topic somebody wants to see."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from streams.codec import Record, header
from streams.errors import UsageError

__all__ = ["Query", "value_of"]

_IDS = ("document_id", "article_id", "story_id", "duplicate_of", "merged_into")
_SOURCES = (("source", "id"), ("source_id",), ("article", "source", "id"), ("article", "source_id"))
_LANGUAGES = (("language",), ("article", "language"))
_ENTITIES = (("layers", "entities", "entities", "entity_id"), ("entities", "entity_id"))
_STORIES = (("story_id",), ("merged_into",), ("merged_from",), ("aliases",))


def value_of(record: Record) -> Any:
    """The record's JSON, leniently: None for a tombstone, its text when it is no JSON."""
    if record.value is None:
        return None
    try:
        return orjson.loads(record.value)
    except orjson.JSONDecodeError:
        return record.value.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Query:
    """All that is given must hold. `where` pairs a dotted path with a text; a list holds it when an element does.

    `entity` is an id that an article or a story names, `story` one that a story has or had, or
    an event is about; records that never carry such an id do not fit.
    """

    key: str | None = None
    id: str | None = None
    source: str | None = None
    language: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    entity: str | None = None
    story: str | None = None

    @classmethod
    def parse(
        cls,
        *,
        key: str | None = None,
        id: str | None = None,  # noqa: A002 - the option's name
        source: str | None = None,
        language: str | None = None,
        where: list[str] | None = None,
    ) -> Self:
        """From options; UsageError when a `where` is no `field=value`."""
        pairs = []
        for text in where or ():
            path, sign, wanted = text.partition("=")
            if not (path and sign):
                raise UsageError(f"--where takes field=value, not {text!r}")
            pairs.append((path, wanted))
        return cls(key, id, source, language, tuple(pairs))

    @property
    def anything(self) -> bool:
        """Whether every record fits."""
        return self == Query()

    def accepts(self, record: Record, value: Any) -> bool:
        """Whether the record, whose JSON is `value`, is wanted."""
        fields = value if isinstance(value, Mapping) else {}
        return (
            (self.key is None or (record.key or b"").decode("utf-8", "replace") == self.key)
            and (self.id is None or self._names(record, fields))
            and (self.source is None or _any(fields, _SOURCES, self.source))
            and (self.language is None or _any(fields, _LANGUAGES, self.language))
            and (self.entity is None or _any(fields, _ENTITIES, self.entity))
            and (self.story is None or _any(fields, _STORIES, self.story))
            and all(wanted in _texts(fields, tuple(path.split("."))) for path, wanted in self.where)
        )

    def _names(self, record: Record, fields: Mapping[str, Any]) -> bool:
        known = [header(record.headers, name) for name in ("ce_subject", "ce_documentid")]
        known += [fields.get(name) for name in _IDS]
        member = fields.get("article")
        known += [member.get("article_id")] if isinstance(member, Mapping) else []
        return self.id in known


def _any(fields: Mapping[str, Any], paths: tuple[tuple[str, ...], ...], wanted: str) -> bool:
    return any(wanted in _texts(fields, path) for path in paths)


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Everything at `path` as text, through lists; JSON spelling for what is no text."""
    if isinstance(value, list):
        for element in value:
            yield from _texts(element, path)
    elif not path:
        yield value if isinstance(value, str) else orjson.dumps(value).decode()
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _texts(value[path[0]], path[1:])
