"""One stage on somebody's own files, with no broker: what it would decide, in arrival order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import ValidationError

from schemas import Article, DuplicateRecord, EnrichedArticle, Event, StoryCandidate
from streams.codec import Message, Record, encode, raw_message
from streams.deadletter import read_dead_letter
from streams.ingest import IngestOptions, Refused, entries
from streams.ingest.options import UnfitError
from streams.ingest.records import raw_document
from streams.memory import StageRun
from streams.topics import DUPLICATE, RAW, STORY_EVENT, UNIQUE
from streams.topology import TOPOLOGY

__all__ = ["Decision", "Finals", "Problem", "Trial", "read_inputs"]

_BY_FIELD: tuple[tuple[str, type[Event]], ...] = (
    ("vectors", StoryCandidate),
    ("layers", EnrichedArticle),
    ("duplicate_of", DuplicateRecord),
    ("body_text", Article),
)
"""What tells the models apart when a line of JSON is read; anything else is a raw document."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One output of the stage: the record's bytes, and the topic it would go to."""

    topic: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Problem:
    """An input that gave no output: dropped, or parked as a dead letter (`dead`)."""

    stage: str
    document: str
    reason: str
    detail: str = ""
    dead: bool = False


def read_inputs(paths: Iterable[str], options: IngestOptions) -> Iterator[Event | Refused]:
    """Raw files and documents, or JSON Lines of what any stage writes, under `paths`."""
    return entries(paths, options=options, record=_typed)


def _typed(record: Mapping[str, Any], seen_at: datetime, options: IngestOptions) -> Event:
    model = next((model for name, model in _BY_FIELD if name in record and "article_id" in record), None)
    if model is None:
        return raw_document(record, seen_at, options)
    try:
        return model.model_validate_json(orjson.dumps(record))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UnfitError("bad_record", f"as {model.__name__}: {where}: {first['msg']}"[:300]) from error


class Trial:
    """The stages up to `stage`, each with its state in memory; `feed` takes inputs of any of them.

    An article may be the input of more than one stage: it goes to `stage` itself when that
    reads articles, else to the first that does.
    """

    def __init__(self, stage: str) -> None:
        names = [each.name for each in TOPOLOGY]
        self._stages = TOPOLOGY[: names.index(stage) + 1]
        self._runs = [StageRun(each) for each in self._stages]
        self._offsets = [0] * len(self._stages)
        self.problems: list[Problem] = []
        self.inputs = 0

    def feed(self, event: Event) -> Iterator[Decision]:
        """What the stage decides on `event`; inputs that end on the way are noted in `problems`.

        InputError when no stage up to this one reads such records.
        """
        if isinstance(event, EnrichedArticle):
            event = event.article
        if isinstance(event, DuplicateRecord):
            return  # a decision of dedupe: nothing after it reads it
        at = self._entry(type(event))
        self.inputs += 1
        topic = self._stages[at].reads
        message = raw_message(event) if topic is RAW else Message(topic.name, topic.key(event).encode(), encode(event))  # type: ignore[arg-type]
        yield from self._advance(at, message)

    def _entry(self, model: type[Event]) -> int:
        fitting = [at for at, stage in enumerate(self._stages) if stage.reads.model is model]
        if not fitting:
            raise UnfitError("bad_record", f"{self._stages[-1].name} does not read {model.__name__} records")
        last = len(self._stages) - 1
        return last if last in fitting else fitting[0]

    def _advance(self, at: int, message: Message) -> Iterator[Decision]:
        stage = self._stages[at]
        record = Record(message.topic, 0, self._offsets[at], message.key, message.value, message.headers)
        self._offsets[at] += 1
        handled = self._runs[at].step(record)
        if handled.label != "ok":
            self._note(stage.name, record, handled.label, handled.messages)
            return
        for output in handled.messages:
            if at == len(self._stages) - 1:
                if output.value is not None:
                    yield Decision(output.topic, output.value)
            elif output.topic == self._stages[at + 1].reads.name:
                yield from self._advance(at + 1, output)

    def _note(self, stage: str, record: Record, label: str, messages: tuple[Message, ...]) -> None:
        kind, _, reason = label.partition(":")
        detail = ""
        for message in messages:
            parked = Record(message.topic, 0, 0, message.key, message.value, message.headers)
            detail = read_dead_letter(parked).detail
        document = orjson.loads(record.value or b"{}")
        name = document.get("filename") or document.get("document_id", "")
        self.problems.append(Problem(stage, name, reason, detail, dead=kind == "dead"))


@dataclass(slots=True)
class Finals:
    """The final partition that a stream of decisions amounts to: group id -> article ids."""

    of: Literal["stories", "duplicates"]
    groups: dict[str, list[str]] = field(default_factory=dict)

    def take(self, decision: Decision) -> None:
        """Follow one decision; others than those of the stage are passed over."""
        value = orjson.loads(decision.value)
        if self.of == "duplicates" and decision.topic in (UNIQUE.name, DUPLICATE.name):
            group = self.groups.setdefault(value.get("duplicate_of", value["article_id"]), [])
            if value["article_id"] not in group:
                group.append(value["article_id"])
        elif self.of == "stories" and decision.topic == STORY_EVENT.name:
            self._story(value)

    def _story(self, event: Mapping[str, Any]) -> None:
        match event["kind"]:
            case "created" | "article_added":
                self.groups.setdefault(event["story_id"], []).append(event["article"]["article_id"])
            case "merged":
                self.groups.setdefault(event["merged_into"], []).extend(self.groups.pop(event["story_id"], []))
            case _:
                pass
