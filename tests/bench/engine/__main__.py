"""The engine's cost, measured in one run: `make bench`, or `python -m tests.bench.engine`.

Contestants take turns, so that a busy machine is busy for all of them. Each gets the same raw
articles, the same stage functions and the same embedded broker, and starts warm.
"""

import argparse
import asyncio
import importlib.util
import json
import logging
import os
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from statistics import median

from streams.codec import Message
from streams.local.broker import Broker, open_broker
from streams.settings import Settings
from tests.bench.engine.contest import CONTESTANTS, WARM_UP, Run, ceiling, contest
from tests.bench.engine.latency import latencies_ms, quantile
from tests.bench.engine.material import raw_messages
from tests.bench.engine.procfs import CORES
from tests.bench.engine.report import OURS, Rounds, figures, intervals, table

_ALL = ("ceiling", *CONTESTANTS)
_STEADY_S = 20


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine", description=__doc__.partition("\n")[0])
    parser.add_argument("--articles", type=int, default=600, help="articles a run, %(default)s by default")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contestant, %(default)s by default")
    parser.add_argument("--only", nargs="+", choices=_ALL, help="some contestants; newsloom-1 is always there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every run, as JSON Lines")
    options = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(_bench(options.articles, options.rounds, _players(options.only), options.json))


def _players(only: list[str] | None) -> list[str]:
    players = [name for name in _ALL if only is None or name in (*only, OURS)]
    if "quixstreams" in players and importlib.util.find_spec("quixstreams") is None:
        print("quixstreams is not installed (requirements-bench.lock): it does not take part")
        players.remove("quixstreams")
    return players


async def _bench(articles: int, rounds: int, players: list[str], log: Path | None) -> None:
    material, messages = raw_messages(articles + WARM_UP)
    size = sum(len(message.value or b"") for message in messages) / len(messages)
    print(f"{articles} articles of {material}, {size:,.0f} bytes each; {CORES} cores, load {_load()}", flush=True)
    runs: dict[str, list[Run]] = defaultdict(list)
    async with open_broker(Settings(), ephemeral=True, say=print) as broker:
        for turn in range(rounds):
            for name in players if turn % 2 == 0 else reversed(players):
                run = await _one(name, broker, messages)
                runs[name].append(run)
                print(
                    f"round {turn + 1} {name}: {run.articles / run.wall_s:.1f} articles/s, load {_load()}", flush=True
                )
                if log is not None:
                    with log.open("a") as file:
                        file.write(json.dumps(asdict(run)) + "\n")
        ordered = {name: runs[name] for name in players}
        print(_text(ordered), flush=True)
        rate = median(run.articles / run.wall_s for run in runs[OURS]) / 2
        steady = messages[: WARM_UP + max(20, min(articles, round(rate * _STEADY_S)))]
        found = await latencies_ms(broker, steady, rate)
    p50, p99 = quantile(found, 0.5), quantile(found, 0.99)
    print(f"raw to story at {rate:.1f} articles/s: p50 {p50:.0f} ms, p99 {p99:.0f} ms ({len(found)} articles)")
    print(f"load {_load()}")
    print(json.dumps(figures(ordered) | {"p50_ms": p50, "p99_ms": p99}))


async def _one(name: str, broker: Broker, messages: list[Message]) -> Run:
    return await (ceiling(messages) if name == "ceiling" else contest(CONTESTANTS[name], broker, messages))


def _text(rounds: Rounds) -> str:
    others = median(run.others_s / run.wall_s for runs in rounds.values() for run in runs)
    return (
        f"\nprocessor ms an article; `corrected`: without the {others:.2f} cores that others used meanwhile\n"
        f"{table(rounds)}\n\n"
        f"median [least, greatest] of {len(rounds[OURS])} alternated rounds\n{intervals(rounds)}\n"
    )


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
