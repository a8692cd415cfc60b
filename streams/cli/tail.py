"""`newsloom tail`."""

from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.inputs import instant
from streams.cli.output import emit, moment, safe

if TYPE_CHECKING:
    from streams.codec import Record
    from streams.edge.reader import Start

__all__ = ["register"]

_LAST = 10
_TITLE = 100

TopicName = Annotated[
    str,
    typer.Argument(
        metavar="TOPIC",
        help="raw, normalized, unique, duplicate, enriched, candidate, events, stories; "
        "with .dlq for what a stage could not process, e.g. raw.dlq; or a full name.",
    ),
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")]
Begin = Annotated[str, typer.Option("--from", metavar="earliest|latest|TIME", help="Where to begin.")]
Limit = Annotated[
    int | None,
    typer.Option("--limit", "-n", min=0, help="Most records to print. [default: 10 with latest]", show_default=False),
]
Key = Annotated[str | None, typer.Option(help="Only records with this key.")]
Id = Annotated[str | None, typer.Option("--id", help="Only about this document, article or story.")]
FromSource = Annotated[str | None, typer.Option(help="Only from this source id.")]
Language = Annotated[str | None, typer.Option(help="Only in this language, e.g. en.")]
Where = Annotated[
    list[str] | None,
    typer.Option(metavar="FIELD=VALUE", help="Only where a field, a dotted path, has this value; repeatable."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "tail", rich_help_panel="A look inside")
    def tail(
        call: Call,
        topic: TopicName,
        follow: Follow = False,
        start: Begin = "latest",
        limit: Limit = None,
        key: Key = None,
        id_: Id = None,
        source: FromSource = None,
        language: Language = None,
        where: Where = None,
        json: AsJson = False,
    ) -> None:
        """Print records of a topic: the last ten, or what the options say; like `tail`, with `-f` it goes on.

        Reading leaves no trace: no group, no commit. `--json` prints records whole, with headers and place.

        ```
        newsloom tail stories -f
        newsloom tail raw.dlq --from earliest --json
        newsloom tail events --id sty_0123... --where kind=merged
        newsloom tail enriched --from 2026-01-31T12:00Z --source example.org -n 5
        ```
        """
        from streams.app import connected
        from streams.cli.names import full_name
        from streams.observe.tail import from_here, the_last
        from streams.query import Query

        query = Query.parse(key=key, id=id_, source=source, language=language, where=where)
        settings = call.settings()
        name = settings.topic(full_name(topic))
        show = _print_json if json else _print_line
        begin: Start = start if start in ("earliest", "latest") else instant(start)  # type: ignore[assignment]

        async def work() -> None:
            at = await connected(settings)
            if begin == "latest":
                shown = the_last(at, name, query, limit=_LAST if limit is None else limit, follow=follow)
            else:
                shown = from_here(at, name, query, start=begin, limit=limit, follow=follow)
            async with aclosing(shown):
                async for record, value in shown:
                    show(record, value)

        run(work())


def _print_json(record: "Record", value: Any) -> None:
    emit(
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp_ms": record.timestamp_ms,
            "key": None if record.key is None else record.key.decode("utf-8", "replace"),
            "headers": {name: text.decode("utf-8", "replace") for name, text in record.headers},
            "value": value,
        }
    )


def _print_line(record: "Record", value: Any) -> None:
    from datetime import UTC, datetime

    time = moment(datetime.fromtimestamp(record.timestamp_ms / 1000, UTC))
    key = (record.key or b"-").decode("utf-8", "replace")
    print(f"{time}  {record.partition}:{record.offset}  {safe(key)}  {safe(summary(record, value))}", flush=True)  # noqa: T201


def summary(record: "Record", value: Any) -> str:
    """What a record says, in a few words."""
    from streams.codec import header
    from streams.text.opening import opening

    if (reason := header(record.headers, "x-news-error-code")) is not None:
        stage = header(record.headers, "__connect.errors.stage")
        return f"{reason} in {stage}: {header(record.headers, '__connect.errors.exception.message') or ''}"
    if not isinstance(value, dict):
        return "(deleted)" if value is None else str(value)[:_TITLE]
    inner = value.get("article")
    titles = (value.get("title"), inner.get("title") if isinstance(inner, dict) else None, value.get("filename"))
    text = value.get("body_text") or (inner.get("body_text") if isinstance(inner, dict) else None) or ""
    title = next(filter(None, titles), None) or str(value.get("content", ""))[:_TITLE] or opening(str(text))
    facts = [str(value[name]) for name in ("kind", "status", "merged_into", "duplicate_of") if value.get(name)]
    if "article_count" in value:
        facts.append(f"{value['article_count']} articles")
    return " ".join([*facts, title] if title or facts else ["(no title)"]).rstrip()
