"""`newsloom chaos`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.output import console, emit, safe, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from streams.chaos.row import Result

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "chaos", rich_help_panel="A look inside")
    def chaos(
        call: Call,
        rows: Annotated[str, typer.Option(help="Rows to run, `1,3,9`. [default: all]", show_default=False)] = "",
        ids: Annotated[int, typer.Option(min=20, help="Documents of each row.")] = 3000,
        seed: Annotated[int, typer.Option(help="Seed of the documents.")] = 1,
        repeat: Annotated[int, typer.Option(min=1, help="Run the rows so often, each time with the next seed.")] = 1,
        json: AsJson = False,
    ) -> None:
        """Harm a live system in fourteen ways, and see whether it loses anything.

        There is a Kafka broker in a temporary folder, and for each row that harms it one more; several worker
        processes under the supervisor of `up`, and made-up articles. Workers are killed and paused, the broker is
        killed, cut off and starved of disk, records and stores are damaged; then every stage is recomputed from
        its own input and compared. Nothing that runs is touched. A row takes a minute with the default number of ids.

        `--json` prints one object a row: row, ids, lost, duplicates, stalled, table_differences, recovery_s and
        more. Exit code 1 when a row misses its target.
        """
        from streams.chaos.runner import chosen, run_rows
        from streams.endpoint import without_security

        out = console()
        if not json:
            _head(out)

        def show(result: "Result") -> None:
            emit(result.as_json()) if json else _line(out, result)

        wanted, settings = chosen(rows), call.settings(broker="embedded")
        without_security(settings, "the embedded brokers that are harmed have none")
        say(f"{len(wanted)} rows, {ids:,} ids each" + (f", {repeat} times" if repeat > 1 else ""))
        begun = time.monotonic()
        results = run(run_rows(wanted, settings, ids=ids, seed=seed, show=show, repeat=repeat))
        say(_summary(results, time.monotonic() - begun))
        if not all(result.ok for result in results):
            raise typer.Exit(1)


def _summary(results: "Sequence[Result]", seconds: float) -> str:
    lost, differences, stalled = (
        sum(getattr(result, name) for result in results) for name in ("lost", "table_differences", "stalled")
    )
    missed = sum(not result.ok for result in results)
    return (
        f"{len(results)} runs in {seconds:.0f} s: lost {lost}, table differences {differences}, "
        f"stalled {stalled}; {missed} missed a target"
    )


_COLUMNS = ("row", "ids", "lost", "duplicates", "stalled", "table diff.", "recovery", "took", "")
_WIDTHS = (3, 7, 5, 10, 7, 11, 8, 7, 0)


def _head(out: "Console") -> None:
    out.print("  ".join(name.rjust(width) for name, width in zip(_COLUMNS, _WIDTHS, strict=True)))


def _line(out: "Console", result: "Result") -> None:
    recovery = "-" if result.recovery_s is None else f"{result.recovery_s:.1f} s"
    cells = [
        *(str(result.row), f"{result.ids:,}", str(result.lost), f"{result.duplicates:,}"),
        *(str(result.stalled), str(result.table_differences), recovery, f"{result.seconds:.0f} s"),
        ("ok      " if result.ok else "MISSED  ") + result.title,
    ]
    out.print("  ".join(cell.rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True)))
    for text in (*result.problems, *result.notes):
        out.print(f"{'':>5}{safe(text)}")
