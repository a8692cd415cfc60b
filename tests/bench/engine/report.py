"""The figures of some rounds, for people and as one JSON line."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from tests.bench.engine.contest import Run

__all__ = ["OURS", "Rounds", "engine_ms", "figures", "intervals", "ratios", "table"]

Rounds = Mapping[str, Sequence[Run]]
"""Runs by contestant, in the order of the rounds."""

OURS = "newsloom-1"
_STAGES = ("normalize", "dedupe", "enrich", "cluster")


def table(rounds: Rounds) -> str:
    """One line a contestant, medians over the rounds; processor times in ms an article."""
    names = (
        "contestant",
        "articles/s",
        "corrected",
        *_STAGES,
        "engine",
        "total",
        "broker",
        "peak MB",
        "broker MB",
        "held MB",
    )
    rows = [names, *(_row(name, runs) for name, runs in rounds.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _row(name: str, runs: Sequence[Run]) -> tuple[str, ...]:
    stages = [median(run.stage_s.get(stage, 0.0) / run.articles * 1e3 for run in runs) for stage in _STAGES]
    known = any(run.stage_s for run in runs)
    peak = [
        max(sum(mb for role, mb in run.peak_mb.items() if (role == "broker") == broker) for run in runs)
        for broker in (False, True)
    ]
    return (
        name,
        f"{median(run.articles / run.wall_s for run in runs):.1f}",
        f"{median(run.per_s() for run in runs):.1f}",
        *(f"{ms:.2f}" if known else "" for ms in stages),
        f"{engine_ms(runs):.2f}" if known else "",
        f"{_ms(runs, lambda run: run.own_s):.2f}",
        f"{_ms(runs, lambda run: run.cpu_s['broker']):.2f}",
        *(f"{mb:.0f}" for mb in peak),
        f"{max(sum(mb for role, mb in run.held_mb.items() if role != 'broker') for run in runs):.0f}",
    )


def _ms(runs: Sequence[Run], seconds: Callable[[Run], float]) -> float:
    return median(seconds(run) / run.articles * 1e3 for run in runs)


def engine_ms(runs: Sequence[Run]) -> float:
    """Processor ms an article outside the stages, over all processes but the broker."""
    return _ms(runs, lambda run: run.own_s - sum(run.stage_s.values()))


def ratios(rounds: Rounds, rival: str) -> list[float]:
    """Our articles a second over the rival's, round by round.

    Against the ceiling, which has no broker, the broker's share of the machine is not held against us.
    """
    apart = rival == "ceiling"
    return sorted(
        ours.per_s(broker_apart=apart) / theirs.per_s(broker_apart=apart)
        for ours, theirs in zip(rounds[OURS], rounds[rival], strict=True)
    )


def figures(rounds: Rounds) -> dict[str, float | None]:
    """The figures of the JSON line that come from throughput runs; None for a rival that is not installed."""
    found = {
        f"ratio_{rival}": round(median(ratios(rounds, rival)), 3) if rival in rounds else None
        for rival in ("ceiling", "quixstreams", "aiokafka")
    }
    peak = max(sum(mb for role, mb in run.peak_mb.items() if role != "broker") for run in rounds[OURS])
    return found | {"engine_ms": round(engine_ms(rounds[OURS]), 3), "peak_rss_mb": round(peak, 1)}


def intervals(rounds: Rounds) -> str:
    """What the engine costs and each ratio: the median, the least and the greatest."""
    costs = sorted(engine_ms([run]) for run in rounds[OURS])
    lines = [f"engine of {OURS}, ms an article: {median(costs):.2f}  [{costs[0]:.2f}, {costs[-1]:.2f}]"]
    for rival in rounds:
        if rival != OURS:
            found = ratios(rounds, rival)
            lines.append(f"articles/s, {OURS} / {rival}: {median(found):.3f}  [{found[0]:.3f}, {found[-1]:.3f}]")
    return "\n".join(lines)
