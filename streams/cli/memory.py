"""`newsloom run`."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command
from streams.cli.inputs import FirstSeen, MediaType, Paths, SourceId, options_of
from streams.cli.output import emit, emit_bytes, remark
from streams.cli.show import show_stories

if TYPE_CHECKING:
    from streams.memory import MemoryPipeline

__all__ = ["register"]

NOT_TAKEN = 4


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "run", rich_help_panel="Without a broker")
    def run(
        call: Call,
        paths: Paths,
        memory: Annotated[bool, typer.Option("--memory", help="Topics in memory instead of Kafka.")] = False,
        dump: Annotated[
            str | None,
            typer.Option(
                metavar="TOPIC", help="Write this topic's bytes as `newsloom topics dump` does, and no stories."
            ),
        ] = None,
        source: SourceId = None,
        media_type: MediaType = None,
        first_seen: FirstSeen = None,
        json: AsJson = False,
    ) -> None:
        """Run the same topology over files with no broker, and print the stories.

        It is the reference: a Kafka run over one partition must come to the same story table, byte for byte. PATH
        is as for `newsloom push`. With `--json`, one story a line with its articles.

        ```
        newsloom run --memory articles/
        ```
        """
        from streams.errors import UsageError
        from streams.offline.pipeline import run_in_memory

        if not memory:
            raise UsageError("say --memory; to run on Kafka, use `newsloom up` and `newsloom push`")
        settings = call.settings()
        pipeline, refused = run_in_memory(paths, options_of(settings, source, media_type, first_seen))
        for each in refused:
            remark(f"not taken: {each.path}: {each.reason}" + (f": {each.detail}" if each.detail else ""))
        if dump is not None:
            _dump(pipeline, dump)
        else:
            _stories(pipeline, json=json)
        for stage, counts in pipeline.counts.items():
            remark(f"{stage}: " + (", ".join(f"{label} {count:,}" for label, count in counts.items()) or "nothing"))
        if refused:
            raise typer.Exit(NOT_TAKEN)


def _dump(pipeline: "MemoryPipeline", topic: str) -> None:
    from streams.cli.names import full_name, is_table

    name = full_name(topic)
    if is_table(topic):
        for key, value in pipeline.latest(name).items():
            emit_bytes(key + b"\t" + value)
        return
    for record in pipeline.topics[name]:
        emit_bytes((record.key or b"") + b"\t" + (record.value or b""))


def _stories(pipeline: "MemoryPipeline", *, json: bool) -> None:
    from streams.offline.pipeline import story_views

    views = story_views(pipeline)
    if json:
        for view in views:
            emit(view.as_json())
    else:
        show_stories([view.story for view in views])
