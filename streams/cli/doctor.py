"""`newsloom doctor` and `newsloom audit`."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.output import console, emit, safe, say

if TYPE_CHECKING:
    from streams.audit import AuditReport

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    _doctor(app)
    _audit(app)


def _doctor(app: typer.Typer) -> None:
    @command(app, "doctor", rich_help_panel="A look inside")
    def doctor(call: Call, json: AsJson = False) -> None:
        """Check what newsloom needs here (Java, Kafka's jars, folders, broker), and say how to mend what is missing.

        Exit code 1 when something is missing.
        """
        from rich.text import Text

        from streams.local.doctor import checks

        found = run(checks(call.settings()))
        for check in found:
            if json:
                emit(check)
                continue
            mark = ("ok     ", "green") if check.ok else ("missing", "bold red")
            console().print(Text.assemble(mark, f"  {check.name}: {safe(check.detail)}"))
            if not check.ok and check.remedy:
                console().print(Text(f"         {safe(check.remedy, lines=True)}", "yellow"))
        if not all(check.ok for check in found):
            raise typer.Exit(1)


def _audit(app: typer.Typer) -> None:
    @command(app, "audit", rich_help_panel="A look inside")
    def audit(
        call: Call,
        wait: Annotated[
            float, typer.Option(metavar="SECONDS", min=0, help="Wait so long for all stages to have no lag.")
        ] = 0,
        json: AsJson = False,
    ) -> None:
        """Recompute every stage from its own input log and compare all outputs and tables with what is there.

        Nothing may be missing, nothing may be there that the inputs do not account for, equal ids must have equal
        bytes, and every document must have come to exactly one end. Exit code 1 when anything differs, or when a
        stage still has lag. Push nothing while it runs.
        """
        from streams.app import connected
        from streams.audit import audit as run_audit

        settings = call.settings()

        async def work() -> "AuditReport":
            endpoint = await connected(settings)
            say("recomputing every stage from its own log; this takes as long as the stages do")
            return await run_audit(endpoint, settings, wait_s=wait)

        report = run(work())
        if json:
            emit(report.as_json())
        else:
            _print(report)
        if not report.ok:
            raise typer.Exit(1)


def _print(report: "AuditReport") -> None:
    out = console()
    if any(report.lag.values()):
        waiting = ", ".join(f"{stage} {lag:,}" for stage, lag in report.lag.items() if lag)
        out.print(f"not settled, lag: {waiting}; --wait SECONDS waits for it")
        return
    ends = f"{report.enriched:,} enriched, {report.duplicate:,} duplicate, {report.dead_letter:,} dead-letter"
    out.print(f"documents  {report.raw_ids:,} raw ({report.raw_records:,} records): {ends}")
    for name, ids in (("lost", report.lost), ("in two ends", report.in_two), ("from nowhere", report.unknown)):
        if ids:
            out.print(f"  {name}: {len(ids):,}: {safe(', '.join(ids[:5]))}")
    for stage in report.stages:
        repeated = f", {stage.repeated:,} repeated" if stage.repeated else ""
        tables = f", table of {stage.table_keys:,} keys" if stage.table_keys else ""
        state = "ok    " if stage.ok else "DIFFER"
        out.print(f"{state} {stage.stage}: {stage.inputs:,} in, {stage.outputs:,} out{repeated}{tables}")
        for name in ("missing", "unexpected", "different", "disordered", "unfaithful", "table_differences"):
            for each in getattr(stage, name):
                out.print(f"  {name.replace('_', ' ')}: {safe(each)}")
    out.print("all agrees" if report.ok else "the audit found differences")
