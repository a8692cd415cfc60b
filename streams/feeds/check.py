"""What the poller would do with a feed, without a broker: fetch it, read it, and say."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from schemas import SourceConfig
from streams.feeds.answers import Failed, Fetched
from streams.feeds.catalogue import source_id_of
from streams.feeds.entries import content_of, identify
from streams.feeds.fetch import Fetcher, Policy
from streams.feeds.pace import REAL, Pace
from streams.feeds.parse import ParsedFeed
from streams.feeds.parsing import Parser
from streams.feeds.robots import Robots
from streams.feeds.schedule import Failure, Hints, Success, configured, failed, succeeded
from streams.feeds.schedule import Policy as Intervals
from streams.settings import Settings

__all__ = ["Checked", "CheckedEntry", "check"]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class CheckedEntry:
    """One entry as the poller sees it; `whole` when its text is in the feed."""

    natural_id: str
    title: str | None
    link: str | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A feed as the poller sees it; of `entries`, the first ten are in `shown`.

    `pages_allowed` is what robots.txt says of the first page that would be fetched, None when it was not asked.
    """

    url: str
    source_id: str
    ok: bool
    said: str
    format: str | None = None
    title: str | None = None
    entries: int = 0
    whole: int = 0
    size: int = 0
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None
    pages_allowed: bool | None = None
    next_at: datetime | None = None
    shown: tuple[CheckedEntry, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return asdict(self)


async def check(settings: Settings, url: str, *, pace: Pace = REAL) -> Checked:
    """Fetch and read the feed at `url` now; never raises for what is there."""
    config = SourceConfig(source_id=source_id_of(url) or url[:256], url=url)
    intervals = Intervals(settings.feed_floor_s, settings.feed_cap_s)
    fresh = configured(config, None, intervals, pace.now())
    async with Fetcher(Policy.of(settings), pace.now) as fetcher, Parser() as parser:
        answer = await fetcher.get(url)
        if isinstance(answer, Fetched):
            feed = await parser.parse(answer.body, answer.media_type, answer.charset, answer.url)
            if isinstance(feed, ParsedFeed):
                return await _read(config, answer, feed, Robots(fetcher, pace.now), (fresh, intervals, pace))
            failure = Failure(feed.reason, feed.detail)
        elif isinstance(answer, Failed):
            failure = Failure(answer.reason, answer.detail, answer.retry_after_s)
        else:
            failure = Failure("http_error", "304 to a plain request")
        after = failed(config, fresh, failure, intervals, pace.now())
        return Checked(url, config.source_id, ok=False, said=after.detail or "", next_at=after.next_at)


async def _read(config: SourceConfig, answer: Fetched, feed: ParsedFeed, robots: Robots, at: Any) -> Checked:
    fresh, intervals, pace = at
    found = identify(feed.entries)
    shown = [
        CheckedEntry(each.natural_id, each.entry.title, each.entry.link, content_of(each.entry) is not None)
        for each in found
    ]
    page = next((entry.link for entry in shown if not entry.whole and entry.link), None)
    allowed = await robots.allows(page) if page else None
    success = Success(
        entries=len(found),
        pushed=len(found),
        etag=answer.validators.etag,
        last_modified=answer.validators.last_modified,
        size=len(answer.body),
        hints=Hints(feed.ttl_s, answer.max_age_s, answer.expires_at, feed.skip_hours, feed.skip_days),
        permanent_url=answer.permanent_url,
    )
    after = succeeded(config, fresh, success, intervals, pace.now())
    return Checked(
        url=config.url,
        source_id=config.source_id,
        ok=True,
        said=f"{len(found)} entries, {sum(entry.whole for entry in shown)} with their text",
        format=feed.format,
        title=feed.title,
        entries=len(found),
        whole=sum(entry.whole for entry in shown),
        size=len(answer.body),
        etag=answer.validators.etag,
        last_modified=answer.validators.last_modified,
        moved_to=answer.permanent_url,
        pages_allowed=None if allowed is None or isinstance(allowed, Failed) else allowed,
        next_at=after.next_at,
        shown=tuple(shown[:_SHOWN]),
    )
