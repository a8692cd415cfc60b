"""The memory of the dedupe stage: one ledger a language over one table partition.

Keys are a kind, the language and an id, so that languages that share a partition do not
meet. Whatever is held in memory is a function of the table, and never of the way there.

    m language             clock, steps taken
    d language 0 document  DocumentRecord
    a language 0 article   the document that was last seen with this article id
    t language 0 number    TextRecord; numbers ascend in the order texts came

Times kept with items are the clock's, which never goes back, so what came first is due first.
The text of the last article that was judged is always there: numbers go on from it.
"""

import struct
from collections import deque
from collections.abc import Iterator
from itertools import chain, groupby

from streams.state.dedupe_record import DocumentRecord, TextRecord
from streams.state.lsh import LshIndex, Row
from streams.state.protocols import Table
from streams.text.dedupe_model import DedupeConfig
from streams.text.fingerprint import Sketch

__all__ = ["DedupeState", "Ledger"]

_COUNTERS = struct.Struct("<qq")
_NUMBER = struct.Struct(">q")
_DUE = struct.Struct(">QQ16s")
_SHIFT = 1 << 63
_DAY_MICROS = 86_400_000_000


class Ledger:
    """Documents, articles and texts of one language.

    `clock` is the highest `first_seen_at` seen, in microseconds since 1970 (None before the
    first article; see `DedupeConfig.clock_step_days`), `steps` the count of refreshed documents.
    """

    def __init__(self, table: Table, language: str, config: DedupeConfig) -> None:
        self.clock: int | None = None
        self.steps = 0
        self._table = table
        self._tag = language.encode()
        self._config = config
        self._index = LshIndex()
        self._due: deque[bytes] = deque()

    def document(self, document: bytes) -> DocumentRecord | None:
        """What is known of a document."""
        data = self._table.get(self._key(b"d", document))
        return None if data is None else DocumentRecord.decode(data)

    def owner(self, article: bytes) -> DocumentRecord | None:
        """The document that was last seen with this article id."""
        document = self._table.get(self._key(b"a", article))
        return None if document is None else self.document(document)

    def put_document(self, document: bytes, record: DocumentRecord) -> None:
        """Remember a document as it stands."""
        self._table.put(self._key(b"d", document), record.encode())

    def put_owner(self, article: bytes, document: bytes) -> None:
        """Remember which document has this article id now."""
        self._table.put(self._key(b"a", article), document)

    def text(self, number: int) -> TextRecord | None:
        """A text, while it is compared with others."""
        data = self._table.get(self._key(b"t", _NUMBER.pack(number)))
        return None if data is None else TextRecord.decode(data)

    def with_content(self, content: bytes) -> tuple[int, TextRecord] | None:
        """The text that has the same words, and its number."""
        number = self._index.with_content(_short(content))
        if number is None:
            return None
        record = self._held(number)
        return (number, record) if record.content == content else None

    def nearest(self, sketch: Sketch) -> Iterator[TextRecord]:
        """Texts that may be alike, the likest first."""
        config = self._config
        if sketch.tokens >= config.compared_tokens:
            found = self._index.nearest(sketch.bins, most=config.candidates, least_matches=config.least_matches)
            yield from map(self._held, found)

    def add_text(self, record: TextRecord) -> int:
        """Compare later texts with this one; its number."""
        number = self._index.add(self._row(record))
        self._table.put(self._key(b"t", _NUMBER.pack(number)), record.encode())
        return number

    def advance(self, at: int) -> int:
        """Move the clock to `at`, by one step at most and never back; the new time."""
        if self.clock is None:
            self.clock = at
        step = int(self._config.clock_step_days * _DAY_MICROS)
        self.clock = max(self.clock, min(at, self.clock + step))
        return self.clock

    def stale(self, record: DocumentRecord, days: float) -> bool:
        """Whether a document was last refreshed more than `days` ago."""
        return (self.clock or 0) - record.at > int(days * _DAY_MICROS)

    def refreshed(self, document: bytes, record: DocumentRecord) -> DocumentRecord:
        """`record` with a new term of life, which starts now."""
        self.steps += 1
        record = record._replace(step=self.steps, at=self.clock or 0)
        self._due.append(_due(document, record))
        return record

    def expire(self) -> None:
        """Forget what is due at the clock's time, a bounded number of texts and of documents."""
        now = self.clock or 0
        limit = self._config.expiry_per_step
        self._expire_texts(now - int(self._config.match_days * _DAY_MICROS), limit)
        self._expire_documents(now - int(self._config.forget_days * _DAY_MICROS), limit)

    def save_counters(self) -> None:
        """Write what `advance` and `refreshed` have changed."""
        self._table.put(b"m" + self._tag, _COUNTERS.pack(self.clock or 0, self.steps))

    def load(self, kind: bytes, items: Iterator[tuple[bytes, bytes]]) -> None:
        """Take in all records of one kind, in key order: (rest of the key, value)."""
        if kind == b"d":
            self._due.extend(sorted(_due(document, DocumentRecord.decode(value)) for document, value in items))
        elif kind == b"m":
            self.clock, self.steps = _COUNTERS.unpack(next(items)[1])
        elif kind == b"t":
            key, value = next(items)
            values = chain((value,), (value for _, value in items))
            number: int = _NUMBER.unpack(key)[0]
            self._index = LshIndex(number, map(self._row, map(TextRecord.decode, values)))

    def _held(self, number: int) -> TextRecord:
        record = self.text(number)
        if record is None:
            raise LookupError(f"text {number} is in the index but not in the table")
        return record

    def _row(self, record: TextRecord) -> Row:
        sketch = record.sketch
        compared = sketch.tokens >= self._config.compared_tokens
        return Row(_short(record.content), record.at, sketch.bins if compared else None)

    def _expire_texts(self, before: int, limit: int) -> None:
        for _ in range(limit):
            oldest = self._index.oldest()
            if oldest is None or (oldest[1] >= before and len(self._index) < self._config.most_texts):
                return
            self._table.delete(self._key(b"t", _NUMBER.pack(oldest[0])))
            self._index.drop_oldest()

    def _expire_documents(self, before: int, limit: int) -> None:
        """Entries of documents refreshed since do not count: a rebuilt queue does not have them."""
        while limit > 0 and self._due:
            at, step, document = _DUE.unpack(self._due[0])
            if at - _SHIFT >= before:
                return
            self._due.popleft()
            record = self.document(document)
            if record is not None and record.step == step:
                self._forget(document, record)
                limit -= 1

    def _forget(self, document: bytes, record: DocumentRecord) -> None:
        self._table.delete(self._key(b"d", document))
        owner = self._key(b"a", record.article)
        if self._table.get(owner) == document:
            self._table.delete(owner)

    def _key(self, kind: bytes, suffix: bytes) -> bytes:
        return kind + self._tag + b"\0" + suffix


class DedupeState:
    """State of the stage `dedupe` for one input partition, rebuilt from `table`."""

    def __init__(self, table: Table, config: DedupeConfig | None = None) -> None:
        self.config = config or DedupeConfig()
        self._table = table
        self._ledgers: dict[str, Ledger] = {}
        for (kind, language), items in groupby(map(_split, table.items()), key=lambda item: item[:2]):
            self.ledger(language.decode()).load(kind, (item[2:] for item in items))

    def ledger(self, language: str) -> Ledger:
        """The ledger of a language, empty at first."""
        if language not in self._ledgers:
            self._ledgers[language] = Ledger(self._table, language, self.config)
        return self._ledgers[language]


def _split(item: tuple[bytes, bytes]) -> tuple[bytes, bytes, bytes, bytes]:
    """Kind, language, rest of the key, value."""
    key, value = item
    language, _, suffix = key[1:].partition(b"\0")
    return key[:1], language, suffix, value


def _short(content: bytes) -> int:
    return int.from_bytes(content[:8], "little")


def _due(document: bytes, record: DocumentRecord) -> bytes:
    """A queue entry that sorts as it was made: 32 bytes in one object."""
    return _DUE.pack(record.at + _SHIFT, record.step, document)
