"""Each stage alone on files: `newsloom normalize`, `dedupe`, `tag`, `cluster`."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import Call, command
from streams.cli.inputs import FirstSeen, MediaType, Paths, SourceId, options_of
from streams.cli.output import emit, emit_bytes, remark

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.ingest import IngestOptions
    from streams.offline.trial import Decision, Finals, Trial

__all__ = ["register"]

NOT_TAKEN = 4
Final = Annotated[
    bool, typer.Option("--final", help="Print only the final partition: one JSON object, id to articles.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for add in (_normalize, _dedupe, _tag, _cluster):
        add(app)


def _normalize(app: typer.Typer) -> None:
    @command(app, "normalize", rich_help_panel="Without a broker")
    def normalize(
        call: Call,
        paths: Paths,
        source: SourceId = None,
        media_type: MediaType = None,
        first_seen: FirstSeen = None,
    ) -> None:
        """Clean raw articles: JSON Lines out, an article a line, with what was removed and who filled each field.

        Takes what `newsloom push` takes. Dead letters are named on stderr, and the exit code is then 4.

        ```
        newsloom normalize page.html | jq .body_text
        ```
        """
        _run("normalize", paths, options_of(call.settings(), source, media_type, first_seen))


def _dedupe(app: typer.Typer) -> None:
    @command(app, "dedupe", rich_help_panel="Without a broker")
    def dedupe(
        call: Call,
        paths: Paths,
        source: SourceId = None,
        media_type: MediaType = None,
        first_seen: FirstSeen = None,
        final: Final = False,
    ) -> None:
        """Tell repeated articles from new ones: JSON Lines out, a decision a line, in arrival order.

        `decision` is `unique`, and the line is the article, or `duplicate`, and the line says of which one, how
        similar it is, and why. Takes raw articles, which are normalized first, or articles as `normalize` prints.
        `--final` prints one object: id of the first article of a group, to the ids of all of it.

        ```
        newsloom dedupe dump.jsonl.xz --final
        ```
        """
        _run(
            "dedupe", paths, options_of(call.settings(), source, media_type, first_seen), decide=_decision, final=final
        )


def _tag(app: typer.Typer) -> None:
    @command(app, "tag", rich_help_panel="Without a broker")
    def tag(
        call: Call,
        paths: Paths,
        source: SourceId = None,
        media_type: MediaType = None,
        first_seen: FirstSeen = None,
        candidates: Annotated[
            bool, typer.Option("--candidates", help="Print what `cluster` reads instead of the enriched articles.")
        ] = False,
    ) -> None:
        """Find entities, dates and keywords: JSON Lines out, an enriched article a line, layers beside the text.

        Takes raw articles, which are normalized and deduplicated first, or articles as `normalize` or `dedupe`
        print them, which are tagged as they are.

        ```
        newsloom normalize article.txt | newsloom tag - | jq '.layers.entities.entities[].name'
        ```
        """
        from streams.topics import CANDIDATE, ENRICHED

        wanted = CANDIDATE.name if candidates else ENRICHED.name

        def decide(decision: "Decision") -> bytes | None:
            return decision.value if decision.topic == wanted else None

        _run("enrich", paths, options_of(call.settings(), source, media_type, first_seen), decide=decide)


def _cluster(app: typer.Typer) -> None:
    @command(app, "cluster", rich_help_panel="Without a broker")
    def cluster(
        call: Call,
        paths: Paths,
        source: SourceId = None,
        media_type: MediaType = None,
        first_seen: FirstSeen = None,
        final: Final = False,
    ) -> None:
        """Gather articles into stories: JSON Lines out, an event a line (created, article_added, merged ...).

        Takes articles in arrival order: raw ones, which go through all earlier stages, articles as `normalize` or
        `tag` print them, or candidates as `tag --candidates` prints. `--final` prints one object: story id to the
        ids of its articles.

        ```
        newsloom cluster monday.jsonl tuesday.jsonl --final
        ```
        """
        from streams.topics import STORY_EVENT

        def decide(decision: "Decision") -> bytes | None:
            return decision.value if decision.topic == STORY_EVENT.name else None

        _run("cluster", paths, options_of(call.settings(), source, media_type, first_seen), decide=decide, final=final)


def _decision(decision: "Decision") -> bytes:
    from streams.topics import UNIQUE

    name = b"unique" if decision.topic == UNIQUE.name else b"duplicate"
    return b'{"decision":"' + name + b'",' + decision.value[1:]


def _run(
    stage: str,
    paths: list[str],
    options: "IngestOptions",
    *,
    decide: "Callable[[Decision], bytes | None] | None" = None,
    final: bool = False,
) -> None:
    from streams.offline.trial import Finals, Trial

    trial = Trial(stage)
    finals = Finals("duplicates" if stage == "dedupe" else "stories") if final else None
    refused = _feed(trial, paths, options, decide, finals)
    if finals is not None:
        emit(finals.groups)
    dead = sum(problem.dead for problem in trial.problems)
    others = len(trial.problems) - dead
    remark(f"{trial.inputs:,} in, {dead:,} dead letters, {others:,} dropped, {refused:,} not taken")
    if dead or refused:
        raise typer.Exit(NOT_TAKEN)


def _feed(
    trial: "Trial",
    paths: list[str],
    options: "IngestOptions",
    decide: "Callable[[Decision], bytes | None] | None",
    finals: "Finals | None",
) -> int:
    """Print decisions as they come, and problems beside them; the number of inputs not taken."""
    from streams.ingest import Refused
    from streams.offline.trial import read_inputs

    refused = told = 0
    for item in read_inputs(paths, options):
        if isinstance(item, Refused):
            refused += 1
            remark(f"not taken: {item.path}: {item.reason}" + (f": {item.detail}" if item.detail else ""))
            continue
        for decision in trial.feed(item):
            if finals is not None:
                finals.take(decision)
            elif (line := decide(decision) if decide else decision.value) is not None:
                emit_bytes(line)
        for problem in trial.problems[told:]:
            what = "dead letter" if problem.dead else "dropped"
            detail = f": {problem.detail}" if problem.detail else ""
            remark(f"{what}: {problem.document}: {problem.reason} in {problem.stage}{detail}")
        told = len(trial.problems)
    return refused
