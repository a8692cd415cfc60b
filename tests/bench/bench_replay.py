"""How fast a replay goes through the whole pipeline, beside the stages in a bare process pool.

    python -m tests.bench.bench_replay                    all articles at hand, once
    python -m tests.bench.bench_replay --articles 500 --rounds 3

A raw topic is filled, then replayed into a new lane by one worker, as `newsloom replay raw
--into LANE` does it; "at work" counts from the first progress of the lane's stages, so without
the start of Python and of the consumer groups, which cost the same for a million articles.
The ceiling is that of `tests.bench.engine`: the same articles through the same stages, no Kafka.
"""

import argparse
import asyncio
import json
import logging
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from streams.codec import Message
from streams.edge.admin import create_topics, delete_topics
from streams.edge.outbox import Outbox
from streams.endpoint import Endpoint
from streams.local.broker import open_broker
from streams.replay.plan import Order
from streams.replay.process import Listener
from streams.replay.run import Manner, replay
from streams.settings import Settings
from streams.topics import ENRICHED, RAW
from tests.bench.engine.contest import WARM_UP, ceiling
from tests.bench.engine.material import raw_messages

_BATCH = 500
_HOUR_S = 3600


@dataclass(slots=True)
class _Clock:
    """When the lane's stages were seen to move first, and how much was left then."""

    records: int
    begun_at: float = field(default_factory=time.monotonic)
    moved_at: float | None = None
    left: int = 0

    def on_lag(self, lag: dict[str, int]) -> None:
        """A look at what the stages have yet to do."""
        if self.moved_at is None and (left := lag["normalize"]) < self.records:
            self.moved_at, self.left = time.monotonic(), left


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_replay", description=__doc__.partition("\n")[0])
    parser.add_argument("--articles", type=int, default=8300, help="articles a run, %(default)s by default")
    parser.add_argument("--rounds", type=int, default=1, help="turns of ceiling and replay, %(default)s by default")
    options = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(_bench(options.articles, options.rounds))


async def _bench(articles: int, rounds: int) -> None:
    material, messages = raw_messages(articles + WARM_UP)
    print(f"{articles} articles of {material}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory(prefix="newsloom-") as folder:
        async with open_broker(Settings(), ephemeral=True, say=print) as broker:
            live = Settings(broker=broker.bootstrap, state_dir=Path(folder), partitions=4)
            await create_topics(broker.endpoint, live)
            await _fill(broker.endpoint, live, messages[WARM_UP:])
            for turn in range(rounds):
                bare = await ceiling(messages)
                ceiling_h = bare.articles / bare.wall_s * _HOUR_S
                found = await _replayed(broker.endpoint, live, f"round-{turn}", articles)
                found |= {"ceiling_h": round(ceiling_h), "share_at_work": round(found["at_work_h"] / ceiling_h, 3)}
                print(json.dumps(found | {"load": round(os.getloadavg()[0], 1)}), flush=True)


async def _fill(at: Endpoint, live: Settings, messages: list[Message]) -> None:
    async with Outbox(at, live) as outbox:
        for start in range(0, len(messages), _BATCH):
            await outbox.send(messages[start : start + _BATCH])


async def _replayed(at: Endpoint, live: Settings, lane: str, articles: int) -> dict[str, float]:
    clock = _Clock(articles)
    outcome = await replay(at, live, Order(RAW, lane), Manner(), Listener(on_lag=clock.on_lag))
    ended_at = time.monotonic()
    await delete_topics(at, live.model_copy(update={"lane": lane}))
    assert outcome.came_out is not None
    assert outcome.job.copied == articles
    at_work_s = ended_at - (clock.moved_at or clock.begun_at)
    done = clock.left or articles
    return {
        "articles": articles,
        "enriched": outcome.came_out[ENRICHED.name],
        "whole_s": round(outcome.seconds, 1),
        "whole_h": round(articles / outcome.seconds * _HOUR_S),
        "at_work_h": round(done / at_work_s * _HOUR_S),
    }


if __name__ == "__main__":
    main()
