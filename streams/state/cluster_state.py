"""The memory of the cluster stage: one book a language over one table partition.

Keys are a kind, the language and an id, so that languages that share a partition do not
meet. Whatever is held in memory is a function of the table, and never of the way there.

    m language            clock, articles since the last merge sweep, stories touched since
    a language 0 article  ArticleRecord
    s language 0 story    StoryRecord; closed and merged stories are kept for a while
    v language 0 story    Profile, while the story is live
"""

import heapq
import struct
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from streams.state.protocols import Table
from streams.state.story_index import StoryIndex
from streams.state.story_profile import Matcher, Profile, decode, encode
from streams.state.story_record import ArticleRecord, StoryRecord
from streams.text.story_model import ClusterConfig

__all__ = ["Book", "ClusterState", "Due"]

_CLOCK = struct.Struct("<qI")
_DUE = struct.Struct(">Qc")
_SHIFT = 1 << 63
_STORY_BYTES = 16
_DAY_MICROS = 86_400_000_000


class Due(NamedTuple):
    """When (microseconds since 1970) to look again at an article or a story."""

    at: int
    kind: Literal["a", "s"]
    id: str

    def encode(self) -> bytes:
        """One string that sorts by time, kind and id: a third of the memory of a tuple."""
        return _DUE.pack(self.at + _SHIFT, self.kind.encode()) + self.id.encode()

    @classmethod
    def decode(cls, data: bytes) -> "Due":
        """Read back `encode`."""
        at, kind = _DUE.unpack_from(data)
        return cls(at - _SHIFT, "a" if kind == b"a" else "s", data[_DUE.size :].decode())


class Book:
    """Stories and articles of one language.

    `clock` is the highest `first_seen_at` seen, in microseconds since 1970 (None before the
    first article; see `ClusterConfig.clock_step_days`), `live` the profiles of open stories.
    """

    def __init__(self, table: Table, language: str, config: ClusterConfig) -> None:
        self.language = language
        self.live: dict[str, Profile] = {}
        self.clock: int | None = None
        self.since_sweep = 0
        self.touched: list[str] = []
        self._table = table
        self._config = config
        self._index = StoryIndex()
        self._match = Matcher()
        self._queue: list[bytes] = []

    @property
    def match(self) -> Matcher:
        """Scalar products with profiles."""
        return self._match

    def article(self, article_id: str) -> ArticleRecord | None:
        """What is known of an article."""
        data = self._table.get(self._key(b"a", article_id.encode()))
        return None if data is None else ArticleRecord.decode(data)

    def put_article(self, article_id: str, record: ArticleRecord) -> None:
        """Remember an article."""
        self._table.put(self._key(b"a", article_id.encode()), record.encode())
        self._enqueue(self._article_due(article_id, record))

    def drop_article(self, article_id: str) -> None:
        """Forget an article."""
        self._table.delete(self._key(b"a", article_id.encode()))

    def story(self, story_id: str) -> StoryRecord | None:
        """A story as it stands, open or not."""
        data = self._table.get(self._story_key(b"s", story_id))
        return None if data is None else StoryRecord.decode(story_id, data)

    def put_story(self, record: StoryRecord) -> None:
        """Keep a story as it stands now."""
        self._table.put(self._story_key(b"s", record.story_id), record.encode())
        self._enqueue(self._story_due(record))

    def drop_story(self, story_id: str) -> None:
        """Forget a story that is no longer live."""
        self._table.delete(self._story_key(b"s", story_id))

    def put_profile(self, story_id: str, profile: Profile) -> None:
        """Make a story live, or change what it is compared by."""
        data = encode(profile)
        self._table.put(self._story_key(b"v", story_id), data)
        self._enter(story_id, data)

    def drop_profile(self, story_id: str) -> None:
        """A story is live no more."""
        self._table.delete(self._story_key(b"v", story_id))
        del self.live[story_id]
        self._index.set(story_id, frozenset())

    def find(self, query: Sequence[tuple[int, float]], *, count: int, but: str = "") -> list[str]:
        """Live stories that share the heaviest terms with `query`; see `StoryIndex.find`."""
        return self._index.find(query, count=count, budget=self._config.posting_budget, but=but)

    def advance(self, at: int) -> int:
        """Move the clock to `at`, by one step at most and never back; the new time."""
        if self.clock is None:
            self.clock = at
        step = int(self._config.clock_step_days * _DAY_MICROS)
        self.clock = max(self.clock, min(at, self.clock + step))
        return self.clock

    def save_clock(self) -> None:
        """Write what `advance` and the sweep count have changed."""
        touched = b"".join(map(_story_bytes, self.touched))
        self._table.put(b"m" + self.language.encode(), _CLOCK.pack(self.clock or 0, self.since_sweep) + touched)

    def expired(self, limit: int) -> Iterator[Due]:
        """What is due at the clock's time, earliest first, at most `limit`; deal with each before taking the next.

        Every put leaves an entry, so older ones of the same item are in the queue too. They
        do not count: the work done must not depend on what a rebuilt queue does not have.
        """
        now = Due(self.clock or 0, "a", "").encode()
        while limit > 0 and self._queue and self._queue[0] < now:
            due = Due.decode(heapq.heappop(self._queue))
            if self._actual(due) == due:
                limit -= 1
                yield due

    def load(self, kind: bytes, suffix: bytes, value: bytes) -> None:
        """Take in one record of the table."""
        if kind == b"m":
            self.clock, self.since_sweep = _CLOCK.unpack_from(value)
            rest = value[_CLOCK.size :]
            self.touched = [f"sty_{rest[at : at + _STORY_BYTES].hex()}" for at in range(0, len(rest), _STORY_BYTES)]
        elif kind == b"a":
            self._enqueue(self._article_due(suffix.decode(), ArticleRecord.decode(value)))
        elif kind == b"s":
            self._enqueue(self._story_due(StoryRecord.decode(f"sty_{suffix.hex()}", value)))
        else:
            self._enter(f"sty_{suffix.hex()}", value)

    def _enter(self, story_id: str, data: bytes) -> None:
        self.live[story_id] = profile = decode(data)
        self._index.set(story_id, profile.posted(self._config.query_terms))

    def _enqueue(self, due: Due) -> None:
        heapq.heappush(self._queue, due.encode())

    def _actual(self, due: Due) -> Due | None:
        if due.kind == "a":
            article = self.article(due.id)
            return None if article is None else self._article_due(due.id, article)
        story = self.story(due.id)
        return None if story is None else self._story_due(story)

    def _article_due(self, article_id: str, record: ArticleRecord) -> Due:
        return Due(record.first_seen + int(self._config.forget_days * _DAY_MICROS), "a", article_id)

    def _story_due(self, record: StoryRecord) -> Due:
        days = self._config.window_days if record.status == "active" else self._config.forget_days
        return Due(record.last + int(days * _DAY_MICROS), "s", record.story_id)

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
