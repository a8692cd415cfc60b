"""What clients of `/v1/stream` ask for, and the streams that are open for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from streams.api.event_stream import Pace
from streams.api.parameters import Instant
from streams.api.problems import ProblemError
from streams.codec import Record
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.query import Query, value_of
from streams.sdk.cursor import MAX_CURSOR, Cursor
from streams.sdk.follow import Follower, Since, follow
from streams.sdk.offered import OFFERED, Offered, offered
from streams.sdk.structured import structured
from streams.settings import Settings

__all__ = ["Asked", "Choice", "Streams"]

_INSTANT: TypeAdapter[datetime | None] = TypeAdapter(Instant)


class Streams:
    """The open streams of a server: at most `settings.api_streams`, all ended by `close`."""

    def __init__(self, endpoint: Endpoint, settings: Settings, pace: Pace = Pace()) -> None:  # noqa: B008 - frozen
        self.endpoint = endpoint
        self.settings = settings
        self.pace = pace
        self.closing = asyncio.Event()
        self.open = 0

    def close(self) -> None:
        """End all streams; their clients go on elsewhere, or here once we are back."""
        self.closing.set()

    @asynccontextmanager
    async def follow(self, choice: "Choice") -> AsyncIterator[Follower]:
        """A follower of what a client chose, and its place among the open streams; ProblemError when all are taken."""
        if self.open >= self.settings.api_streams:
            raise ProblemError(503, "busy", f"{self.open} streams are open", headers={"Retry-After": "10"})
        self.open += 1
        try:
            start, otherwise = choice.start, choice.otherwise
            opened = follow(self.endpoint, choice.by_topic, start, otherwise=otherwise, tables=choice.tables)
            async with opened as follower:
                yield follower
        finally:
            self.open -= 1


class Asked(BaseModel):
    """Query parameters of the stream."""

    topics: str = Field("stories", max_length=200, description=f"Some of {', '.join(OFFERED)}, by commas.")
    source: str | None = Field(None, min_length=1, max_length=512)
    language: str | None = Field(None, min_length=2, max_length=35)
    entity: str | None = Field(None, min_length=1, max_length=512)
    story: str | None = Field(None, min_length=1, max_length=512)
    since: str = Field("latest", max_length=MAX_CURSOR, description="earliest, latest, an instant, or an event id.")
    last_event_id: str | None = Field(None, max_length=MAX_CURSOR, description="As the header, which wins.")
    data: bool = Field(default=True, description="With the record's value, not only what it is about.")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a client wants, and from where."""

    by_topic: dict[str, Offered]
    start: Since
    otherwise: Since
    wanted: Query
    data: bool

    @classmethod
    def of(cls, settings: Settings, asked: Asked, last_id: str | None) -> Self:
        """The choice that parameters make; ProblemError for those that make none."""
        try:
            whats = dict.fromkeys(offered(name.strip()) for name in asked.topics.split(","))
        except UsageError as error:
            raise ProblemError(422, "bad_parameter", f"topics: {error}") from error
        by_topic = {settings.topic(name): what for what in whats for name in what.topics}
        since = _since(asked.since, by_topic)
        start = _cursor(last_id, by_topic) if last_id else since
        wanted = Query(source=asked.source, language=asked.language, entity=asked.entity, story=asked.story)
        return cls(by_topic, start, since, wanted, asked.data)

    @property
    def tables(self) -> list[str]:
        """Those of its topics that are compacted."""
        return [name for name, what in self.by_topic.items() if what.table]

    def render(self, record: Record) -> tuple[str, bytes] | None:
        """Event type and data of `record`, if it is wanted."""
        what = self.by_topic[record.topic]
        if not self.wanted.anything and not self.wanted.accepts(record, value_of(record)):
            return None
        return what.kind, structured(what, record, data=self.data)


def _since(text: str, topic_names: dict[str, Offered]) -> Since:
    match text:
        case "earliest" | "latest":
            return text
    try:
        if (instant := _INSTANT.validate_python(text)) is not None:
            return instant
    except ValidationError:
        pass
    return _cursor(text, topic_names)


def _cursor(text: str, topic_names: dict[str, Offered]) -> Cursor:
    try:
        return Cursor.parse(text, topic_names)
    except UsageError as error:
        raise ProblemError(400, "bad_cursor", str(error)) from error
