"""Cost of an article while much is live; a script: `python -m tests.bench.bench_live_state [dedupe|cluster:COUNT ...]`.

The tables are generated, the articles that come then are those of the engine's bench. Live documents have
random signatures; a live story is made of halves of two articles' vectors, so that its terms are as common as
those of real ones. Times are of the process, through `streams.runner.handle`.
"""

import random
import sys
import time
from collections.abc import Iterator
from itertools import islice

import numpy as np

from schemas import SparseVector, StoryCandidate, StoryVectors
from streams.codec import Record
from streams.memory import MemoryPipeline
from streams.runner import handle
from streams.state.cluster_state import Book
from streams.state.dedupe_record import TextRecord
from streams.state.dedupe_state import Ledger
from streams.state.memory import MemoryTable
from streams.state.overlay import Overlay
from streams.state.story_profile import article_profile
from streams.state.story_record import founded, micros
from streams.text.dedupe_model import DedupeConfig
from streams.text.fingerprint import Sketch
from streams.text.minhash import BINS
from streams.text.sparse import pack, unit, unpack
from streams.text.story_model import ClusterConfig
from streams.topics import CANDIDATE
from streams.topology import stage_named
from tests.bench.engine.material import raw_messages

ARTICLES = 300
DEFAULT = ("dedupe:0", "dedupe:10000", "dedupe:1000000", "cluster:0", "cluster:10000", "cluster:100000")
HASHES = 48


def documents(table: MemoryTable, count: int, at: int) -> None:
    """Put `count` live texts of English into a table of the dedupe stage."""
    draw = np.random.default_rng(5)
    ledger = Ledger(table, "en", DedupeConfig())
    ledger.advance(at)
    for _ in range(count):
        name = draw.bytes(16)
        hashes = np.sort(draw.integers(0, 2**32, HASHES, np.uint32))
        sketch = Sketch(400, 380, draw.integers(0, 2**16, BINS, np.uint16), hashes[:32], hashes[32:])
        ledger.add_text(TextRecord(name, name, name, at, sketch))
    ledger.save_counters()


def stories(table: MemoryTable, count: int, candidates: list[StoryCandidate]) -> None:
    """Put `count` live stories of English into a table of the cluster stage."""
    draw = random.Random(5)
    book = Book(table, "en", ClusterConfig())
    at = micros(candidates[0].first_seen_at)
    book.advance(at)
    for _ in range(count):
        one, other = draw.sample(candidates, 2)
        fields = {name: _mixed(getattr(one.vectors, name), getattr(other.vectors, name), draw) for name in _fields()}
        story = f"sty_{draw.randbytes(16).hex()}"
        book.put_story(founded(story, one, at))
        book.put_profile(story, article_profile(one.vectors.model_copy(update=fields), at))
    book.save_clock()


def _fields() -> tuple[str, ...]:
    return tuple(name for name, field in StoryVectors.model_fields.items() if field.annotation is SparseVector)


def _mixed(one: SparseVector, other: SparseVector, draw: random.Random) -> SparseVector:
    weights: dict[int, float] = {}
    for vector in (one, other):
        ids, values = unpack(vector)
        weights |= {
            term: value for term, value in zip(ids.tolist(), values.tolist(), strict=True) if draw.random() < 0.5
        }
    ids = np.array(sorted(weights), np.uint32)
    return pack(*unit(ids, np.array([weights[term] for term in ids.tolist()], np.float64), top=256))


def bench(name: str, table: MemoryTable, records: list[Record], count: int) -> None:
    """Milliseconds an article with `count` live things in the table, and of the rebuild of the index."""
    stage = stage_named(name)
    assert stage.state is not None
    overlay = Overlay(table)
    begun = time.process_time()
    state = stage.state(overlay)
    rebuilt = time.process_time() - begun
    spent = []
    for record in records:
        begun = time.process_time()
        handled = handle(stage, record, state)
        spent.append((time.process_time() - begun) * 1e3)
        assert not handled.failed, handled.label
        overlay.keep()
    spent.sort()
    mean, p99 = sum(spent) / len(spent), spent[int(len(spent) * 0.99)]
    print(f"{name}, {count:,} live: {mean:.2f} ms an article (p99 {p99:.1f}), rebuilt in {rebuilt:.1f} s", flush=True)


def _english(records: list[Record]) -> Iterator[Record]:
    return (record for record in records if record.key == b"en")


def main() -> None:
    """Run the cases of the command line, or all."""
    pipeline = MemoryPipeline()
    for message in raw_messages(ARTICLES * 2)[1]:
        pipeline.append(message)
    pipeline.run()
    for case in sys.argv[1:] or DEFAULT:
        name, _, count = case.partition(":")
        records = list(islice(_english(pipeline.topics[stage_named(name).reads.name]), ARTICLES))
        table = MemoryTable()
        candidates = [StoryCandidate.model_validate_json(each.value or b"") for each in pipeline.topics[CANDIDATE.name]]
        if name == "dedupe":
            documents(table, int(count), micros(candidates[0].first_seen_at))
        else:
            stories(table, int(count), candidates)
        bench(name, table, records, int(count))


if __name__ == "__main__":
    main()
