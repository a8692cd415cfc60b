"""Building the read model, and reading it over HTTP: `python -m tests.bench.bench_api [--articles N] [PATH]`.

The records are those of the pipeline in memory over the documents under PATH (else over news that never
happened); articles beyond `--documents` are theirs again under other ids, so that ten thousand take seconds to
make. The server is a process of its own on loopback; latency is what the client sees, processor
time that of the server. Nothing else should run.
"""

import argparse
import asyncio
import multiprocessing
import random
import socket
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import aiohttp
import orjson
import psutil
import uvicorn

from schemas import RawDocument
from streams.chaos.documents import generate
from streams.clock import now
from streams.codec import Record
from streams.ingest import IngestOptions, documents
from streams.memory import MemoryPipeline
from streams.readmodel.apply import changes
from streams.readmodel.database import open_writer
from streams.readmodel.followed import FOLLOWED
from streams.readmodel.store import apply
from tests.api_builders import app_over

BATCH = 500
CLIENTS = 8
REQUESTS = 4000


def records(path: str | None, count: int) -> dict[str, list[Record]]:
    """Every topic's records over the first `count` documents."""
    found = documents([path], options=IngestOptions(now=now())) if path else generate(count, seed=7)
    pipeline = MemoryPipeline()
    pipeline.push(islice((each for each in found if isinstance(each, RawDocument)), count))
    pipeline.run()
    return {short: pipeline.topics.get(name, []) for short, name in FOLLOWED.items()}


def more(enriched: list[Record], wanted: int) -> list[Record]:
    """As many articles as wanted: the given ones again, under ids of their own and an hour apart."""
    made: list[Record] = []
    while len(made) < wanted:
        for record in enriched:
            value = orjson.loads(record.value or b"")
            article_id = f"art_{len(made):032x}"
            value["article_id"] = value["article"]["article_id"] = article_id
            value["first_seen_at"] = f"2026-03-{1 + len(made) % 28:02d}T{len(made) // 28 % 24:02d}:00:00Z"
            made.append(replace(record, offset=10**6 + len(made), key=article_id.encode(), value=orjson.dumps(value)))
            if len(made) == wanted:
                break
    return made


def build(path: Path, logs: dict[str, list[Record]], articles: int) -> None:
    """Apply everything, and say how fast."""
    db = open_writer(path)
    batches = [
        [(short, record) for record in log[start : start + BATCH]]
        for short, log in logs.items()
        for start in range(0, len(log), BATCH)
    ]
    total = sum(map(len, batches))
    begun, wall = time.process_time(), time.perf_counter()
    for batch in batches:
        apply(db, batch, {})
    spent, wall = time.process_time() - begun, time.perf_counter() - wall
    print(f"apply: {total:,} records of all topics, {total / spent:,.0f} a processor second, {total / wall:,.0f}/s")
    begun = time.process_time()
    for batch in batches:
        for short, record in batch:
            changes(short, record)
    print(f"       of that the pure part takes {(time.process_time() - begun) / spent:.0%}")
    extra = more(logs["enriched"], max(0, articles - len(logs["enriched"])))
    begun = time.process_time()
    for start in range(0, len(extra), BATCH):
        apply(db, [("enriched", record) for record in extra[start : start + BATCH]], {})
    if extra:
        each = (time.process_time() - begun) / len(extra) * 1e6
        print(f"apply: {each:,.0f} us of processor an enriched article, full text and entities")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    print(f"file:  {path.stat().st_size / 1e6:,.0f} MB for {articles:,} articles")


def server(path: Path, port: int) -> None:
    """Serve the read model until killed."""
    uvicorn.run(app_over(path), port=port, log_config=None, access_log=False, lifespan="off")


def paths(db_path: Path) -> dict[str, list[str]]:
    """Requests by kind."""
    db = open_writer(db_path)
    draw = random.Random(1)

    def some(text: str, count: int = 200) -> list[str]:
        found = [row[0] for row in db.execute(text)]
        return [draw.choice(found) for _ in range(count)]

    stories = some("SELECT story_id FROM story WHERE status != 'merged'")
    articles = some("SELECT article_id FROM article")
    names = some("SELECT entity_id FROM entity ORDER BY articles DESC LIMIT 50")
    words = [text.split()[0] for text in some("SELECT name FROM entity ORDER BY articles DESC LIMIT 200")]
    db.close()
    return {
        "stories": [f"/v1/stories?limit=50&sort={sort}" for sort in ("latest", "size", "hot", "first")],
        "story": [f"/v1/stories/{each}" for each in stories],
        "members": [f"/v1/stories/{each}/members" for each in stories],
        "articles": ["/v1/articles?limit=50", *(f"/v1/articles?limit=50&entity={each}" for each in names)],
        "article": [f"/v1/articles/{each}" for each in articles],
        "search": [f"/v1/search?q={each}&limit=20" for each in words],
        "trace": [f"/v1/trace/{each}" for each in articles],
        "entities": ["/v1/entities?limit=50"],
    }


async def measure(kinds: dict[str, list[str]], process: psutil.Process, port: int) -> None:
    """Each kind alone, then all of them mixed."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for _ in range(600):
            try:
                await session.get("/healthz")
                break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
        for kind, of in kinds.items():
            await load(session, process, kind, of, REQUESTS // 10)
        await load(session, process, "all", [path for of in kinds.values() for path in of[:40]], REQUESTS)


async def load(session: aiohttp.ClientSession, process: psutil.Process, kind: str, of: list[str], count: int) -> None:
    """`count` requests by eight clients, and what they saw."""
    draw = random.Random(2)
    todo = iter([draw.choice(of) for _ in range(count)])
    taken: list[float] = []

    async def client() -> None:
        for path in todo:
            begun = time.perf_counter()
            async with session.get(path) as answer:
                await answer.read()
                assert answer.status == 200, path
            taken.append(time.perf_counter() - begun)

    before, begun = sum(process.cpu_times()[:2]), time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    wall, cpu = time.perf_counter() - begun, sum(process.cpu_times()[:2]) - before
    taken.sort()
    p50, p99 = (taken[int(share * (len(taken) - 1))] * 1e3 for share in (0.5, 0.99))
    per = cpu / count * 1e3
    print(
        f"{kind:<10}{count / wall:>8,.0f}/s   p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   {per:5.2f} ms of processor each"
    )


def main() -> None:
    """Build, serve, measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("path", nargs="?")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--documents", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.sqlite"
        build(path, records(given.path, given.documents), given.articles)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        child = multiprocessing.get_context("spawn").Process(target=server, args=(path, port), daemon=True)
        child.start()
        print(f"{CLIENTS} clients, load {psutil.getloadavg()[0]:.0f}")
        asyncio.run(measure(paths(path), psutil.Process(child.pid), port))
        child.kill()
        child.join()


if __name__ == "__main__":
    main()
