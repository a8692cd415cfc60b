"""`newsloom trace`."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.output import console, emit, remark, safe, say

if TYPE_CHECKING:
    from streams.readmodel.results import Step, Trace

__all__ = ["register"]

_MS = 1000


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "trace", rich_help_panel="Results")
    def trace(
        call: Call,
        what: Annotated[
            str, typer.Argument(metavar="URL|DOCUMENT|ARTICLE|STORY", help="A URL, or an id or its beginning.")
        ],
        json: AsJson = False,
    ) -> None:
        """Show all that happened to an article, in order: where it arrived, what it became, and why.

        Each line is a record of a topic, with its partition and offset, and how long after the raw document it
        came. The answer is from a local model of the topics, caught up first; the first call on a machine reads
        them whole.

        ```
        newsloom trace https://example.org/harbour/bridge-reopens
        ```
        """
        from streams.app import connected
        from streams.errors import InputError
        from streams.readmodel.database import open_reader
        from streams.readmodel.follow import caught_up
        from streams.readmodel.queries import trace as traced

        settings = call.settings()

        async def work() -> "Trace | None":
            say("catching up with the topics")
            path = await caught_up(await connected(settings), settings)
            db = open_reader(path)
            try:
                return traced(db, what)
            finally:
                db.close()

        found = run(work())
        if found is None:
            raise InputError(f"nothing is known of {what}")
        if json:
            emit(found.model_dump(mode="json", exclude_none=True))
        else:
            _show(found)
        if not found.complete:
            remark(f"only the first {len(found.steps)} records are shown")


def _show(found: "Trace") -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    for name, ids in (("documents", found.documents), ("articles", found.articles), ("stories", found.stories)):
        if ids:
            out.print(Text.assemble((f"{name:<11}", "bold"), safe(", ".join(ids))))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("time (UTC)", "after raw", "topic", "place", "what", "detail"):
        table.add_column(name, justify="right" if name == "after raw" else "left", no_wrap=name != "detail")
    for step in found.steps:
        table.add_row(*_cells(step))
    out.print(table)


def _cells(step: "Step") -> tuple[str, ...]:
    about = f"{step.story_id}, " if step.story_id else ""
    return (
        step.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "" if step.latency_ms is None else _duration(step.latency_ms),
        step.topic,
        f"{step.partition}:{step.offset}",
        safe(step.what),
        safe(about + (step.detail or "")),
    )


def _duration(ms: int) -> str:
    return f"{ms} ms" if abs(ms) < 10 * _MS else f"{ms / _MS:,.1f} s"
