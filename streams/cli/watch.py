"""`newsloom watch`."""

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.inputs import FirstSeen, MediaType, SourceId, options_of
from streams.cli.output import counted, emit, remark, safe, say

if TYPE_CHECKING:
    from schemas import DroppedFile
    from streams.drop.watch import Plan
    from streams.endpoint import Endpoint
    from streams.settings import Settings

__all__ = ["register"]

NOT_TAKEN = 4
_LONGEST_PAUSE_S = 30.0


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "watch", rich_help_panel="Start here")
    def watch(
        call: Call,
        folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The drop folder.")],
        once: Annotated[bool, typer.Option("--once", help="Take what is there, then end.")] = False,
        move_to: Annotated[
            Path | None, typer.Option(metavar="FOLDER", help="Move what is done there.", show_default=False)
        ] = None,
        delete: Annotated[bool, typer.Option("--delete", help="Delete what is done.")] = False,
        every: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, help="How often to look.")] = 1.0,
        looks: Annotated[int, typer.Option(min=1, help="A file is whole once so many looks found it the same.")] = 2,
        source: SourceId = None,
        media_type: MediaType = None,
        first_seen: FirstSeen = None,
        json: AsJson = False,
    ) -> None:
        """Watch a drop folder: each file that is put there goes into the raw topic, once for each content.

        Takes what `newsloom push` takes, archives too, at any depth. A file is picked up when it is whole: write it
        under a name that begins with a dot or ends in .part or .tmp and rename it, or just write it, and let two looks
        find it the same. A file that changes is the same document with new content. Links, pipes and devices are
        refused, never followed.

        What was taken stands in a ledger topic: after a kill the watcher goes on where it was, and nothing is sent
        twice. Without --move-to or --delete files stay where they are. With --once, exit code 4 says that something
        was refused.

        ```
        newsloom watch /srv/drop --source courier --move-to /srv/done
        ```
        """
        from streams.cli.logs import for_people_or_programs
        from streams.drop.folder import Folder
        from streams.drop.watch import Plan

        settings = call.settings()
        _check(folder, move_to, delete=delete)
        options = options_of(settings, source, media_type, first_seen)
        plan = Plan(Folder(folder), options, move_to=move_to, delete=delete, looks=looks)
        watching = _watch(settings, plan, every, once=once, show=_Shown(json=json, root=plan.folder.root))
        refused = run(watching, logs=partial(for_people_or_programs, settings))
        if once and refused:
            raise typer.Exit(NOT_TAKEN)


def _check(folder: Path, move_to: Path | None, *, delete: bool) -> None:
    from streams.errors import UsageError

    if move_to is None:
        return
    if delete:
        raise UsageError("--move-to and --delete exclude each other")
    if move_to.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"--move-to {move_to} lies in the watched folder: what is moved there would be found again")


async def _watch(settings: "Settings", plan: "Plan", every_s: float, *, once: bool, show: "_Shown") -> int:
    """Watch until cancelled, over absences of the broker; `once` until all is taken. The number of files refused."""
    import asyncio

    from streams.telemetry.alive import reporting
    from streams.telemetry.endpoint import serving

    with serving(settings, "watch", "watch"):
        alive = asyncio.create_task(reporting(settings, "watch"))
        try:
            return await _over_absences(settings, plan, every_s, once=once, show=show)
        finally:
            alive.cancel()


async def _over_absences(settings: "Settings", plan: "Plan", every_s: float, *, once: bool, show: "_Shown") -> int:
    import asyncio

    from streams.app import connected
    from streams.errors import BrokerError

    pause = every_s
    with show:
        while True:
            try:
                await _look_on(await connected(settings), settings, plan, every_s, once=once, show=show)
            except BrokerError as error:
                if once or not show.connected:
                    raise
                remark(f"{error}; trying again in {pause:.0f} s")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
            else:
                return show.refused


async def _look_on(
    endpoint: "Endpoint", settings: "Settings", plan: "Plan", every_s: float, *, once: bool, show: "_Shown"
) -> None:
    import asyncio

    from streams.drop.watch import watching

    async with watching(endpoint, settings, plan, on_file=show.file) as watcher:
        show.connected = True
        while True:
            waiting = await watcher.look()
            show.line(waiting)
            if once and not waiting:
                return
            await asyncio.sleep(every_s)


class _Shown(AbstractContextManager[None]):
    """What a person or a program sees: a line a file, and on a terminal one that lives."""

    def __init__(self, *, json: bool, root: Path) -> None:
        self.connected = False
        self.refused = 0
        self._json = json
        self._root = root
        self._files = self._documents = 0
        self._live: Any = None

    def __enter__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        say(f"watching {self._root}; Ctrl-C ends it")
        screen = Console(stderr=True)
        if screen.is_terminal:
            self._live = Live("", console=screen, auto_refresh=False, transient=True)
            self._live.start()

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
        remark(self._sum())

    def _sum(self) -> str:
        documents = counted(self._documents, "document")
        return f"{counted(self._files, 'file')} taken, {documents}, {self.refused:,} refused"

    def file(self, entry: "DroppedFile") -> None:
        """One more file that is taken, or not."""
        if entry.state == "refused":
            self.refused += 1
        else:
            self._files += 1
            self._documents += entry.documents
        if self._json:
            emit(entry.model_dump(exclude_none=True))
            return
        what = f"refused: {entry.detail}" if entry.state == "refused" else counted(entry.documents, "document")
        partly = f", {entry.refused:,} refused: {entry.detail}" if entry.refused and entry.state == "done" else ""
        remark(f"{safe(entry.path)}: {what}{partly}")

    def line(self, waiting: int) -> None:
        """How it stands now, where somebody watches."""
        if self._live is not None:
            self._live.update(f"{self._sum()}; {waiting:,} being written", refresh=True)
