"""Options of all commands that read articles from files."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from streams.ingest import IngestOptions
    from streams.settings import Settings

__all__ = ["FirstSeen", "MediaType", "Paths", "SourceId", "instant", "options_of"]

Paths = Annotated[list[str], typer.Argument(metavar="PATH", help="Files, folders, globs, archives, or - for stdin.")]
SourceId = Annotated[
    str | None,
    typer.Option("--source", help="Source id of articles that name none. [default: local]", show_default=False),
]
MediaType = Annotated[
    str | None,
    typer.Option(help="Media type of all inputs, e.g. text/html. [default: by name and content]", show_default=False),
]
FirstSeen = Annotated[
    str | None,
    typer.Option(
        help="When the articles were first seen: an ISO 8601 time, or mtime for that of their file. "
        "[default: what the record says, else mtime]",
        show_default=False,
    ),
]


def options_of(
    settings: "Settings", source: str | None = None, media_type: str | None = None, first_seen: str | None = None
) -> "IngestOptions":
    """How to turn files into documents; UsageError when a time is none."""
    from streams.clock import now
    from streams.ingest import IngestOptions

    return IngestOptions(
        now=now(),
        source=source,
        media_type=media_type,
        first_seen="mtime" if first_seen == "mtime" else instant(first_seen) if first_seen else None,
        max_document_bytes=settings.max_document_bytes,
    )


def instant(text: str) -> "datetime":
    """An ISO 8601 time, UTC unless it says otherwise; UsageError when it is none."""
    from datetime import UTC, datetime

    from streams.errors import UsageError

    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no ISO 8601 time such as 2026-01-31T12:00:00Z") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)
