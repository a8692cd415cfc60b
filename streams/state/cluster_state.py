"""The memory of the cluster stage: one book a language over one table partition.

Keys are a kind, the language and an id, so that languages that share a partition do not
meet. Whatever is held in memory is a function of the table, and never of the way there.

    m language            clock and what dates lie behind it, records taken in, articles since the last merge sweep,
                          stories touched since
    a language 0 article  ArticleRecord
    s language 0 story    StoryRecord; closed and merged stories are kept for a while
    v language 0 story    Profile, while the story is live

Nothing expires by an article's own time, which may be wrong or long ago, but by how far the
clock has gone since it came. An article's identity also outlives the next `keep_articles`
records, however fast the clock runs, and each new push renews it: what is delivered again
within that distance is told for sure, be it an article or a push that was dropped.
"""

import struct
from collections.abc import Iterator, Sequence

from streams.state.due_queue import DueQueue
from streams.state.protocols import Origin, Table
from streams.state.story_index import StoryIndex
from streams.state.story_profile import Matcher, Profile, decode, encode
from streams.state.story_record import ArticleRecord, Status, StoryRecord, standing
from streams.text.story_model import ClusterConfig

__all__ = ["Book", "ClusterState"]

_CLOCK = struct.Struct("<qq?QI")
_STORY_BYTES = 16
_DAY_MICROS = 86_400_000_000


class Book:
    """Stories and articles of one language.

    `clock` goes with the highest `first_seen_at` seen, in microseconds, and never back (0 before
    the first article; see `ClusterConfig.clock_step_days`); `ahead` is how far it is ahead of the
    dates, not 0 only where the first of them were wrong. `count` is the number of records taken
    in, `live` the profiles of open stories.
    """

    def __init__(self, table: Table, language: str, config: ClusterConfig) -> None:
        self.language = language
        self.live: dict[str, Profile] = {}
        self.clock = 0
        self.ahead = 0
        self.count = 0
        self.since_sweep = 0
        self.touched: list[str] = []
        self._believed = False
        self._table = table
        self._config = config
        self._index = StoryIndex()
        self._match = Matcher()
        self._arrivals = DueQueue()
        self._dues = DueQueue()

    @property
    def match(self) -> Matcher:
        """Scalar products with profiles."""
        return self._match

    def article(self, article_id: str) -> ArticleRecord | None:
        """What is known of an article."""
        data = self._table.get(self._key(b"a", article_id.encode()))
        return None if data is None else ArticleRecord.decode(data)

    def put_article(self, article_id: str, record: ArticleRecord) -> None:
        """Remember an article; `record.number` must be above that of all others."""
        self._table.put(self._key(b"a", article_id.encode()), record.encode())
        self._arrivals.push(record.number, article_id)

    def renew_article(self, article_id: str, record: ArticleRecord, origin: Origin) -> None:
        """A known article was pushed again: its identity starts a new term, from this push on."""
        self.count += 1
        partition, offset = origin
        renewed = record._replace(partition=partition, offset=offset, arrived=self.clock, number=self.count)
        self.put_article(article_id, renewed)
        self.save_clock()

    def story(self, story_id: str) -> StoryRecord | None:
        """A story as it stands, open or not."""
        data = self._table.get(self._story_key(b"s", story_id))
        return None if data is None else StoryRecord.decode(story_id, data)

    def put_story(self, record: StoryRecord) -> None:
        """Keep a story as it stands now."""
        self._table.put(self._story_key(b"s", record.story_id), record.encode())
        self._dues.push(self._due(record.status, record.touched), record.story_id)

    def drop_story(self, story_id: str) -> None:
        """Forget a story that is no longer live."""
        self._table.delete(self._story_key(b"s", story_id))

    def put_profile(self, story_id: str, profile: Profile) -> None:
        """Make a story live, or change what it is compared by."""
        self._table.put(self._story_key(b"v", story_id), encode(profile))
        self._enter(story_id, profile)

    def drop_profile(self, story_id: str) -> None:
        """A story is live no more."""
        self._table.delete(self._story_key(b"v", story_id))
        del self.live[story_id]
        self._index.set(story_id, frozenset())

    def find(self, query: Sequence[tuple[int, float]], *, count: int, but: str = "") -> list[str]:
        """Live stories that share the heaviest terms with `query`; see `StoryIndex.find`."""
        return self._index.find(query, count=count, budget=self._config.posting_budget, but=but)

    def advance(self, at: int) -> None:
        """Take in one more record: the clock moves to its date `at`, by one step at most and never back.

        Until two dates in a row lie within `forget_days` the clock stands: a first date that is
        wrong must not stop it for years. It then goes on with the dates from where it stood.
        """
        step = int(self._config.clock_step_days * _DAY_MICROS)
        if not self.count:
            self.clock = at
        elif not self._believed:
            self._believed = abs(at + self.ahead - self.clock) <= int(self._config.forget_days * _DAY_MICROS)
            if not self._believed:
                self.ahead = self.clock - at
        self.clock = max(self.clock, min(at + self.ahead, self.clock + step))
        self.count += 1

    def save_clock(self) -> None:
        """Write what `advance` and the sweep count have changed."""
        touched = b"".join(map(_story_bytes, self.touched))
        numbers = _CLOCK.pack(self.clock, self.ahead, self._believed, self.count, self.since_sweep)
        self._table.put(b"m" + self.language.encode(), numbers + touched)

    def forget_articles(self, limit: int) -> None:
        """Forget the oldest identities of articles, at most `limit` of those that are due.

        Here and in `due_stories`, entries that no longer hold don't count: the work done
        must not depend on what the queue of a rebuilt book does not have.
        """
        span = int(self._config.forget_days * _DAY_MICROS)
        while limit > 0 and (head := self._arrivals.head()) and head.at + self._config.keep_articles <= self.count:
            record = self.article(head.id)
            if record is not None and record.number == head.at:
                if record.arrived + span >= self.clock:
                    return
                self._table.delete(self._key(b"a", head.id.encode()))
                limit -= 1
            self._arrivals.pop()

    def due_stories(self, limit: int) -> Iterator[tuple[int, StoryRecord]]:
        """When a story was due, as a date, and how it stands, earliest first, at most `limit`.

        Deal with each before taking the next. Beyond `max_live` open stories the earliest are due at once.
        """
        while limit > 0 and (head := self._dues.head()):
            if head.at >= self.clock and len(self.live) <= self._config.max_live:
                return
            self._dues.pop()
            data = self._table.get(self._story_key(b"s", head.id))
            if data is not None and self._due(*standing(data)) == head.at:
                limit -= 1
                yield min(head.at, self.clock) - self.ahead, StoryRecord.decode(head.id, data)

    def load(self, kind: bytes, suffix: bytes, value: bytes) -> None:
        """Take in one record of the table."""
        if kind == b"m":
            self.clock, self.ahead, self._believed, self.count, self.since_sweep = _CLOCK.unpack_from(value)
            rest = value[_CLOCK.size :]
            self.touched = [f"sty_{rest[at : at + _STORY_BYTES].hex()}" for at in range(0, len(rest), _STORY_BYTES)]
        elif kind == b"a":
            self._arrivals.push(ArticleRecord.decode(value).number, suffix.decode())
        elif kind == b"s":
            self._dues.push(self._due(*standing(value)), f"sty_{suffix.hex()}")
        else:
            self._enter(f"sty_{suffix.hex()}", decode(value))

    def _enter(self, story_id: str, profile: Profile) -> None:
        self.live[story_id] = profile
        self._index.set(story_id, profile.posted(self._config.query_terms))

    def _due(self, status: Status, touched: int) -> int:
        days = self._config.window_days if status == "active" else self._config.forget_days
        return touched + int(days * _DAY_MICROS)

    def _key(self, kind: bytes, suffix: bytes) -> bytes:
        return kind + self.language.encode() + b"\0" + suffix

    def _story_key(self, kind: bytes, story_id: str) -> bytes:
        return self._key(kind, _story_bytes(story_id))


class ClusterState:
    """State of the stage `cluster` for one input partition, rebuilt from `table`."""

    def __init__(self, table: Table, config: ClusterConfig | None = None) -> None:
        self.config = config or ClusterConfig()
        self._table = table
        self._books: dict[str, Book] = {}
        for key, value in table.items():
            language, _, suffix = key[1:].partition(b"\0")
            self.book(language.decode()).load(key[:1], suffix, value)

    def book(self, language: str) -> Book:
        """The book of a language, empty at first."""
        if language not in self._books:
            self._books[language] = Book(self._table, language, self.config)
        return self._books[language]


def _story_bytes(story_id: str) -> bytes:
    return bytes.fromhex(story_id.removeprefix("sty_"))
