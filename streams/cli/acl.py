"""`newsloom acl`."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, group, run
from streams.cli.output import console, counted, emit, remark

if TYPE_CHECKING:
    from streams.security.acl import Acl
    from streams.security.apply import Changes

__all__ = ["register"]

_Prefix = Annotated[
    str, typer.Option("--principal-prefix", help="What the principals' names begin with; the role follows.")
]
_PREFIX = "newsloom-"  # as streams.security.acl has it, which takes its time to import


def register(app: typer.Typer) -> None:
    """Add the commands."""
    acl = group(
        help="Who may do what on a secured cluster: one principal for each stage and each other role, in one lane.",
        no_args_is_help=True,
    )
    app.add_typer(acl, name="acl", rich_help_panel="A look inside")
    _print(acl)
    _apply(acl)


def _print(acl: typer.Typer) -> None:
    @command(acl, "print")
    def show(call: Call, principal_prefix: _Prefix = _PREFIX, json: AsJson = False) -> None:
        """Show what each role may do in the lane, as it follows from the topology; no broker is asked.

        With `--json` one permission a line, as Kafka keeps them; all are from any host.
        """
        from rich.table import Table

        from streams.security.acl import acls, rules

        settings = call.settings()
        if json:
            for each in acls(settings, prefix=principal_prefix):
                emit(_plain(each))
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("principal", "may", "on"):
            table.add_column(name)
        for role, allowed in rules(settings).items():
            for rule in allowed:
                on = f"{rule.resource.lower()} {rule.name}{'*' if rule.prefixed else ''}"
                table.add_row(f"{principal_prefix}{role}", " ".join(rule.operations).lower(), on)
        console().print(table)


def _apply(acl: typer.Typer) -> None:
    @command(acl, "apply")
    def apply(
        call: Call,
        principal_prefix: _Prefix = _PREFIX,
        prune: Annotated[
            bool, typer.Option("--prune", help="Remove what our principals may do in the lane and need no more.")
        ] = False,
        json: AsJson = False,
    ) -> None:
        """Give the principals what they need in the lane; what is there already stays as it is.

        Log in as a super user of the cluster: nobody else may change ACLs. The users themselves are the cluster's.
        """
        from streams.app import connected
        from streams.security.apply import apply_acls

        settings = call.settings()

        async def work() -> "Changes":
            return await apply_acls(await connected(settings), settings, prefix=principal_prefix, prune=prune)

        changes = run(work())
        for made in changes.created:
            emit({"created": _plain(made)}) if json else print(f"created {_words(made)}")  # noqa: T201
        for gone in changes.gone if prune else ():
            emit({"removed": _plain(gone)}) if json else print(f"removed {_words(gone)}")  # noqa: T201
        if not changes.created:
            remark("all permissions are there")
        if changes.gone and not prune:
            remark(
                f"{counted(len(changes.gone), 'permission')} that nothing needs any more; --prune removes what is gone"
            )


def _words(acl: "Acl") -> str:
    star = "*" if acl.pattern == "PREFIXED" else ""
    return f"{acl.principal}: {acl.operation.lower()} {acl.resource.lower()} {acl.name}{star}"


def _plain(acl: "Acl") -> dict[str, str]:
    return {
        "principal": f"User:{acl.principal}",
        "resource": acl.resource,
        "name": acl.name,
        "pattern": acl.pattern,
        "operation": acl.operation,
    }
