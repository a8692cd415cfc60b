"""A source that is polled: what an operator wants of it, and where the poller stands with it."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Event, LanguageTag, UtcDatetime

__all__ = [
    "FullText",
    "Pushing",
    "PushingEntry",
    "Redirected",
    "SeenEntry",
    "SourceConfig",
    "SourceOutcome",
    "SourceState",
]

DAY_S = 24 * 60 * 60

FullText = Literal["auto", "feed", "page"]
"""Where an article's text is taken from: the feed, its page, or the feed where that has all of it and else the page."""

SourceOutcome = Literal["new", "unchanged", "failed", "gone"]
"""What the last poll came to: entries that were new or edited, none, no answer that could be used, 410."""

FeedUrl = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=4096)]
Seconds = Annotated[float, Field(ge=0, le=10 * 366 * DAY_S)]
EntryId = Annotated[str, Field(min_length=1, max_length=4096)]
Digest = Annotated[str, Field(min_length=1, max_length=64)]
Validator = Annotated[str, Field(max_length=1024)]


class SourceConfig(Event):
    """A feed to poll, as an operator named it; a record without a value takes it out of the catalogue."""

    source_id: str = Field(min_length=1, max_length=256)
    url: FeedUrl
    name: str | None = Field(default=None, max_length=512)
    enabled: bool = True
    floor_s: Seconds | None = Field(default=None, description="Shortest interval; the poller's own when absent.")
    cap_s: Seconds | None = Field(default=None, description="Longest interval; the poller's own when absent.")
    full_text: FullText = "auto"
    language: LanguageTag | None = None
    owner_id: str | None = Field(default=None, max_length=256)
    domain: str | None = Field(default=None, max_length=253)
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")


class SeenEntry(Event):
    """An entry that was pushed: its natural id, and hashes of what it said, of its other names and of its document.

    An entry that says something else may be the same document: its date changes, the page does not.
    While its page could not be had, `tries` times so far, what it says now is not pushed yet.
    """

    entry: EntryId
    content: Digest
    aliases: tuple[Digest, ...] = ()
    pushed: Digest | None = None
    tries: Count = 0


class Redirected(Event):
    """Where a feed says that it has moved to for good, and how often in a row it has said so."""

    url: FeedUrl
    times: Count
    since: UtcDatetime


class PushingEntry(Event):
    """An entry on its way to the raw topic, by the `ce_id` it has there."""

    entry: EntryId
    content: Digest
    aliases: tuple[Digest, ...] = ()
    ce_id: str = Field(min_length=1, max_length=512)


class Pushing(Event):
    """What is about to be pushed; `offsets` are the ends of the raw topic's partitions before it."""

    offsets: tuple[Annotated[int, Field(ge=0, le=2**53 - 1)], ...]
    entries: tuple[PushingEntry, ...]


class SourceState(Event):
    """A source as the poller left it: enough to go on after a kill without asking or pushing twice.

    `url` is where it is fetched from, `configured_url` what the catalogue said then; validators are
    verbatim. `started_at` is there while a poll is under way, `pushing` while entries of it are.
    `seen` has the entries of the last feed at its end, others before them.
    """

    source_id: str = Field(min_length=1, max_length=256)
    configured_url: FeedUrl
    url: FeedUrl
    next_at: UtcDatetime
    interval_s: Seconds
    started_at: UtcDatetime | None = None
    polled_at: UtcDatetime | None = None
    succeeded_at: UtcDatetime | None = None
    outcome: SourceOutcome | None = None
    detail: str | None = Field(default=None, max_length=300)
    polls: Count = 0
    pushed: Count = 0
    failure_score: float = Field(default=0, ge=0, le=1e6)
    steady: Count = Field(default=0, description="Successes in a row, on time, that brought little or nothing.")
    etag: Validator | None = None
    last_modified: Validator | None = None
    body_hash: Digest | None = None
    hold_until: UtcDatetime | None = Field(default=None, description="Until when its host wants to be left alone.")
    redirected: Redirected | None = None
    former_urls: tuple[FeedUrl, ...] = ()
    gone_since: UtcDatetime | None = None
    pushing: Pushing | None = None
    seen: tuple[SeenEntry, ...] = ()
