"""`newsloom dlq redrive` and `newsloom dlq discard`: a dry run unless told otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.dlq_options import selecting
from streams.cli.output import counted, emit, remark, safe
from streams.errors import UsageError

if TYPE_CHECKING:
    from streams.dlq.redrive import Fate, Report, Undertaking
    from streams.dlq.selection import Letter, Selection
    from streams.dlq.verdict import Decree
    from streams.settings import Settings

__all__ = ["register"]

NOT_ALL = 4

Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this it is a dry run: it says what it would do.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Say only what would be done, as without --yes.")]
By = Annotated[str | None, typer.Option(help="Who decides, for the record. [default: you]", show_default=False)]


def register(dlq: typer.Typer) -> None:
    """Add the commands."""
    _redrive(dlq)
    _discard(dlq)
    _release(dlq)


def _redrive(dlq: typer.Typer) -> None:
    @command(dlq, "redrive")
    @selecting
    def redrive(
        call: Call,
        selection: "Selection",
        yes: Yes = False,
        dry_run: Dry = False,
        max_cycles: Annotated[
            int, typer.Option(min=1, max=1000, help="Refuse what was redriven so often already.")
        ] = 3,
        by: By = None,
        why: Annotated[str, typer.Option(help="Why, for the record.")] = "",
        json: AsJson = False,
    ) -> None:
        """Send dead letters to the topics they came from, as they came, once each: for when the cause is mended.

        Only open letters that are there at the start. Key, value and headers are the original ones; the error
        headers go, and `x-news-redrive-count` says how often it was. A redrive that was killed can be repeated:
        what it has sent is not sent again. Exit code 4 when some have been round too often.

        ```
        newsloom dlq redrive --reason deadline
        newsloom dlq redrive --reason deadline --yes --why 'the extractor was mended'
        ```
        """
        settings = call.settings()

        async def work() -> "Report":
            async with await _undertaking(settings, _decree(by, why), dry=dry_run or not yes, json=json) as undertaking:
                return await undertaking.redrive(selection, max_cycles=max_cycles)

        with _alone(settings):
            report = run(work())
        _tell(report, "redriven", json=json)
        if report.refused:
            raise typer.Exit(NOT_ALL)


def _discard(dlq: typer.Typer) -> None:
    @command(dlq, "discard")
    @selecting
    def discard(
        call: Call,
        selection: "Selection",
        why: Annotated[str, typer.Option(help="Why, for the record.")],
        yes: Yes = False,
        dry_run: Dry = False,
        by: By = None,
        json: AsJson = False,
    ) -> None:
        """Give dead letters up: they are no longer listed, and a record says who decided so, when and why.

        The letters stay in their topic as long as it keeps them, and `list --all` shows them.

        ```
        newsloom dlq discard --reason bad_json --source old-cms --why 'test data of ours' --yes
        ```
        """
        settings = call.settings()

        async def work() -> "Report":
            async with await _undertaking(settings, _decree(by, why), dry=dry_run or not yes, json=json) as undertaking:
                return await undertaking.discard(selection)

        with _alone(settings):
            report = run(work())
        _tell(report, "discarded", json=json)


def _release(dlq: typer.Typer) -> None:
    @command(dlq, "release")
    def release(
        call: Call,
        stage: Annotated[list[str] | None, typer.Argument(help="Stages. [default: all]", show_default=False)] = None,
    ) -> None:
        """Let stages go on that stand still by an alarm, on this machine: for when the cause is mended, or accepted.

        A stage that parks more than NEWSLOOM_DEAD_RATIO of its last NEWSLOOM_DEAD_WINDOW records stops with an alarm,
        instead of draining its input into dead letters; the other stages go on. Once released it takes up its input
        where it stopped, and is watched anew. A ratio of 1 watches nothing.
        """
        from streams.alarms import release as let_go
        from streams.alarms import standing

        settings = call.settings()
        found = standing(settings)
        if unknown := sorted(set(stage or ()) - found.keys()):
            raise UsageError(f"no alarm stands for {unknown[0]!r}" + (f"; {', '.join(found)} do" if found else ""))
        for name in stage or found:
            let_go(settings, name)
            remark(f"released: {found[name]}")
        if not found:
            remark("no stage stands still")


def _decree(by: str | None, why: str) -> "Decree":
    import os
    import pwd

    from streams.clock import now
    from streams.dlq.verdict import Decree

    try:
        name = by or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user has no name
        name = f"uid {os.getuid()}"
    return Decree(by=name[:256], why=why[:1000], at=now())


async def _undertaking(settings: "Settings", decree: "Decree", *, dry: bool, json: bool) -> "Undertaking":
    from streams.app import connected
    from streams.dlq.redrive import Undertaking

    endpoint = await connected(settings)
    return Undertaking(endpoint, settings, decree, dry_run=dry, on_letter=_Teller(dry=dry, json=json))


class _Teller:
    """Says of each letter of a dry run what would become of it, and in any run which are refused."""

    def __init__(self, *, dry: bool, json: bool) -> None:
        self._dry = dry
        self._json = json

    def __call__(self, letter: "Letter", fate: "Fate") -> None:
        words = {"done": "would go", "repeated": "a second letter of its record", "refused": "round too often"}
        if self._json and self._dry:
            emit({"letter": letter.id, "document_id": letter.document_id, "fate": fate})
        elif self._dry or fate == "refused":
            view = letter.view
            remark(f"{letter.id} {safe(view.stage)} {safe(view.reason)} {safe(letter.document_id)}: {words[fate]}")


def _tell(report: "Report", done: str, *, json: bool) -> None:
    if json:
        emit(report)
        return
    text = f"{counted(report.selected, 'letter')} selected, {report.done:,} {'to be ' if report.dry_run else ''}{done}"
    parts = (
        (report.repeated, "of a record that goes once"),
        (report.refused, "round too often"),
        (report.recovered, "had been sent by a redrive that was killed"),
    )
    text += "".join(f", {number:,} {words}" for number, words in parts if number)
    remark(text + ("; nothing was done: add --yes" if report.dry_run else ""))


@contextmanager
def _alone(settings: "Settings") -> Iterator[None]:
    """One at a time on this machine: two would send the same letters."""
    import fcntl

    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / f"{settings.topic('dlq')}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError("another `newsloom dlq` redrives or discards right now; wait for its end") from error
        yield
