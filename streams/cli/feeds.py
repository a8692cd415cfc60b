"""`newsloom feeds`: the catalogue of what is polled."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import feeds_look
from streams.cli.command import AsJson, Call, command, group, run
from streams.cli.output import counted, emit, remark

if TYPE_CHECKING:
    from schemas import SourceConfig
    from streams.feeds.edit import Changes
    from streams.settings import Settings

__all__ = ["register"]

PANEL = "Start here"

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Source ids, as `newsloom feeds list` shows them.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    feeds = group(help="The feeds that are polled: add them, see how they do, try one out.", no_args_is_help=True)
    app.add_typer(feeds, name="feeds", rich_help_panel=PANEL)
    _add(feeds)
    _import(feeds)
    _remove(feeds)
    _list(feeds)
    feeds_look.register(feeds)
    feeds_look.register_poller(app)


def _add(feeds: typer.Typer) -> None:
    @command(feeds, "add")
    def add(
        call: Call,
        url: Annotated[str, typer.Argument(metavar="URL", help="Address of an RSS, Atom or JSON feed.")],
        id_: Annotated[str | None, typer.Option("--id", help="Source id. [default: from the URL]")] = None,
        name: Annotated[str | None, typer.Option(help="Name of the outlet.")] = None,
        every: Annotated[str | None, typer.Option(metavar="TIME", help="Shortest interval: 15m, 2h.")] = None,
        at_most: Annotated[str | None, typer.Option(metavar="TIME", help="Longest interval.")] = None,
        full_text: Annotated[
            str, typer.Option(metavar="auto|feed|page", help="Where the text is taken from.")
        ] = "auto",
        language: Annotated[str | None, typer.Option(help="Language of its articles, e.g. en.")] = None,
        owner: Annotated[str | None, typer.Option(help="Id of who owns the outlet.")] = None,
    ) -> None:
        """Add a feed, or change the one that has its id; a running poller takes it up within seconds.

        `newsloom feeds check URL` shows beforehand what it would do with it.
        """
        from pydantic import ValidationError

        from schemas import SourceConfig
        from streams.errors import UsageError
        from streams.feeds.catalogue import seconds, source_id_of

        fields = {
            "source_id": id_ or source_id_of(url),
            "url": url,
            "name": name,
            "floor_s": seconds(every) if every else None,
            "cap_s": seconds(at_most) if at_most else None,
            "full_text": full_text,
            "language": language,
            "owner_id": owner,
        }
        try:
            config = SourceConfig.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        _tell(_put(call.settings(), [config]))


def _import(feeds: typer.Typer) -> None:
    @command(feeds, "import")
    def import_(
        call: Call,
        path: Annotated[Path, typer.Argument(metavar="FILE", help="A feeds.toml, or an OPML list of a feed reader.")],
        prune: Annotated[bool, typer.Option("--prune", help="Take feeds out that are not in the file.")] = False,
    ) -> None:
        """Add the feeds of a file; those that are there are changed to what it says."""
        from streams.feeds.edit import read_file

        _tell(_put(call.settings(), read_file(path), prune=prune))


def _remove(feeds: typer.Typer) -> None:
    @command(feeds, "rm")
    def rm(call: Call, ids: Ids) -> None:
        """Take feeds out of the catalogue. What they brought stays, and what was seen is remembered."""
        from streams.app import connected
        from streams.feeds.edit import remove

        settings = call.settings()

        async def work() -> None:
            await remove(await connected(settings), settings, ids)

        run(work())
        remark(f"{counted(len(ids), 'feed')} removed")


def _list(feeds: typer.Typer) -> None:
    @command(feeds, "list")
    def list_(
        call: Call,
        opml: Annotated[bool, typer.Option("--opml", help="Print OPML for another feed reader.")] = False,
        json: AsJson = False,
    ) -> None:
        """List the catalogue."""
        from streams.app import connected
        from streams.cli.output import console, safe
        from streams.feeds.catalogue import to_opml
        from streams.feeds.journal import read_configs

        settings = call.settings()

        async def work() -> "list[SourceConfig]":
            return list((await read_configs(await connected(settings), settings)).values())

        configs = run(work())
        if opml:
            print(to_opml(configs), end="")  # noqa: T201
        elif json:
            for config in configs:
                emit(config.model_dump(mode="json", exclude_none=True))
        else:
            out = console()
            for config in configs:
                off = "" if config.enabled else "  (off)"
                out.print(f"{safe(config.source_id)}  {safe(config.url)}{off}", soft_wrap=True)
            if not configs:
                remark("no feeds; `newsloom feeds add URL` adds one")


def _put(settings: "Settings", configs: "list[SourceConfig]", *, prune: bool = False) -> "Changes":
    from streams.app import connected
    from streams.feeds.edit import put

    async def work() -> "Changes":
        return await put(await connected(settings), settings, configs, prune=prune)

    return run(work())


def _tell(changes: "Changes") -> None:
    parts = [(changes.added, "added"), (changes.changed, "changed"), (changes.removed, "removed")]
    said = [f"{counted(len(ids), 'feed')} {word}" for ids, word in parts if ids]
    said += [f"{len(changes.same):,} as they were"] if changes.same else []
    remark(", ".join(said) or "no feeds there")
