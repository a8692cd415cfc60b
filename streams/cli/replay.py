"""`newsloom replay`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from streams.cli.command import AsJson, Call, command, group, run
from streams.cli.inputs import instant
from streams.cli.output import console, counted, emit, moment, remark, safe

if TYPE_CHECKING:
    from schemas import ReplayJob
    from streams.replay.bounds import Bound
    from streams.replay.plan import Forecast, Order
    from streams.replay.process import Listener
    from streams.replay.run import Manner, Outcome

__all__ = ["register"]

_CANCELLED = 1
_DEFAULT = "run"

TopicName = Annotated[
    str, typer.Argument(metavar="TOPIC", help="A topic that a stage reads: raw, normalized, unique, candidate.")
]
Begin = Annotated[
    str, typer.Option("--from", metavar="TIME|OFFSET|earliest", help="First record; -100 means the last hundred.")
]
End = Annotated[
    str, typer.Option("--to", metavar="TIME|OFFSET|now", help="Where to stop, exclusive; now is the end at the start.")
]
Into = Annotated[str, typer.Option(metavar="LANE", help="The lane to copy into; it is made if it is not there.")]
Source = Annotated[list[str] | None, typer.Option(help="Only from this source id; repeatable.")]
Language = Annotated[list[str] | None, typer.Option(help="Only in this language, e.g. en; repeatable.")]
ArticleId = Annotated[list[str] | None, typer.Option(help="Only documents of this article id; repeatable.")]
DocumentId = Annotated[list[str] | None, typer.Option(help="Only this document id; repeatable.")]
StoryId = Annotated[list[str] | None, typer.Option(help="Only members of this story, merges followed; repeatable.")]
Rate = Annotated[float | None, typer.Option(min=0.01, help="Most records a second. [default: no limit]")]
Process = Annotated[
    bool,
    typer.Option("--process/--no-process", help="Run the lane's workers until nothing is left to do; or copy only."),
]
Partitions = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1000,
        help="Partitions of a new lane. With 1 all is processed in one order, the same at every replay; with more, "
        "by more workers at a time. [default: 1]",
        show_default=False,
    ),
]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of a job, or a beginning of it.")]


class _TopicFirst(TyperGroup):
    """`newsloom replay TOPIC ...` is `newsloom replay run TOPIC ...`: no topic is called like a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_DEFAULT, *args]
        return list(super().parse_args(ctx, args))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    replays = group(
        cls=_TopicFirst,
        no_args_is_help=True,
        help="""Process a part of a topic again, in a lane of its own: `newsloom replay TOPIC --into LANE`.

        Nothing of the live lane is joined, moved or written. `newsloom lane diff live LANE` then says what is
        different. `newsloom replay run --help` has the options.
        """,
    )
    app.add_typer(replays, name="replay", rich_help_panel="Again and beside")
    _run(replays)
    _list(replays)
    _show(replays)
    _resume(replays)
    _cancel(replays)


def _run(replays: typer.Typer) -> None:
    @command(replays, _DEFAULT)
    def replay(
        call: Call,
        topic: TopicName,
        into: Into,
        begin: Begin = "earliest",
        end: End = "now",
        source: Source = None,
        language: Language = None,
        article: ArticleId = None,
        document: DocumentId = None,
        story: StoryId = None,
        rate: Rate = None,
        partitions: Partitions = None,
        process: Process = True,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be copied; write nothing.")] = False,
        even_live: Annotated[
            bool, typer.Option("--even-live", help="Allow `--into live`: its stages take what they do not know yet.")
        ] = False,
        json: AsJson = False,
    ) -> None:
        """Copy records of a topic into a lane and run the lane's stages over them.

        TOPIC is what a stage reads; `run` may be left out. Reading is by assignment: no group of the live lane
        notices. It stops at the ends found at its start. Killed, it goes on with `newsloom replay resume`, or with
        the same call where --to is no moving target: nothing is missing in the lane, nothing is there twice.

        ```
        newsloom replay raw --into v2
        newsloom replay normalized --from 2026-01-31 --to 2026-02-01 --language en --into january
        newsloom replay raw --story sty_0123 --into look --dry-run
        ```
        """
        from schemas import ReplaySelection
        from streams.cli.names import full_name, topic_named
        from streams.errors import UsageError
        from streams.replay.plan import Order
        from streams.replay.run import Manner

        if full_name(topic).endswith(".dlq"):
            raise UsageError(f"{topic} holds dead letters: `newsloom dlq redrive` brings them back")
        given = {"sources": source, "languages": language, "articles": article, "documents": document, "stories": story}
        selection = ReplaySelection.model_validate({name: tuple(sorted(set(ids or ()))) for name, ids in given.items()})
        order = Order(
            topic_named(topic), into, _bound(begin, "earliest"), _bound(end, "now"), selection, partitions, even_live
        )
        if dry_run:
            _forecast(call, order, json=json)
        else:
            _replay(call, order, Manner(rate, process), json=json)


def _bound(text: str, word: str) -> "Bound":
    """An end of the log by its word, a number, or a time."""
    from typing import cast

    if text == word:
        return cast("Bound", word)
    number = text.removeprefix("-")
    return int(text) if number.isascii() and number.isdecimal() and len(number) < 19 else instant(text)  # noqa: PLR2004 - digits of 2**63


def _forecast(call: Call, order: "Order", *, json: bool) -> None:
    from dataclasses import asdict

    from streams.app import connected
    from streams.replay.plan import forecast

    settings = call.settings()

    async def work() -> "Forecast":
        return await forecast(await connected(settings), settings, order)

    found = run(work())
    if json:
        ranges = [each.model_dump(include={"partition", "start", "end"}) for each in found.ranges]
        selection = found.selection.model_dump(exclude_defaults=True)
        emit({**asdict(found), "topic": order.topic.name, "into": order.into, "ranges": ranges, "selection": selection})
        return
    out = console()
    out.print(f"{order.topic.name} into {order.into}, were it run now")
    for each in found.ranges:
        out.print(f"  partition {each.partition}: offsets {each.start:,} to {each.end:,}")
    for name, values in found.selection.model_dump(exclude_defaults=True).items():
        out.print(f"  {name}: {safe(', '.join(values[:5]))}{', ...' if len(values) > 5 else ''}")  # noqa: PLR2004
    out.print(f"{counted(found.copied, 'record')}, {found.bytes / 1e6:,.1f} MB; {found.skipped:,} others passed over")
    if found.first_ms is not None and found.last_ms is not None:
        out.print(f"appended {_time(found.first_ms)} to {_time(found.last_ms)}")


def _time(millis: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="seconds")


def _replay(call: Call, order: "Order", manner: "Manner", *, json: bool) -> None:
    from streams.app import connected
    from streams.replay.run import replay

    settings = call.settings()

    async def work() -> "Outcome":
        endpoint = await connected(settings)
        with _progress() as listener:
            return await replay(endpoint, settings, order, manner, listener)

    _tell(run(work()), json=json)


def _tell(outcome: "Outcome", *, json: bool) -> None:
    job = outcome.job
    if json:
        emit(outcome.as_json())
    else:
        per_h = job.copied / outcome.seconds * 3600 if outcome.seconds else 0.0
        speed = f" in {outcome.seconds:,.1f} s ({per_h:,.0f}/h)" if outcome.came_out is not None else ""
        amount = f"{counted(job.copied, 'record')}, {job.bytes / 1e6:,.1f} MB"
        remark(f"{job.job_id} {job.state}: {amount} of {job.topic} into {job.into or 'live'}{speed}")
        for name, count in (outcome.came_out or {}).items():
            if count:
                print(f"{name}  {count:,}")  # noqa: T201
        if job.state == "done" and outcome.came_out is not None:
            remark(f"compare: newsloom lane diff {job.lane or 'live'} {job.into}")
    if job.state == "cancelled":
        remark(f"cancelled; `newsloom replay resume {job.job_id}` goes on")
        raise typer.Exit(_CANCELLED)


@contextmanager
def _progress() -> Iterator["Listener"]:
    """A bar on stderr for what is copied and a line for what the stages have yet to do, where somebody watches."""
    import asyncio

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from streams.replay.job import left, total
    from streams.replay.process import Listener

    latest: ReplayJob | None = None
    screen = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        copying = progress.add_task("copying", total=None, text="")
        working = progress.add_task("processing", total=None, text="", visible=False)

        def on_copy(job: "ReplayJob") -> None:
            nonlocal latest
            latest = job
            done = total(job) - left(job)
            progress.update(copying, total=total(job), completed=done, text=f"{done:,} of {total(job):,}")

        def on_lag(lag: dict[str, int]) -> None:
            text = ", ".join(f"{stage} {count:,}" for stage, count in lag.items() if count) or "nothing left"
            progress.update(working, visible=True, text=text)

        try:
            yield Listener(on_copy, on_lag, _say(screen.is_terminal))
        except asyncio.CancelledError:
            if latest is not None:
                remark(f"stopped; `newsloom replay resume {latest.job_id}` goes on")
            raise


def _say(watched: bool) -> Callable[[str], None]:  # noqa: FBT001
    return remark if watched else lambda _: None


def _list(replays: typer.Typer) -> None:
    @command(replays, "list")
    def list_(call: Call, json: AsJson = False) -> None:
        """List the replays of this lane, the latest first."""
        from rich.table import Table

        from streams.clock import now
        from streams.replay.job import left, standing, total

        jobs = sorted(_jobs(call).values(), key=lambda job: job.started_at, reverse=True)
        if json:
            for job in jobs:
                emit(_plain(job))
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("job", "state", "topic", "into", "copied", "looked at", "begun"):
            table.add_column(name, justify="right" if name in ("copied", "looked at") else "left")
        for job in jobs:
            share = f"{1 - left(job) / total(job):.0%}" if total(job) else "100%"
            into, begun = job.into or "live", moment(job.started_at)
            table.add_row(job.job_id[:16], standing(job, now()), job.topic, into, f"{job.copied:,}", share, begun)
        console().print(table)


def _jobs(call: Call) -> "dict[str, ReplayJob]":
    from streams.app import connected
    from streams.replay.journal import read_jobs

    settings = call.settings()

    async def work() -> "dict[str, ReplayJob]":
        return await read_jobs(await connected(settings), settings)

    return run(work())


def _plain(job: "ReplayJob") -> dict[str, Any]:
    from streams.clock import now
    from streams.replay.job import left, standing

    facts = {"standing": standing(job, now()), "left": left(job)}
    return job.model_dump(mode="json", exclude_none=True) | facts


def _show(replays: typer.Typer) -> None:
    @command(replays, "show")
    def show(call: Call, job: JobId, json: AsJson = False) -> None:
        """Show a replay: what it copies, how far it is, with which code."""
        from streams.app import connected
        from streams.replay.journal import find_job

        settings = call.settings()

        async def work() -> "ReplayJob":
            return await find_job(await connected(settings), settings, job)

        found = _plain(run(work()))
        if json:
            emit(found)
            return
        out = console()
        for name, value in found.items():
            if name == "ranges":
                for each in value:
                    span = f"{each['start']:,} to {each['end']:,}, at {each['position']:,}"
                    out.print(f"  partition {each['partition']}: {span}")
            elif value not in ("", (), [], {}):
                out.print(f"{name:<11} {safe(str(value))}")


def _resume(replays: typer.Typer) -> None:
    @command(replays, "resume")
    def resume(call: Call, job: JobId, rate: Rate = None, process: Process = True, json: AsJson = False) -> None:
        """Go on with a replay that was killed, cancelled or has failed; a done one is only processed to the end."""
        from streams.app import connected
        from streams.replay.run import Manner
        from streams.replay.run import resume as go_on

        settings = call.settings()

        async def work() -> "Outcome":
            endpoint = await connected(settings)
            with _progress() as listener:
                return await go_on(endpoint, settings, job, Manner(rate, process), listener)

        _tell(run(work()), json=json)


def _cancel(replays: typer.Typer) -> None:
    @command(replays, "cancel")
    def cancel(call: Call, job: JobId) -> None:
        """Cancel a replay: whoever runs it stops within a second or two. What it has copied stays in the lane."""
        from streams.app import connected
        from streams.replay.run import cancel as call_off

        settings = call.settings()

        async def work() -> "ReplayJob":
            return await call_off(await connected(settings), settings, job)

        remark(f"{run(work()).job_id} is cancelled")
