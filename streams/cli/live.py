"""What `newsloom up` shows while it runs."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from streams.app import Running, only_one, running
from streams.cli.output import console, counted, remark, safe
from streams.errors import BrokerError
from streams.observe.status import Status, read_status
from streams.settings import Settings

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["picture", "stay_up"]

_EVERY_S = 1.0


async def stay_up(settings: Settings) -> None:
    """Keep a live system up until cancelled; UsageError when this lane of the state folder is up already."""
    with only_one(settings):
        async with running(settings, say=remark) as live:
            remark(
                f"up: {live.broker.kind} broker {live.broker.bootstrap}, {counted(settings.workers, 'worker')} "
                f"logging to {live.log}; Ctrl-C ends it"
            )
            view = asyncio.create_task(_view(live) if sys.stdout.isatty() else _watch(live))
            done, _ = await asyncio.wait({view, live.supervision}, return_when=asyncio.FIRST_COMPLETED)
            view.cancel()
            for task in done:
                task.result()


async def _watch(live: Running) -> None:
    """Notice that the embedded broker has ended; one that is elsewhere may come back."""
    pid = live.broker.pid
    while pid is None or _alive(pid):  # noqa: ASYNC110 - nobody tells us
        await asyncio.sleep(_EVERY_S)
    raise BrokerError(f"the broker at {live.broker.bootstrap} has ended")


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def _view(live: Running) -> None:
    from rich.live import Live

    watch = asyncio.create_task(_watch(live))
    status: Status | None = None
    with Live(console=console(), auto_refresh=False, transient=True) as screen:
        while not watch.done():
            status = await read_status(live.broker.bootstrap, live.settings, status)
            screen.update(picture(status, live.supervisor.restarts), refresh=True)
            await asyncio.wait({watch}, timeout=_EVERY_S)
    watch.result()


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
