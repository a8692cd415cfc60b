"""`newsloom acl`."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, group, run
from streams.cli.output import console, counted, emit, remark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.security.acl import Acl
    from streams.security.apply import Difference

__all__ = ["register"]

DIFFERENT = 1

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
    _diff(acl)
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


def _diff(acl: typer.Typer) -> None:
    @command(acl, "diff")
    def diff(call: Call, principal_prefix: _Prefix = _PREFIX, json: AsJson = False) -> None:
        """Say what the cluster allows otherwise than `print` has it, and change nothing. Exit code 1: it does.

        Permissions are missing, or of our principals and too much. Others on names of the lane are shown, and make no
        difference: those of other principals, denials, and whatever reaches beyond the lane.
        """
        from streams.app import connected
        from streams.security.apply import difference

        settings = call.settings()

        async def work() -> "Difference":
            return await difference(await connected(settings), settings, prefix=principal_prefix)

        found = run(work())
        for what, several in (("missing", found.missing), ("too much", found.excess), ("other", found.others)):
            _list(what, several, json=json)
        if found.missing or found.excess:
            raise typer.Exit(DIFFERENT)
        remark("the cluster has all permissions that are needed, and no others of ours")


def _apply(acl: typer.Typer) -> None:
    @command(acl, "apply")
    def apply(
        call: Call,
        principal_prefix: _Prefix = _PREFIX,
        prune: Annotated[
            bool, typer.Option("--prune", help="Remove what our principals may do in the lane and need no more.")
        ] = False,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before anything is removed.")] = False,
        json: AsJson = False,
    ) -> None:
        """Give the principals what they need in the lane; what is there already stays as it is.

        With `--prune` what `diff` says is too much is shown, and removed once you have agreed; never what is of others.
        Log in as a super user of the cluster: nobody else may change ACLs. The users themselves are the cluster's.
        """
        from streams.app import connected
        from streams.security.apply import add_missing, remove

        settings = call.settings()

        async def work() -> "Difference":
            return await add_missing(await connected(settings), settings, prefix=principal_prefix)

        async def removed() -> None:
            await remove(await connected(settings), found.excess)

        found = run(work())
        _list("created", found.missing, json=json)
        if not found.missing:
            remark("all permissions are there")
        count = counted(len(found.excess), "permission")
        if not found.excess:
            return
        if not prune:
            remark(f"{count} that nothing needs any more; --prune removes what is gone")
            return
        if not yes:
            for each in found.excess:
                remark(f"too much {_words(each)}")
            if not typer.confirm(f"Remove {count}?", err=True):
                raise typer.Abort
        run(removed())
        _list("removed", found.excess, json=json)


def _list(what: str, several: "Iterable[Acl]", *, json: bool) -> None:
    for each in several:
        emit({what.replace(" ", "_"): _plain(each)}) if json else print(f"{what} {_words(each)}")  # noqa: T201


def _words(acl: "Acl") -> str:
    may = acl.operation.lower() if acl.permission == "ALLOW" else f"not {acl.operation.lower()}"
    resource, star = acl.resource.lower().replace("_", " "), "*" if acl.pattern == "PREFIXED" else ""
    place = "" if acl.host == "*" else f" from {acl.host}"
    return f"{acl.principal}: {may} {resource} {acl.name}{star}{place}"


def _plain(acl: "Acl") -> dict[str, str]:
    """As Kafka has it; host and permission only where they are not those of all that is ours."""
    unlike_ours = {} if acl.host == "*" else {"host": acl.host}
    if acl.permission != "ALLOW":
        unlike_ours["permission"] = acl.permission
    return {
        "principal": f"User:{acl.principal}",
        "resource": acl.resource,
        "name": acl.name,
        "pattern": acl.pattern,
        "operation": acl.operation,
    } | unlike_ours
