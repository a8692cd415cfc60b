"""`newsloom push`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.inputs import FirstSeen, MediaType, Paths, SourceId, options_of
from streams.cli.output import emit, emit_bytes, remark

if TYPE_CHECKING:
    from schemas import RawDocument
    from streams.ingest import Refused
    from streams.ingest.push import PushReport
    from streams.settings import Settings

__all__ = ["register"]

NOT_TAKEN = 4


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "push", rich_help_panel="Start here")
    def push(
        call: Call,
        paths: Paths,
        source: SourceId = None,
        media_type: MediaType = None,
        first_seen: FirstSeen = None,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Print the raw documents as JSON Lines instead of sending them.")
        ] = False,
        json: AsJson = False,
    ) -> None:
        """Send articles into the raw topic of a running system and wait until the broker has them all.

        PATH is a file (plain text, Markdown, HTML), a folder, a quoted glob, an archive (.zip, .tar, .tar.gz,
        .tar.xz), JSON Lines or a JSON array (.jsonl, .ndjson, .json; also .gz, .xz, .zst), or `-` for stdin.
        JSON records carry `text` (or body, content, html) and, where known, id, source, url, title, authors,
        date, language.

        Pushing again changes nothing: the same input gives the same records, and every stage knows what it has
        handled. What cannot be taken is named on stderr, the rest is sent, and the exit code is 4.

        ```
        newsloom push articles/
        newsloom push 'dump/**/*.html' --source example.org
        zcat dump.jsonl.gz | newsloom push -
        ```
        """
        from streams.ingest import documents

        settings = call.settings()
        found = documents(paths, options=options_of(settings, source, media_type, first_seen))
        refused = _dry(found) if dry_run else _sent(settings, found, json=json)
        if refused:
            raise typer.Exit(NOT_TAKEN)


def _dry(found: Iterable["RawDocument | Refused"]) -> int:
    from streams.codec import encode
    from streams.ingest import Refused

    refused = 0
    for item in found:
        if isinstance(item, Refused):
            refused += 1
            _tell(item)
        else:
            emit_bytes(encode(item))
    return refused


def _tell(refused: "Refused") -> None:
    remark(f"not taken: {refused.path}: {refused.reason}" + (f": {refused.detail}" if refused.detail else ""))


def _sent(settings: "Settings", found: Iterable["RawDocument | Refused"], *, json: bool) -> int:
    from streams.app import connected
    from streams.edge.reader import partition_count
    from streams.ingest.push import push
    from streams.topics import RAW

    async def work() -> "PushReport":
        endpoint = await connected(settings)
        await partition_count(endpoint, settings.topic(RAW.name))  # a producer would wait for a missing topic
        with _progress() as on_ack:
            return await push(endpoint, settings, found, on_ack=on_ack, on_refused=_tell)

    report = run(work())
    if json:
        emit(report)
    else:
        per_s = report.sent / report.seconds if report.seconds else 0.0
        amount = f"{report.sent:,} documents, {report.bytes / 1e6:,.1f} MB in {report.seconds:.1f} s ({per_s:,.0f}/s)"
        remark(f"sent {amount}" + (f"; {report.refused:,} not taken" if report.refused else ""))
    return report.refused


@contextmanager
def _progress() -> Iterator[Callable[["RawDocument"], None]]:
    """A line on stderr that counts acknowledged documents, where somebody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    screen = Console(stderr=True)
    columns = (TextColumn("pushing"), BarColumn(), TextColumn("{task.completed:,} documents"), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task("push", total=None)
        yield lambda _: progress.advance(task)
