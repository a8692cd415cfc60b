"""How long a worker takes to be at work again; a script: `python -m tests.bench.bench_recovery [KEYS ...]`.

A changelog of the dedupe stage is generated, all in one partition, a third of its keys each documents,
articles and texts. Then a worker of that stage is started twice: with an empty local store, which it fills
from the changelog, and with the store it has left behind. The time is from the start of the process to its
first output; one with no keys at all shows what of it is Python and the group.
"""

import asyncio
import logging
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from streams.codec import Message, encode
from streams.edge.admin import create_topics, delete_topics
from streams.edge.outbox import Outbox
from streams.edge.reader import partition_for, read_topic
from streams.edge.table import POSITION
from streams.local.broker import Broker, open_broker
from streams.settings import Settings
from streams.state.dedupe_record import DocumentRecord
from streams.state.dedupe_state import Ledger
from streams.state.memory import MemoryTable
from streams.state.story_record import micros
from streams.text.dedupe_model import DedupeConfig
from streams.topics import DEDUPE_STATE, NORMALIZED, UNIQUE
from tests.bench.bench_live_state import documents
from tests.builders import SEEN_AT, article

KEYS = (0, 100_000, 1_000_000)
BATCH = 1000
LIMIT_S = 1800.0
_ROOT = Path(__file__).resolve().parents[2]
# Below that of any input record: what the worker then writes itself is not taken for a redelivery's.
_STAMP = (POSITION, b"-1")


def table(keys: int) -> Iterator[tuple[bytes, bytes]]:
    """So many pairs of a table of the dedupe stage."""
    made, at, count = MemoryTable(), micros(SEEN_AT), keys // 3
    documents(made, count, at)
    ledger = Ledger(made, "en", DedupeConfig())
    for number in range(count):
        name = number.to_bytes(16, "big")
        ledger.put_document(name, DocumentRecord("unique", 1, 0, number, number, number, at, name, name, name, name))
        ledger.put_owner(name, name)
    return made.items()


async def fill(broker: Broker, settings: Settings, keys: int) -> None:
    """Write the changelog, in atomic batches as a worker does."""
    partition = partition_for(b"en", settings.partitions)
    async with Outbox(broker.endpoint, settings) as outbox:
        pairs = table(keys)
        while records := [(key, value, [_STAMP]) for key, value in islice(pairs, BATCH)]:
            await outbox.send_atomically(settings.topic(DEDUPE_STATE.name), partition, records)


async def first_output_s(broker: Broker, settings: Settings, number: int) -> float:
    """Start a worker with one article to do; seconds until it is done. The worker is then ended in order."""
    value = article(f"{number} {secrets.token_hex(400)} words", first_seen_at=SEEN_AT + timedelta(minutes=number))
    async with Outbox(broker.endpoint, settings) as outbox:
        await outbox.send([Message(NORMALIZED.name, NORMALIZED.key(value).encode(), encode(value))])
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams", "worker", "--stage", "dedupe"),
        env=settings.environment(broker=broker.bootstrap),
        cwd=_ROOT,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            while await _outputs(broker, settings) < number:
                assert process.returncode is None, f"the worker ended with {process.returncode}"
                await asyncio.sleep(0.1)
        return time.monotonic() - begun
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _outputs(broker: Broker, settings: Settings) -> int:
    return len([record async for record in read_topic(broker.endpoint, settings.topic(UNIQUE.name))])


async def main() -> None:
    """Measure for the numbers of keys of the command line, or the usual ones."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    async with open_broker(Settings(), ephemeral=True, say=print) as broker:
        for keys in map(int, sys.argv[1:] or KEYS):
            with tempfile.TemporaryDirectory(prefix="newsloom-bench-") as folder:
                settings = Settings(lane=f"bench-{secrets.token_hex(4)}", state_dir=Path(folder))
                await create_topics(broker.endpoint, settings)
                await fill(broker, settings, keys)
                empty = await first_output_s(broker, settings, 1)
                warm = await first_output_s(broker, settings, 2)
                print(f"{keys:,} keys: {empty:.1f} s with an empty store, {warm:.1f} s with its own", flush=True)
                await delete_topics(broker.endpoint, settings)


if __name__ == "__main__":
    asyncio.run(main())
