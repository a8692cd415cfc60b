"""News as they come, in a loop of your own.

    async for item in subscribe("articles", group="my-archive"):
        store(item.value.article.title, item.value.article.body_text)

Delivery is at least once: after a kill, of a worker or of the reader, a record may come again with
the same `item.envelope.id`; `streams.sdk.unique` drops repetitions.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import isawaitable
from typing import Any, Literal, TypedDict, Unpack, overload

from schemas import DeadLetter, DuplicateRecord, EnrichedArticle, RawDocument, Story, StoryEvent
from streams.codec import Record
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.outcome import Dead
from streams.query import Query, value_of
from streams.sdk.connection import endpoint_of
from streams.sdk.cursor import Cursor
from streams.sdk.envelope import Envelope
from streams.sdk.follow import Since, follow
from streams.sdk.group import GroupStart, Member, join
from streams.sdk.offered import Name, Offered, offered
from streams.sdk.received import Received, Unreadable, UnreadableError
from streams.settings import Settings

__all__ = ["OnError", "Options", "Where", "subscribe"]

Where = Mapping[str, str] | Query | Callable[[Received[Any]], bool]
"""What is wanted: a mapping of `source`, `language`, `entity`, `story`, `key` or `id`; a `Query`; a pure predicate."""

OnError = Literal["raise", "skip"] | Callable[[Unreadable], Awaitable[None] | None]
"""What becomes of a record that cannot be read: UnreadableError, nothing, or what a function makes of it."""

_POLL_S = 0.5
_FILTERS = ("source", "language", "entity", "story", "key", "id")
_OURS = "newsloom."


class Options(TypedDict, total=False):
    """Options of `subscribe`; see there."""

    group: str | None
    where: Where | None
    since: Since | str
    commit: Literal["auto", "manual"]
    on_error: OnError
    settings: Settings | None
    bootstrap: str | Endpoint | None


@overload
def subscribe(
    what: Literal["articles"], **options: Unpack[Options]
) -> AsyncGenerator[Received[EnrichedArticle], None]: ...
@overload
def subscribe(
    what: Literal["stories"], *, tombstones: Literal[True], **options: Unpack[Options]
) -> AsyncGenerator[Received[Story | None], None]: ...
@overload
def subscribe(what: Literal["stories"], **options: Unpack[Options]) -> AsyncGenerator[Received[Story], None]: ...
@overload
def subscribe(what: Literal["events"], **options: Unpack[Options]) -> AsyncGenerator[Received[StoryEvent], None]: ...
@overload
def subscribe(
    what: Literal["duplicates"], **options: Unpack[Options]
) -> AsyncGenerator[Received[DuplicateRecord], None]: ...
@overload
def subscribe(
    what: Literal["dead_letters"], **options: Unpack[Options]
) -> AsyncGenerator[Received[DeadLetter], None]: ...
@overload
def subscribe(what: Literal["raw"], **options: Unpack[Options]) -> AsyncGenerator[Received[RawDocument], None]: ...


def subscribe(
    what: Name, *, tombstones: bool = False, **options: Unpack[Options]
) -> AsyncGenerator[Received[Any], None]:
    """Records of `what`, for ever. Leave the loop early through `contextlib.aclosing`.

    Without `group`: from `since` ("earliest", "latest", an instant, a cursor or its text; by default
    "latest") to the end and on; nothing is committed, `item.cursor` is where to go on.

    With `group`: from where the group stood, the first time from `since` (a cursor does not fit); its
    members share the partitions. `commit="auto"`, the default, commits an item, within a second, once the
    loop has come back for the next one, never before: one in whose turn the loop was left comes again.
    `commit="manual"` commits with `await item.commit()` only. In a lane the group has its prefix.

    `where` says what is wanted. A record that cannot be read ends the loop with UnreadableError, unless
    `on_error` says otherwise. A story that was forgotten is a record without value: `tombstones=True` gives
    it as None. `settings` (by default those of the environment) name broker and lane, `bootstrap` wins over
    their broker, not over their security. UsageError at once when the call is off, BrokerError in the loop
    when the broker is.
    """
    wish = _Wish.of(what, options, tombstones=tombstones)
    settings = options.get("settings") or Settings()
    names = tuple(settings.topic(name) for name in wish.what.topics)
    since, group = _since(options.get("since", "latest"), names), options.get("group")
    if group is None:
        if "commit" in options:
            raise UsageError("only a subscription with a group commits")
        return _alone(wish, settings, options.get("bootstrap"), since)
    if not group or group.startswith(_OURS):
        raise UsageError(f"a group needs a name, and {_OURS}* are the pipeline's own")
    if isinstance(since, Cursor):
        raise UsageError("a group keeps its own place; `since` takes earliest, latest or an instant")
    auto = options.get("commit", "auto") == "auto"
    return _shared(wish, settings, options.get("bootstrap"), (settings.topic(group), since, auto))


def _since(since: Since | str, names: Sequence[str]) -> Since:
    if isinstance(since, str) and since not in ("earliest", "latest"):
        return Cursor.parse(since, names)
    return since  # type: ignore[return-value]  # mypy does not narrow by `in`


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a reader asked for, made plain."""

    what: Offered
    query: Query
    predicate: Callable[[Received[Any]], bool] | None
    on_error: OnError
    tombstones: bool

    @classmethod
    def of(cls, what: str, options: Options, *, tombstones: bool) -> "_Wish":
        """From the options; UsageError when they are off."""
        where = options.get("where")
        query, predicate = Query(), None
        match where:
            case Query():
                query = where
            case Mapping():
                if unknown := sorted(set(where) - set(_FILTERS)):
                    raise UsageError(f"`where` knows no {unknown[0]!r}; it takes {', '.join(_FILTERS)}, or a function")
                query = Query(**dict(where))  # type: ignore[arg-type]  # the names have just been checked
            case None:
                pass
            case _:
                predicate = where
        return cls(offered(what), query, predicate, options.get("on_error", "raise"), tombstones)

    async def read(self, record: Record, **place: Any) -> Received[Any] | None:
        """The item in `record`, None when it is not wanted."""
        if not self.query.anything and not self.query.accepts(record, value_of(record)):
            return None
        value = None if record.value is None and self.what.table else self.what.read(record)
        if isinstance(value, Dead):
            await self._told(Unreadable(record, value.reason, value.detail))
            return None
        if value is None and not self.tombstones:
            return None
        item = Received(
            value=value,
            envelope=Envelope.of(record.headers),
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            timestamp=datetime.fromtimestamp(record.timestamp_ms / 1000, UTC),
            **place,
        )
        return item if self.predicate is None or self.predicate(item) else None

    async def _told(self, unreadable: Unreadable) -> None:
        if self.on_error == "raise":
            raise UnreadableError(unreadable)
        if callable(self.on_error) and isawaitable(answer := self.on_error(unreadable)):
            await answer


async def _alone(
    wish: _Wish, settings: Settings, bootstrap: str | Endpoint | None, since: Since
) -> AsyncGenerator[Received[Any], None]:
    endpoint = await endpoint_of(settings, bootstrap)
    names = [settings.topic(name) for name in wish.what.topics]
    async with follow(endpoint, names, since, tables=names if wish.what.table else ()) as follower:
        while True:
            for record in await follower.batch(_POLL_S):
                follower.passed(record)
                if (item := await wish.read(record, cursor=follower.cursor)) is not None:
                    yield item


async def _shared(
    wish: _Wish,
    settings: Settings,
    bootstrap: str | Endpoint | None,
    how: tuple[str, GroupStart, bool],
) -> AsyncGenerator[Received[Any], None]:
    endpoint = await endpoint_of(settings, bootstrap)
    names = [settings.topic(name) for name in wish.what.topics]
    group, since, auto = how
    async with join(endpoint, settings, names, group, since) as member:
        while True:
            record = await member.next()
            if record is not None:
                item = await wish.read(record, epoch=member.epoch, committing=_committing(member))
                if item is None:
                    member.passed(record)
                else:
                    member.delivered(record)
                    yield item
                    if auto:
                        member.done((item.topic, item.partition), item.offset, item.epoch)
            await member.commit_now_and_then()


def _committing(member: Member) -> Callable[[Received[Any]], Awaitable[bool]]:
    async def commit(item: Received[Any]) -> bool:
        return member.done((item.topic, item.partition), item.offset, item.epoch) and await member.commit()

    return commit
