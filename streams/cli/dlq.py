"""`newsloom dlq`: look at dead letters. Looking consumes nothing."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import dlq_act
from streams.cli.command import AsJson, Call, command, group, run
from streams.cli.dlq_options import looking, place_of
from streams.cli.output import console, counted, emit, emit_bytes, remark, safe

if TYPE_CHECKING:
    from streams.dlq.selection import Letter, Selection
    from streams.dlq.stats import Stats

__all__ = ["register"]

_SHOWN_CHARACTERS = 4000
_DETAIL = 80


def register(app: typer.Typer) -> None:
    """Add the commands."""
    dlq = group(
        help="What the stages could not process: look at it, send it again, or give it up.", no_args_is_help=True
    )
    app.add_typer(dlq, name="dlq", rich_help_panel="Again and beside")
    _list(dlq)
    _show(dlq)
    _stats(dlq)
    dlq_act.register(dlq)


def _list(dlq: typer.Typer) -> None:
    @command(dlq, "list")
    @looking
    def listed(
        call: Call,
        selection: "Selection",
        limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most letters to list.")] = 20,
        json: AsJson = False,
    ) -> None:
        """List dead letters that nobody has decided about, those of the youngest records first.

        ```
        newsloom dlq list --stage normalize --reason deadline --since 2026-11-01
        ```
        """
        from streams.app import connected
        from streams.dlq.letters import newest

        settings = call.settings()

        async def work() -> "list[Letter]":
            return await newest(await connected(settings), settings, selection, limit)

        found = run(work())
        if json:
            for letter in found:
                emit(_facts(letter))
        elif found:
            _table(found)
        else:
            remark("no dead letters" + ("" if selection.with_settled else " that are open"))


def _facts(letter: "Letter") -> dict[str, object]:
    disposition = letter.disposition.model_dump(exclude_none=True) if letter.disposition else None
    return {
        "letter": letter.id,
        "state": letter.state,
        "at": letter.at,
        **letter.view.model_dump(exclude_none=True),
        "document_id": letter.document_id,
        "disposition": disposition,
    }


def _table(letters: "list[Letter]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("letter", "record of", "stage", "reason", "redriven", "state", "detail"):
        table.add_column(name, justify="right" if name == "redriven" else "left", no_wrap=name != "detail")
    for each in letters:
        view = each.view
        words = (safe(view.stage), safe(view.reason), str(view.redrive_count), each.state, safe(view.detail)[:_DETAIL])
        table.add_row(each.id, each.at.strftime("%Y-%m-%d %H:%M:%S"), *words)
    console().print(table)


def _show(dlq: typer.Typer) -> None:
    @command(dlq, "show")
    def show(
        call: Call,
        letter: Annotated[str, typer.Argument(metavar="LETTER", help="TOPIC:PARTITION:OFFSET, as `list` prints it.")],
        raw: Annotated[bool, typer.Option("--raw", help="Write the original value to stdout, byte for byte.")] = False,
        json: AsJson = False,
    ) -> None:
        """Show a dead letter: why it was parked, and the original record; what could steer a terminal is escaped.

        ```
        newsloom dlq show raw.dlq:0:17
        newsloom dlq show raw.dlq:0:17 --raw > record
        ```
        """
        from streams.app import connected
        from streams.dlq.letters import letter_at

        settings, place = call.settings(), place_of(letter)

        async def work() -> "Letter":
            return await letter_at(await connected(settings), settings, *place)

        found = run(work())
        if raw:
            sys.stdout.buffer.write(found.record.value or b"")
            sys.stdout.flush()
        elif json:
            emit(_facts(found))
        else:
            for line in _lines(found):
                emit_bytes(safe(line, lines=True).encode())


def _lines(letter: "Letter") -> list[str]:
    from streams.deadletter import original_headers

    view, record = letter.view, letter.record
    reason = f"{view.reason}: {view.detail}" if view.detail else view.reason
    first = view.first_failed_at.isoformat() if view.first_failed_at else "at an unknown time"
    lines = [
        f"letter     {letter.id}, {letter.state}",
        f"parked by  {view.stage}, for {reason}",
        *([f"raised     {view.exception}"] if view.exception else []),
        *(f"           {frame}" for frame in (view.trace or "").splitlines()),
        f"record     {letter.record_id}, {letter.at.isoformat()}",
        f"failed     first {first}, redriven {counted(view.redrive_count, 'time')}",
        f"document   {letter.document_id}",
    ]
    if letter.disposition:
        done = letter.disposition
        lines.append(
            f"decided    {done.state} by {done.by} at {done.at.isoformat()}" + (f": {done.why}" if done.why else "")
        )
    lines += [f"header     {name}: {_text(value)}" for name, value in original_headers(record.headers)]
    lines.append("key        " + ("null" if record.key is None else _text(record.key)))
    if record.value is None:
        return [*lines, "value      null"]
    text = _text(record.value)
    rest = (
        f"\n... {len(text) - _SHOWN_CHARACTERS:,} more characters; --raw has all"
        if len(text) > _SHOWN_CHARACTERS
        else ""
    )
    return [*lines, f"value      {counted(len(record.value), 'byte')}", "", text[:_SHOWN_CHARACTERS] + rest]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _stats(dlq: typer.Typer) -> None:
    @command(dlq, "stats")
    @looking
    def stats(call: Call, selection: "Selection", json: AsJson = False) -> None:
        """Count dead letters by stage and reason, and by the hour of their records."""
        from streams.alarms import standing
        from streams.app import connected
        from streams.dlq.letters import select
        from streams.dlq.stats import Stats
        from streams.edge.dispositions import read_dispositions

        settings = call.settings()

        async def work() -> "Stats":
            endpoint = await connected(settings)
            found = Stats()
            async for letter in select(endpoint, settings, selection, await read_dispositions(endpoint, settings)):
                found.count(letter)
            return found

        found, alarms = run(work()), standing(settings)
        if json:
            emit({**found.as_json(), "alarms": [alarm.model_dump() for alarm in alarms.values()]})
        else:
            _print_stats(found)
            for stage, alarm in alarms.items():
                remark(f"alarm: {alarm}; `newsloom dlq release {stage}` lets it go on")


def _print_stats(stats: "Stats") -> None:
    from rich.table import Table

    reasons = Table(box=None, pad_edge=False, header_style="bold")
    hours = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("stage", "reason"):
        reasons.add_column(name)
    hours.add_column("hour of the record (UTC)")
    for table in (reasons, hours):
        table.add_column("letters", justify="right")
    for (stage, reason), number in stats.reasons.most_common():
        reasons.add_row(safe(stage), safe(reason), f"{number:,}")
    for hour, number in sorted(stats.hours.items()):
        hours.add_row(hour, f"{number:,}")
    states = ", ".join(f"{number:,} {state}" for state, number in stats.states.most_common())
    out = console()
    out.print(counted(stats.total, "dead letter") + (f": {states}" if states else ""))
    for part in ("", reasons, "", hours) if stats.total else ():
        out.print(part)
