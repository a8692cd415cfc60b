"""`newsloom feeds status|poll|check`, and `newsloom poller`."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.output import console, counted, emit, moment, remark, safe

if TYPE_CHECKING:
    from rich.table import Table

    from streams.feeds.check import Checked
    from streams.feeds.status import Row

__all__ = ["feeds_table", "register", "register_poller"]

_DETAIL = 60


def register(feeds: typer.Typer) -> None:
    """Add the commands to the group `feeds`."""
    _status(feeds)
    _poll(feeds)
    _check(feeds)


def _status(feeds: typer.Typer) -> None:
    @command(feeds, "status")
    def status(
        call: Call,
        failing: Annotated[bool, typer.Option("--failing", help="Only those that fail or are gone.")] = False,
        json: AsJson = False,
    ) -> None:
        """Show how each feed does: last outcome, next poll, entries pushed, and what went wrong."""
        from streams.app import connected
        from streams.feeds.journal import read_configs, read_states
        from streams.feeds.status import rows

        settings = call.settings()

        async def work() -> "list[Row]":
            at = await connected(settings)
            return rows(await read_configs(at, settings), await read_states(at, settings))

        found = [row for row in run(work()) if not failing or row.failing or row.outcome == "gone"]
        if json:
            for row in found:
                emit(row.as_json())
            return
        console().print(feeds_table(found))
        remark(f"{counted(len(found), 'feed')}, {sum(row.failing for row in found)} failing")


def feeds_table(found: "list[Row]") -> "Table":
    """The rows for people."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("feed", "outcome", "polled", "next poll", "polls", "pushed", "last word"):
        table.add_column(name, justify="right" if name in ("polls", "pushed") else "left", no_wrap=name != "last word")
    for row in found:
        polled = moment(row.polled_at) if row.polled_at else "-"
        at = moment(row.next_at) if row.next_at and row.enabled else "-"
        table.add_row(
            *(safe(row.source_id), row.standing, polled, at, f"{row.polls:,}", f"{row.pushed:,}"),
            safe((row.detail or "")[:_DETAIL]),
        )
    return table


def _poll(feeds: typer.Typer) -> None:
    @command(feeds, "poll")
    def poll(
        call: Call,
        ids: Annotated[
            list[str] | None, typer.Argument(metavar="[ID]...", help="Sources to poll. [default: all that are enabled]")
        ] = None,
        json: AsJson = False,
    ) -> None:
        """Poll feeds once, now, whether they are due or not; what is new goes to the raw topic.

        Hosts are spaced as ever, and one that asked to be left alone is. While a poller runs, it has this lane.
        """
        from streams.app import connected
        from streams.edge.admin import need_topics
        from streams.feeds.run import POLLER_TOPICS, open_poller
        from streams.feeds.status import rows

        settings = call.settings()

        async def work() -> "list[Row]":
            endpoint = await connected(settings)
            await need_topics(endpoint, settings, POLLER_TOPICS)
            async with open_poller(endpoint, settings) as poller:
                states = await poller.once(ids or None)
                return rows({key: poller.catalogue[key] for key in states}, states)

        found = run(work())
        if json:
            for row in found:
                emit(row.as_json())
        else:
            console().print(feeds_table(found))


def _check(feeds: typer.Typer) -> None:
    @command(feeds, "check")
    def check(
        call: Call,
        url: Annotated[str, typer.Argument(metavar="URL", help="Address of a feed.")],
        json: AsJson = False,
    ) -> None:
        """Fetch a feed and say what the poller would do with it; nothing is pushed, and no broker is needed.

        Exit code 4 when it cannot be read as a feed.
        """
        from pydantic import ValidationError

        from streams.errors import InputError, UsageError
        from streams.feeds.check import check as check_feed

        try:
            found = run(check_feed(call.settings(), url))
        except ValidationError as error:
            raise UsageError(f"{url} is no http(s) address of a feed") from error
        if json:
            emit(found.as_json())
        else:
            _show(found)
        if not found.ok:
            raise typer.Exit(InputError.exit_code)


def _show(found: "Checked") -> None:
    out = console()
    facts: list[tuple[str, object]] = [
        ("feed", found.title),
        ("format", found.format),
        ("found", found.said),
        ("moved to", found.moved_to),
        ("ETag", found.etag),
        ("Last-Modified", found.last_modified),
        ("pages", {True: "allowed by robots.txt", False: "forbidden by robots.txt"}.get(found.pages_allowed or False)),
        ("next poll", moment(found.next_at) + " UTC" if found.next_at else None),
    ]
    for name, value in facts:
        if value and not (name == "pages" and found.pages_allowed is None):
            out.print(f"{name:<14}{safe(str(value))}", soft_wrap=True)
    for entry in found.shown:
        text = "text in the feed" if entry.whole else "text on its page"
        out.print(f"  {safe(entry.title or entry.natural_id)}  ({text})", soft_wrap=True)
    if found.entries > len(found.shown):
        out.print(f"  and {found.entries - len(found.shown)} more")


def register_poller(app: typer.Typer) -> None:
    """Add the command `poller`."""

    @command(app, "poller", rich_help_panel="A look inside")
    def poller(
        call: Call,
        wait: Annotated[
            float, typer.Option(metavar="SECONDS", min=0, help="Wait so long for a broker to answer.")
        ] = 60,
    ) -> None:
        """Poll the feeds of the catalogue in the foreground, as `up --feeds` does for you.

        One a lane. It may be killed at any point: the next one goes on where it was, and pushes nothing twice.
        """
        import asyncio

        from streams.app import connected
        from streams.cli.logs import everything
        from streams.edge.admin import need_topics
        from streams.feeds.run import POLLER_TOPICS, run_poller, stopped_by_signals
        from streams.telemetry.endpoint import serving

        settings = call.settings()

        async def work() -> None:
            stop = stopped_by_signals(asyncio.Event())
            endpoint = await connected(settings, wait_s=wait)
            await need_topics(endpoint, settings, POLLER_TOPICS)
            with serving(settings, "poller", "poller"):
                await run_poller(endpoint, settings, stop)

        run(work(), logs=partial(everything, settings))
