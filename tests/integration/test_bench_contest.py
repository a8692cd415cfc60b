"""The bench's contest runs to its end, and counts what ended; figures of so short a run mean nothing."""

from itertools import islice

import pytest

from streams.codec import raw_message
from streams.local.broker import Broker
from tests.bench.engine.contest import CONTESTANTS, WARM_UP, ceiling, contest
from tests.bench.engine.latency import latencies_ms
from tests.bench.engine.material import generated

ARTICLES = 40


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_all_contestants_do_the_same_work(broker: Broker) -> None:
    messages = [raw_message(each) for each in islice(generated(words=(60, 120)), WARM_UP + ARTICLES)]
    candidates = (await ceiling(messages)).counts["candidates"]
    for name in ("newsloom-1", "aiokafka"):
        run = await contest(CONTESTANTS[name], broker, messages)
        assert run.articles == ARTICLES
        assert run.wall_s > 0
        assert run.own_s > sum(run.stage_s.values())
        ended = sum(count for topic, count in run.counts.items() if "candidate" not in topic and "event" not in topic)
        assert ended == WARM_UP + ARTICLES
        # The ceiling counts those after the warm-up only.
        assert run.counts["news.story.candidate.v1"] - WARM_UP <= candidates <= run.counts["news.story.candidate.v1"]
    assert min(await latencies_ms(broker, messages, 20)) > 0
