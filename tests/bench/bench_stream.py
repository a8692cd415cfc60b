"""How long news take from the raw topic to a client of `/v1/stream`, at half of what the pipeline can do.

    python -m tests.bench.bench_stream [--documents 400] [--rate 14]

A broker, a worker and a server of their own. The first fifth warms up and is not counted. For each document that
becomes an article: from the moment its push was acknowledged to the moment the client had the article's event, and
the event of its story. Without `--rate` the pipeline's speed is measured first, and half of it taken.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import orjson

from schemas import RawDocument
from streams.app import running
from streams.chaos.documents import generate
from streams.edge.admin import total_lag
from streams.endpoint import Endpoint
from streams.sdk import Producer
from streams.sdk.sse import listen
from streams.settings import Settings
from tests.integration.serving import served


class Clock:
    """When each document was acknowledged, and when the client had what became of it."""

    def __init__(self) -> None:
        self.pushed: dict[str, float] = {}
        self.got: dict[str, dict[str, float]] = {"article": {}, "event": {}}

    async def listen(self, url: str) -> None:
        """Note arrivals until cancelled."""
        async with aclosing(listen(url, topics=("articles", "events"), since="earliest")) as events:
            async for sent in events:
                document = orjson.loads(sent.data).get("documentid")
                if document:
                    self.got[sent.event].setdefault(document, time.perf_counter())

    def figures(self, kind: str, skip: int) -> dict[str, float]:
        """p50, p99 and the largest, in milliseconds."""
        counted = list(self.pushed)[skip:]
        got = self.got[kind]
        times = sorted(1000 * (got[document] - self.pushed[document]) for document in counted if document in got)
        if len(times) < 2:
            return {}
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        return {
            "count": len(times),
            "p50_ms": round(cuts[49], 1),
            "p99_ms": round(cuts[98], 1),
            "max_ms": round(times[-1], 1),
        }


async def drained(endpoint: Endpoint, settings: Settings) -> None:
    while any((await total_lag(endpoint, settings)).values()):  # noqa: ASYNC110 - the broker has no such event
        await asyncio.sleep(0.1)


async def speed(endpoint: Endpoint, settings: Settings, documents: Sequence[RawDocument]) -> float:
    """Documents a second when there are always some waiting."""
    async with Producer(settings, bootstrap=endpoint) as producer:
        async for _ in producer.send_many(documents):
            pass
    begun = time.perf_counter()
    await drained(endpoint, settings)
    return len(documents) / (time.perf_counter() - begun)


async def measure(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    settings = Settings(broker="embedded", state_dir=folder, partitions=2, lane="")
    async with running(settings) as live:
        at = live.broker.endpoint
        trial = list(generate(150, seed=11))
        full = await speed(at, settings, trial)
        rate = options.rate or full / 2
        clock = Clock()
        async with served(at, settings) as url:
            listening = asyncio.create_task(clock.listen(url))
            async with Producer(settings, bootstrap=at) as producer:
                started = time.perf_counter()
                for number, document in enumerate(generate(options.documents, seed=12)):
                    await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
                    await producer.send(document)
                    clock.pushed[document.document_id] = time.perf_counter()
            await drained(at, settings)
            await asyncio.sleep(1)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    skip = options.documents // 5
    return {
        "full_speed_per_s": round(full, 1),
        "rate_per_s": round(rate, 1),
        "load": [round(each, 1) for each in os.getloadavg()],
        "raw_to_sse_article": clock.figures("article", skip),
        "raw_to_sse_story_event": clock.figures("event", skip),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--rate", type=float, default=0.0, help="documents a second; 0 for half of full speed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsloom-bench-") as folder:
        print(json.dumps(asyncio.run(measure(options, Path(folder)))))


if __name__ == "__main__":
    main()
