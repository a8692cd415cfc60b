"""`newsloom topics`."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, group, run
from streams.cli.output import console, emit, emit_bytes, remark, safe

if TYPE_CHECKING:
    from streams.edge.admin import StageLag, TopicFacts
    from streams.observe.balance import Balance

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    topics = group(
        help="The topics of this lane: create them, see how full they are and how far each stage has come.",
        no_args_is_help=True,
    )
    app.add_typer(topics, name="topics", rich_help_panel="A look inside")
    _create(topics)
    _describe(topics)
    _dump(topics)


def _create(topics: typer.Typer) -> None:
    @command(topics, "create")
    def create(
        call: Call,
        partitions: Annotated[int | None, typer.Option(help="Partitions of each topic.", show_default=False)] = None,
        replication: Annotated[int | None, typer.Option(help="Replicas of each topic.", show_default=False)] = None,
        wait: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Wait so long for a broker to answer.")] = 0,
        json: AsJson = False,
    ) -> None:
        """Create the topics that are missing; what is there stays as it is.

        `up` does this by itself. All topics have the same number of partitions (NEWSLOOM_PARTITIONS): one that has
        another is an error, since keys would be spread differently from one topic to the next.
        """
        from streams.app import connected
        from streams.edge.admin import create_topics

        settings = call.settings(partitions=partitions, replication=replication)

        async def work() -> list[str]:
            return await create_topics(await connected(settings, wait_s=wait), settings)

        created = run(work())
        for name in created:
            emit({"created": name}) if json else print(f"created {name}")  # noqa: T201
        if not created:
            remark("all topics are there")


def _describe(topics: typer.Typer) -> None:
    @command(topics, "describe")
    def describe(call: Call, json: AsJson = False) -> None:
        """Show the topics with their records, the lag of each stage, and whether the books balance.

        The books: every raw document is unique, a duplicate or a dead letter, and every unique one is enriched or
        a dead letter; counted by document id, so that a second push or a redelivery counts once.
        """
        from streams.app import connected
        from streams.edge.admin import describe as describe_topics
        from streams.edge.admin import stage_lags
        from streams.observe.balance import balance

        settings = call.settings()

        async def work() -> "tuple[list[TopicFacts], list[StageLag], Balance]":
            endpoint = await connected(settings)
            facts = await describe_topics(endpoint, settings)
            return facts, await stage_lags(endpoint, settings), await balance(endpoint, settings)

        facts, lags, books = run(work())
        if json:
            emit({"topics": facts, "stages": [_lag_json(lag) for lag in lags], "balance": books.as_json()})
        else:
            who = settings.sasl_username or ("this certificate" if settings.ssl_certificate_file else "")
            _print(facts, lags, books, absent=f"missing, or hidden from {who}" if who else "missing")


def _lag_json(lag: "StageLag") -> dict[str, object]:
    return {
        "stage": lag.stage,
        "group": lag.group,
        "topic": lag.topic,
        "lag": lag.total,
        "by_partition": lag.partitions,
    }


def _print(facts: "list[TopicFacts]", lags: "list[StageLag]", books: "Balance", *, absent: str) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("topic")
    table.add_column("partitions", justify="right")
    table.add_column("records", justify="right")
    for topic in facts:
        table.add_row(
            topic.name, *((str(topic.partitions), f"{topic.records:,}") if topic.exists else ("-", safe(absent)))
        )
    stages = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("stage", "reads", "lag"):
        stages.add_column(name, justify="right" if name == "lag" else "left")
    for lag in lags:
        stages.add_row(lag.stage, lag.topic, f"{lag.total:,}")
    out = console()
    for part in (table, "", stages, "", *books.lines()):
        out.print(part)


def _dump(topics: typer.Typer) -> None:
    @command(topics, "dump")
    def dump(
        call: Call,
        topic: Annotated[str, typer.Argument(help="A name as `newsloom tail` takes it.")],
    ) -> None:
        """Write a topic's bytes to stdout, a record a line: key, tab, value. Of a compacted topic, the table.

        `newsloom run --memory PATH... --dump TOPIC` writes the same without a broker: with one partition, the story
        tables are equal byte for byte.

        ```
        newsloom topics dump stories > live
        newsloom run --memory articles/ --dump stories | cmp - live
        ```
        """
        from streams.app import connected
        from streams.cli.names import full_name, is_table
        from streams.edge.reader import read_table, read_topic

        settings = call.settings()
        name = settings.topic(full_name(topic))

        async def work() -> None:
            endpoint = await connected(settings)
            if is_table(topic):
                for key, value in (await read_table(endpoint, name)).items():
                    emit_bytes(key + b"\t" + value)
                return
            async for record in read_topic(endpoint, name):
                emit_bytes((record.key or b"") + b"\t" + (record.value or b""))

        run(work())
