"""`newsloom lane`."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, group, run
from streams.cli.output import console, counted, emit, remark

if TYPE_CHECKING:
    from streams.replay.differences import Difference
    from streams.replay.lanes import LaneFacts

__all__ = ["register"]

DIFFERENT = 1

LaneName = Annotated[str, typer.Argument(metavar="LANE", help="Name of a lane; live is the one without a prefix.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    lanes = group(
        no_args_is_help=True,
        help="Lanes: the same topology under other topics, groups and tables; `newsloom replay` fills one.",
    )
    app.add_typer(lanes, name="lane", rich_help_panel="Again and beside")
    _list(lanes)
    _diff(lanes)
    _delete(lanes)


def _list(lanes: typer.Typer) -> None:
    @command(lanes, "list")
    def list_(call: Call, json: AsJson = False) -> None:
        """List the lanes of the broker with their records, and what their stages have yet to do."""
        from rich.table import Table

        from streams.app import connected
        from streams.replay.lanes import lanes as all_lanes

        settings = call.settings()

        async def work() -> "list[LaneFacts]":
            return await all_lanes(await connected(settings), settings)

        found = run(work())
        if json:
            for lane in found:
                emit(lane.as_json())
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        names = ("partitions", "raw", "enriched", "duplicate", "story events", "dead letters", "lag", "members")
        for name in ("lane", *names):
            table.add_column(name, justify="left" if name == "lane" else "right")
        for lane in found:
            facts = lane.as_json()
            numbers = (facts[name.replace(" ", "_")] for name in names)
            table.add_row(lane.lane, *("?" if number is None else f"{number:,}" for number in numbers))
        console().print(table)


def _diff(lanes: typer.Typer) -> None:
    @command(lanes, "diff")
    def diff(
        call: Call,
        a: Annotated[str, typer.Argument(metavar="A", help="The lane that is compared with; live has no prefix.")],
        b: Annotated[str, typer.Argument(metavar="B", help="The lane that may be different.")],
        common: Annotated[
            bool,
            typer.Option("--common", help="What only one of them was given is no difference: after a part replay."),
        ] = False,
        json: AsJson = False,
    ) -> None:
        """Say what lane B has made otherwise than lane A: articles, verdicts, entities, stories. Exit code 1: it has.

        Compared is what stages make that have run in both. Of stories, BCubed says how far articles are together in
        B that are together in A. Headers, offsets, times of processing and versions of code are no difference.
        """
        from streams.app import connected
        from streams.cli.differences import told
        from streams.replay.diff import lane_diff
        from streams.replay.lanes import in_lane

        settings = call.settings()
        one, other = in_lane(settings, a), in_lane(settings, b)

        async def work() -> "Difference":
            return await lane_diff(await connected(settings), one, other, common=common)

        found = run(work())
        for lane, count in found.waiting.items():
            remark(f"{lane} is not at rest: its stages have {counted(count, 'record')} yet to do")
        if json:
            emit(found.as_json())
        else:
            out = console()
            for line in told(found):
                out.print(line, soft_wrap=True)
        if not found.none:
            raise typer.Exit(DIFFERENT)


def _delete(lanes: typer.Typer) -> None:
    @command(lanes, "delete")
    def delete(
        call: Call,
        name: LaneName,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        json: AsJson = False,
    ) -> None:
        """Delete a lane: its topics, its groups' offsets, its local stores here, the record of its replays.

        Refused for the live lane, and while workers are at it.
        """
        from streams.app import connected, only_one
        from streams.errors import InputError
        from streams.replay.lanes import delete_lane, in_lane

        settings = call.settings()
        lane = in_lane(settings, name)
        if lane.lane and not yes and not typer.confirm(f"Delete lane {lane.lane} for good?"):
            raise typer.Abort

        async def work() -> list[str]:
            with only_one(lane):
                return await delete_lane(await connected(settings), lane, jobs_of=settings)

        deleted = run(work())
        if not deleted:
            raise InputError(f"there is no lane {name}")
        if json:
            emit({"lane": lane.lane, "deleted": deleted})
        else:
            remark(f"lane {lane.lane} is gone: {counted(len(deleted), 'topic')}")
