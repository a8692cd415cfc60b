"""The bench's own arithmetic: what it reports must mean what it says."""

from itertools import islice

import pytest

from streams.memory import MemoryPipeline
from streams.topics import DUPLICATE, ENRICHED
from tests.bench.engine.contest import Run
from tests.bench.engine.latency import quantile
from tests.bench.engine.material import generated
from tests.bench.engine.procfs import CORES
from tests.bench.engine.report import engine_ms, figures, ratios


def run(name: str, wall_s: float, *, broker_s: float = 0.0, others_s: float = 0.0, pool_s: float = 6.0) -> Run:
    cpu = {"worker": 2.0, "pool": pool_s, "broker": broker_s}
    peak = {"worker": 100.0, "pool": 200.0, "broker": 300.0}
    return Run(name, 1000, wall_s, cpu, {"normalize": 5.0, "dedupe": 1.0}, peak, others_s)


def test_what_others_used_is_not_held_against_a_contestant() -> None:
    assert run("a", 10, others_s=5 * CORES).per_s() == pytest.approx(run("a", 5).per_s())


def test_the_broker_counts_unless_it_is_set_apart() -> None:
    busy = run("a", 10, broker_s=2.0)
    assert busy.per_s() == pytest.approx(100)
    assert busy.per_s(broker_apart=True) == pytest.approx(1000 * CORES / (10 * CORES - 2.0))


def test_the_engine_is_what_the_stages_did_not_use() -> None:
    assert engine_ms([run("newsloom-1", 10, broker_s=9.0)]) == pytest.approx(2.0)


def test_ratios_pair_the_rounds_and_a_missing_rival_has_none() -> None:
    ours, theirs = [run("newsloom-1", 10), run("newsloom-1", 5)], [run("aiokafka", 20), run("aiokafka", 5)]
    rounds = {"newsloom-1": ours, "aiokafka": theirs}
    assert ratios(rounds, "aiokafka") == pytest.approx([1.0, 2.0])
    told = figures(rounds)
    assert (told["ratio_aiokafka"], told["ratio_quixstreams"], told["peak_rss_mb"]) == (1.5, None, 300.0)


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_quantile_is_one_of_the_values(share: float, value: int) -> None:
    assert quantile(range(1, 101), share) == value


def test_generated_articles_are_taken_and_some_are_copies() -> None:
    pipeline = MemoryPipeline()
    pipeline.push(islice(generated(words=(120, 200)), 60))
    pipeline.run()
    ended = len(pipeline.topics[ENRICHED.name]), len(pipeline.topics[DUPLICATE.name])
    assert sum(ended) == 60
    assert ended[1] > 0
