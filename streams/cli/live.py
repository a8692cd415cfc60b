"""What `newsloom up` shows while it runs."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streams.alarms import StageAlarm, standing
from streams.app import STAGES, Running, only_one, running
from streams.cli.output import console, counted, remark, safe
from streams.errors import BrokerError
from streams.feeds.edit import put, read_file
from streams.feeds.run import read_report
from streams.observe.status import Status, read_status
from streams.settings import Settings
from streams.telemetry.endpoint import serving_family
from streams.telemetry.metrics import ALARM

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["feeds_picture", "picture", "stay_up"]

_EVERY_S = 1.0


async def stay_up(settings: Settings, *, feeds: Path | None = None, poll: bool = False, serve: bool = False) -> None:
    """Keep a live system up until cancelled; UsageError when this lane of the state folder is up already.

    The sources in the file `feeds` are put into the catalogue; with these, or with `poll`, a poller runs. With
    `serve` the HTTP API is served.
    """
    if serve:
        from streams.api.server import access_of

        access_of(settings)  # before anything is started
    configs = read_file(feeds) if feeds is not None else []
    with only_one(settings), serving_family(settings):
        async with running(settings, poller=poll or feeds is not None, say=remark) as live:
            if configs:
                await put(live.broker.endpoint, settings, configs)
            remark(
                f"up: {live.broker.kind} broker {live.broker.endpoint}, {counted(settings.workers, 'worker')} "
                f"logging to {live.log}; Ctrl-C ends it"
            )
            view = asyncio.create_task(_view(live) if sys.stdout.isatty() else _watch(live))
            tasks = {view} | ({asyncio.create_task(_serve(live))} if serve else set())
            try:
                done, _ = await asyncio.wait({*tasks, live.supervision}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            for task in done:
                task.result()


async def _serve(live: Running) -> None:
    from streams.api.server import serve

    await serve(live.broker.endpoint, live.settings, say=remark)


async def _watch(live: Running) -> None:
    """Notice that the embedded broker has ended; one that is elsewhere may come back."""
    pid = live.broker.pid
    told: set[str] = set()
    while pid is None or _alive(pid):
        alarms = standing(live.settings)
        for stage in STAGES:
            ALARM.labels(stage).set(stage in alarms)
        for stage, alarm in alarms.items():
            if stage not in told and not sys.stdout.isatty():
                remark(f"alarm: {alarm}; `newsloom dlq release {stage}` lets it go on")
            told.add(stage)
        told &= alarms.keys()
        await asyncio.sleep(_EVERY_S)
    raise BrokerError(f"the broker at {live.broker.endpoint} has ended")


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def _view(live: Running) -> None:
    from rich.console import Group
    from rich.live import Live

    watch = asyncio.create_task(_watch(live))
    status: Status | None = None
    with Live(console=console(), auto_refresh=False, transient=True) as screen:
        while not watch.done():
            status = await read_status(live.broker.endpoint, live.settings, status)
            shown = [picture(status, live.supervisor.restarts), *map(_alarm, standing(live.settings).values())]
            if live.supervisor.poller and (report := read_report(live.settings)) is not None:
                shown += ["", feeds_picture(report)]
            screen.update(Group(*shown), refresh=True)
            await asyncio.wait({watch}, timeout=_EVERY_S)
    watch.result()


def _alarm(alarm: StageAlarm) -> "RenderableType":
    from rich.text import Text

    return Text(
        safe(f"{alarm}; `newsloom dlq stats` says more, `newsloom dlq release {alarm.stage}` lets it go on"), "red"
    )


def picture(status: Status, restarts: int) -> "RenderableType":
    """The stages in a table, the workers in its caption."""
    from rich.table import Table

    workers = f"{counted(status.workers, 'worker')}, {counted(restarts, 'restart')}"
    table = Table(
        caption=f"{workers}, {status.peak_mb:,.0f} MB at most",
        caption_justify="left",
        header_style="bold",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for name in ("stage", "records", "per second", "ms each", "lag", "outcomes"):
        table.add_column(name, justify="left" if name in ("stage", "outcomes") else "right")
    for stage in status.stages:
        outcomes = ", ".join(f"{safe(label)} {count:,}" for label, count in stage.outcomes.most_common())
        lag = "?" if stage.lag is None else f"{stage.lag:,}"
        table.add_row(stage.stage, f"{stage.records:,}", f"{stage.per_s:,.0f}", f"{stage.ms:.1f}", lag, outcomes)
    return table


def feeds_picture(report: dict[str, Any]) -> "RenderableType":
    """The feeds polled last in a table, all of them in its caption; `report` is the poller's."""
    from rich.table import Table

    counts = f"{counted(report['sources'], 'feed')}, {report['failing']:,} failing"
    pushed = f"{report['polls']:,} polls, {report['pushed']:,} entries pushed"
    table = Table(caption=f"{counts}, {pushed}", caption_justify="left", header_style="bold", box=None)
    for name in ("feed", "outcome", "polls", "pushed", "last word"):
        table.add_column(name, justify="right" if name in ("polls", "pushed") else "left")
    for row in report["rows"]:
        words = (safe(str(row[name] or "")) for name in ("source_id", "standing"))
        table.add_row(*words, f"{row['polls']:,}", f"{row['pushed']:,}", safe(str(row["detail"] or "")))
    return table
