"""Records as an audit remembers them: by what they are called and a hash of what they say, never whole."""

from collections import defaultdict
from collections.abc import AsyncIterable, Iterable
from hashlib import blake2b

from streams.codec import Headers, Message, Record, header
from streams.edge.table import POSITION

__all__ = ["Digests", "Table", "digest", "effective", "identity", "put", "source_digest"]

Digests = dict[str, bytes]
"""Of records, by `identity`."""

Table = dict[bytes, bytes]
"""Hash of the value of each key."""

_BYTES = 16


def identity(topic: str, message: Message | Record) -> str:
    """What names a record of `topic`: its CloudEvents id; of a dead letter, the place of what it stands for."""
    if topic.endswith(".dlq"):
        place = [header(message.headers, f"__connect.errors.{name}") for name in ("partition", "offset")]
        return f"{topic}:{place[0]}-{place[1]}"
    return f"{topic}:{header(message.headers, 'ce_id')}"


def digest(message: Message | Record) -> bytes:
    """Hash of key and value."""
    return _hash((message.key, message.value))


def source_digest(record: Record, headers: Headers) -> bytes:
    """Hash of key, value and `headers`: all that a dead letter must give back."""
    return _hash((record.key, record.value, *(part for name, value in headers for part in (name.encode(), value))))


def _hash(parts: Iterable[bytes | None]) -> bytes:
    state = blake2b(digest_size=_BYTES)
    for part in parts:
        state.update(b"\0" if part is None else b"\1" + len(part).to_bytes(8, "little"))
        state.update(part or b"")
    return state.digest()


def put(table: Table, key: bytes, value: bytes | None) -> None:
    """Set a key, or delete it with None."""
    if value is None:
        table.pop(key, None)
    else:
        table[key] = blake2b(value, digest_size=_BYTES).digest()


async def effective(records: AsyncIterable[Record]) -> Table:
    """What a changelog says, by the rule of `streams.edge.table`: a batch below the highest position is void."""
    highest: dict[int, int] = defaultdict(lambda: -1)
    table: Table = {}
    async for record in records:
        position = int(header(record.headers, POSITION) or -1)
        if position >= highest[record.partition]:
            highest[record.partition] = position
            put(table, record.key or b"", record.value)
    return table
