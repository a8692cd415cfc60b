"""One run of one contestant: its processes, articles pushed at once, what it took until the last story event."""

import asyncio
import json
import pickle
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from streams.app import STAGES
from streams.codec import Message
from streams.edge.admin import create_topics, delete_topics
from streams.edge.outbox import Outbox
from streams.errors import BrokerError
from streams.local.broker import Broker
from streams.settings import Settings
from tests.bench.engine.procfs import CORES, Usage, descendants, held_mb, machine_busy_s, usage
from tests.bench.engine.tally import Counts, Tally

__all__ = ["CONTESTANTS", "WARM_UP", "Contestant", "Run", "Team", "ceiling", "contest", "playing", "push", "until_done"]

WARM_UP = 64
"""Articles before the clock starts: models are loaded, groups joined, connections open."""

_POLL_S = 0.1
_STILL_S = 120.0
_QUIET_S = 1.0
_STATS_S = 1.3
_LOG = "log"
_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Contestant:
    """Arguments of Python for each process to be started, and the settings they get."""

    name: str
    programs: tuple[tuple[str, ...], ...]
    settings: dict[str, object] = field(default_factory=dict)


def _newsloom(workers: int) -> Contestant:
    stages = [option for name in STAGES for option in ("--stage", name)]
    programs = tuple(("-m", "streams", "worker", "--slot", str(slot), *stages) for slot in range(workers))
    return Contestant(f"newsloom-{workers}", programs, {"processes": max(1, CORES // workers)})


_RIVALS = "tests.bench.engine.rivals"
_PARALLEL = ("-m", f"{_RIVALS}.quix_app", "normalize", "enrich")

CONTESTANTS = {
    each.name: each
    for each in (
        _newsloom(1),
        _newsloom(2),
        Contestant("quixstreams", (*[_PARALLEL] * CORES, ("-m", f"{_RIVALS}.quix_app", "dedupe", "cluster"))),
        Contestant("aiokafka", (("-m", f"{_RIVALS}.aiokafka_loop"),)),
    )
}


@dataclass(slots=True)
class Run:
    """What a run took. Processor seconds: `cpu_s` by role, `stage_s` within the stages where that is known.

    `others_s` is what everybody else on the machine took meanwhile. `peak_mb` adds up the peaks of
    the processes, pages they share counted for each; `held_mb` is what they hold at the end, such pages counted once.
    """

    name: str
    articles: int
    wall_s: float
    cpu_s: dict[str, float]
    stage_s: dict[str, float]
    peak_mb: dict[str, float]
    others_s: float
    counts: dict[str, int] = field(default_factory=dict)
    held_mb: dict[str, float] = field(default_factory=dict)

    @property
    def own_s(self) -> float:
        """Processor seconds of the contestant itself, the broker's apart."""
        return sum(seconds for role, seconds in self.cpu_s.items() if role != "broker")

    def per_s(self, *, broker_apart: bool = False) -> float:
        """Articles a second, had it had the cores to itself.

        What others used (and the broker, when apart) is not held against it; time in which a core was idle is.
        """
        lost = self.others_s + (self.cpu_s.get("broker", 0.0) if broker_apart else 0.0)
        return self.articles * CORES / (self.wall_s * CORES - lost)


@dataclass(slots=True)
class Team:
    """The processes of a contestant."""

    leaders: list[int]
    pool: list[int]
    broker: int | None = None
    settings: Settings = field(default_factory=Settings)
    processes: Sequence[subprocess.Popen[bytes]] = ()

    def used(self) -> dict[str, Usage]:
        """What each role has used so far."""
        roles = {"worker": self.leaders, "pool": self.pool, "broker": [self.broker] if self.broker else []}
        return {role: usage(pids) for role, pids in roles.items()}

    def held(self) -> dict[str, float]:
        """MiB that each role holds now."""
        roles = {"worker": self.leaders, "pool": self.pool, "broker": [self.broker] if self.broker else []}
        return {role: held_mb(pids) for role, pids in roles.items()}

    def stages(self) -> dict[str, float]:
        """Processor seconds in each stage by newsloom's own meters; nothing for others."""
        total: Counter[str] = Counter()
        for path in (self.settings.state_dir / "workers").glob("*/stats.json"):
            for name, stage in json.loads(path.read_text())["stages"].items():
                total[name] += stage["busy_s"]
        return dict(total)

    def last_words(self) -> str:
        """The end of what they have logged."""
        return (self.settings.state_dir / _LOG).read_text(errors="replace")[-2000:]


@asynccontextmanager
async def playing(
    contestant: Contestant, broker: Broker, warm_up: Sequence[Message]
) -> AsyncIterator[tuple[Team, Tally]]:
    """The contestant in a lane of its own, warm; BrokerError when it does not get through `warm_up`."""
    with tempfile.TemporaryDirectory(prefix="newsloom-bench-", ignore_cleanup_errors=True) as folder:
        settings = Settings(lane=f"bench-{secrets.token_hex(4)}", state_dir=Path(folder), broker=broker.bootstrap)
        settings = settings.model_copy(update=contestant.settings)
        await create_topics(broker.endpoint, settings)
        with (Path(folder) / _LOG).open("wb") as output:
            processes = [_start(program, settings, output) for program in contestant.programs]
            try:
                async with Tally.open(broker.bootstrap, settings) as tally:
                    leaders = [process.pid for process in processes]
                    team = Team(leaders, [], broker.pid, settings, processes)
                    await push(broker, settings, warm_up)
                    await until_done(team, tally, len(warm_up))
                    team.pool = descendants(leaders)
                    yield team, tally
            finally:
                for process in processes:
                    process.terminate()
                for process in processes:
                    await asyncio.to_thread(_end, process)
                await delete_topics(broker.endpoint, settings)


def _start(program: Sequence[str], settings: Settings, output: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = settings.environment() | {"PYTHONWARNINGS": "ignore"}
    return subprocess.Popen([sys.executable, *program], env=environment, stdout=output, stderr=output, cwd=_ROOT)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def push(broker: Broker, settings: Settings, messages: Sequence[Message]) -> None:
    """Append all of `messages` as fast as it goes."""
    async with Outbox(broker.endpoint, settings) as outbox:
        await outbox.send(messages)


@dataclass(frozen=True, slots=True)
class Moment:
    """What everybody had used at some time, and what had been done."""

    at: float
    used: dict[str, Usage]
    busy_s: float
    counts: Counts


async def until_done(team: Team, tally: Tally, articles: int) -> Moment:
    """The moment of the last record: articles have ended, each candidate has its story event, nothing more comes.

    BrokerError when a process ends, or nothing moves.
    """
    last = Moment(time.monotonic(), team.used(), machine_busy_s(), await tally.counts())
    while not (last.counts.done(articles) and time.monotonic() - last.at > _QUIET_S):
        gone = [process.returncode for process in team.processes if process.poll() is not None]
        if gone or time.monotonic() - last.at > _STILL_S:
            raise BrokerError(f"ended with {gone} or stands still at {last.counts}; its log ends:\n{team.last_words()}")
        await asyncio.sleep(_POLL_S)
        if (counts := await tally.counts()) != last.counts:
            last = Moment(time.monotonic(), team.used(), machine_busy_s(), counts)
    return last


async def contest(contestant: Contestant, broker: Broker, messages: Sequence[Message]) -> Run:
    """Run `messages` through the contestant; the first `WARM_UP` of them before the clock starts."""
    warm_up, rest = messages[:WARM_UP], messages[WARM_UP:]
    async with playing(contestant, broker, warm_up) as (team, tally):
        await asyncio.sleep(_STATS_S)
        stages = team.stages()
        begun = Moment(time.monotonic(), team.used(), machine_busy_s(), await tally.counts())
        pushing = asyncio.create_task(push(broker, team.settings, rest))
        ended = await until_done(team, tally, len(messages))
        await pushing
        await asyncio.sleep(_STATS_S)
        spent = {name: seconds - stages[name] for name, seconds in team.stages().items()}
        run = _run(contestant.name, len(rest), begun, ended, spent)
        run.held_mb = team.held()
        return run


def _run(name: str, articles: int, begun: Moment, ended: Moment, stages: dict[str, float]) -> Run:
    cpu = {role: ended.used[role].cpu_s - begun.used[role].cpu_s for role in begun.used}
    return Run(
        name,
        articles,
        wall_s=ended.at - begun.at,
        cpu_s=cpu,
        stage_s=stages,
        peak_mb={role: round(each.peak_mb, 1) for role, each in ended.used.items()},
        others_s=ended.busy_s - begun.busy_s - sum(cpu.values()),
        counts=ended.counts.by_topic,
    )


async def ceiling(messages: Sequence[Message]) -> Run:
    """The same messages through the bare pool."""
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        file.write(pickle.dumps((messages[:WARM_UP], messages[WARM_UP:])))
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.engine.ceiling", file.name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=_ROOT,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        await process.stdout.readline()
        team = Team([process.pid], descendants([process.pid]))
        begun = Moment(time.monotonic(), team.used(), machine_busy_s(), Counts({}))
        process.stdin.write(b"\n")
        told = json.loads(await process.stdout.readline())
        ended = Moment(time.monotonic(), team.used(), machine_busy_s(), Counts(told["outputs"]))
        process.stdin.write(b"\n")
        await process.wait()
    return _run("ceiling", len(messages) - WARM_UP, begun, ended, told["stages"])
