"""`newsloom tail`."""

from collections import deque
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.inputs import instant
from streams.cli.output import emit, moment, safe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.codec import Record
    from streams.edge.reader import Start
    from streams.query import Query
    from streams.settings import Settings

__all__ = ["register"]

_LAST = 10
_TITLE = 100


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "tail", rich_help_panel="A look inside")
    def tail(
        call: Call,
        topic: Annotated[
            str,
            typer.Argument(
                help="raw, normalized, unique, duplicate, enriched, candidate, events, stories; "
                "with .dlq for what a stage could not process, e.g. raw.dlq; or a full name."
            ),
        ],
        follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
        start: Annotated[
            str, typer.Option("--from", metavar="earliest|latest|TIME", help="Where to begin.")
        ] = "latest",
        limit: Annotated[
            int | None,
            typer.Option(
                "--limit", "-n", min=0, help="Most records to print. [default: 10 with latest]", show_default=False
            ),
        ] = None,
        key: Annotated[str | None, typer.Option(help="Only records with this key.")] = None,
        id_: Annotated[str | None, typer.Option("--id", help="Only about this document, article or story.")] = None,
        source: Annotated[str | None, typer.Option(help="Only from this source id.")] = None,
        language: Annotated[str | None, typer.Option(help="Only in this language, e.g. en.")] = None,
        where: Annotated[
            list[str] | None,
            typer.Option(metavar="FIELD=VALUE", help="Only where a field, a dotted path, has this value; repeatable."),
        ] = None,
        json: AsJson = False,
    ) -> None:
        """Print records of a topic: the last ten, or what the options say; like `tail`, with `-f` it goes on.

        Reading leaves no trace: no group, no commit. `--json` prints records whole, with headers and place.

            newsloom tail stories -f
            newsloom tail raw.dlq --from earliest --json
            newsloom tail events --id sty_0123... --where kind=merged
            newsloom tail enriched --from 2026-01-31T12:00Z --source example.org -n 5
        """
        from streams.query import Query

        query = Query.parse(key=key, id=id_, source=source, language=language, where=where)
        work = _Tail(call.settings(), topic, query, follow=follow, limit=limit, json=json)
        run(
            work.from_end() if start == "latest" else work.onward("earliest" if start == "earliest" else instant(start))
        )


class _Tail:
    """One call of the command."""

    def __init__(
        self, settings: "Settings", topic: str, query: "Query", *, follow: bool, limit: int | None, json: bool
    ) -> None:
        from streams.cli.names import full_name

        self._settings = settings
        self._topic = settings.topic(full_name(topic))
        self._query = query
        self._follow = follow
        self._limit = limit
        self._show = _print_json if json else _print_line

    async def from_end(self) -> None:
        """The last records that are wanted, by time, then with `follow` what comes."""
        from streams.app import connected
        from streams.edge.reader import read_topic

        bootstrap = await connected(self._settings)
        keep = _LAST if self._limit is None else self._limit
        start: Start = -keep if self._query.anything and keep else "earliest"
        found: deque[tuple[Record, Any]] = deque(maxlen=keep)
        ends: dict[int, int] = {}
        pool = [pair async for pair in self._wanted(read_topic(bootstrap, self._topic, start=start), ends)]
        found.extend(sorted(pool, key=lambda pair: (pair[0].timestamp_ms, pair[0].partition, pair[0].offset)))
        for record, value in found:
            self._show(record, value)
        if self._follow:
            stream = read_topic(bootstrap, self._topic, start="latest", until_end=False)
            async for record, value in self._wanted(stream, {}):
                if record.offset > ends.get(record.partition, -1):
                    self._show(record, value)

    async def onward(self, start: "Start") -> None:
        """From `start` on, partition by partition, to the end of the log or for ever."""
        from streams.app import connected
        from streams.edge.reader import read_topic

        if self._limit == 0:
            return
        bootstrap = await connected(self._settings)
        printed = 0
        stream = read_topic(bootstrap, self._topic, start=start, until_end=not self._follow)
        async for record, value in self._wanted(stream, {}):
            self._show(record, value)
            printed += 1
            if printed == self._limit:
                return

    async def _wanted(
        self, records: "AsyncIterator[Record]", ends: dict[int, int]
    ) -> "AsyncIterator[tuple[Record, Any]]":
        from streams.query import value_of

        async for record in records:
            ends[record.partition] = record.offset
            value = value_of(record)
            if self._query.accepts(record, value):
                yield record, value


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

    if (reason := header(record.headers, "x-news-error-code")) is not None:
        stage = header(record.headers, "__connect.errors.stage")
        return f"{reason} in {stage}: {header(record.headers, '__connect.errors.exception.message') or ''}"
    if not isinstance(value, dict):
        return "(deleted)" if value is None else str(value)[:_TITLE]
    inner = value.get("article")
    titles = (value.get("title"), inner.get("title") if isinstance(inner, dict) else None, value.get("filename"))
    title = next(filter(None, titles), None) or str(value.get("content", ""))[:_TITLE]
    facts = [str(value[name]) for name in ("kind", "status", "merged_into", "duplicate_of") if value.get(name)]
    if "article_count" in value:
        facts.append(f"{value['article_count']} articles")
    return " ".join([*facts, title or "(no title)"])
