"""Time and memory of the dedupe stage and of its index; a script: `python -m tests.bench.bench_dedupe [ROWS ...]`.

Times are of the process, not of the wall, on one core. Words are drawn by Zipf's law, a fifth
of the texts are edited copies. Signatures for the index are random, but every twentieth
has one of eighty bands that many share.
"""

import random
import sys
import time
from itertools import accumulate

import numpy as np

from schemas import Article
from streams.ids import document_id
from streams.stages.dedupe import DedupeState, dedupe
from streams.state.lsh import BANDS, LshIndex, Row
from streams.state.memory import MemoryTable
from streams.state.protocols import Origin
from streams.text.fingerprint import content_hash, fingerprint
from tests.builders import article, seen_at

ARTICLES = 4000
QUERIES = 2000
WIDTH = int(BANDS.max()) + 1


def texts(count: int, draw: random.Random) -> list[str]:
    """Texts of 300 to 1,500 words, a fifth of them copies of an earlier one with a twentieth of the words changed."""
    vocabulary = [f"w{number}" for number in range(50_000)]
    weights = list(accumulate(1 / (rank + 10) for rank in range(len(vocabulary))))
    made: list[str] = []
    for _ in range(count):
        if made and draw.random() < 0.2:
            tokens = draw.choice(made).split()
            changes = draw.sample(range(len(tokens)), len(tokens) // 20)
            for at in changes:
                tokens[at] = draw.choice(vocabulary)
        else:
            tokens = draw.choices(vocabulary, cum_weights=weights, k=draw.randint(300, 1500))
        made.append(" ".join(tokens))
    return made


def bench_stage() -> None:
    """Articles a second through the stage alone, fingerprints decoded, JSON not; and through `fingerprint`."""
    bodies = texts(ARTICLES, random.Random(3))
    begun = time.process_time()
    for body in bodies:
        fingerprint(body)
        content_hash(body)
    print(f"fingerprint and content hash: {(time.process_time() - begun) / ARTICLES * 1e3:.2f} ms an article")
    pushes: list[Article] = [
        article(body, None, document_id=document_id("bench", str(number)), first_seen_at=seen_at(number / 60))
        for number, body in enumerate(bodies)
    ]
    table = MemoryTable()
    state = DedupeState(table)
    begun = time.process_time()
    for offset, push in enumerate(pushes):
        dedupe(push, state, Origin(0, offset))
    spent = time.process_time() - begun
    size = sum(len(key) + len(value) for key, value in table.items())
    print(f"stage: {ARTICLES / spent:,.0f} articles/s, {size / ARTICLES:,.0f} bytes an article in the table")
    begun = time.process_time()
    DedupeState(table)
    print(f"rebuild: {(time.process_time() - begun) / ARTICLES * 1e6:.0f} us an article")


def bench_index(rows: int) -> None:
    """Microseconds of one query and one addition, and bytes a row, once `rows` are held."""
    draw = np.random.default_rng(5)
    hot = draw.integers(0, 2**16, (64, WIDTH), np.uint16)

    def row(number: int) -> Row:
        bins = draw.integers(0, 2**16, WIDTH, np.uint16)
        band = BANDS[number % len(BANDS)]
        if not number % 20:
            bins[band] = hot[number % 64][band]
        return Row(int(draw.integers(0, 2**63)), number, bins)

    begun = time.process_time()
    index = LshIndex(0, map(row, range(rows)))
    built = time.process_time() - begun
    queries = [row(number) for number in range(QUERIES)]
    begun = time.process_time()
    for query in queries:
        assert query.signature is not None
        index.with_content(query.content)
        index.nearest(query.signature, most=8, least_matches=16)
        index.add(query)
    spent = (time.process_time() - begun) / QUERIES * 1e6
    size = index.nbytes / len(index)
    print(f"index of {rows:,}: {spent:.0f} us, {size:.0f} bytes a row, built in {built / rows * 1e6:.0f} us a row")


def main() -> None:
    """Run both; sizes of the index from the command line."""
    bench_stage()
    for rows in map(int, sys.argv[1:] or ["10000", "100000"]):
        bench_index(rows)


if __name__ == "__main__":
    main()
