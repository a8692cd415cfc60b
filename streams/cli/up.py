"""`newsloom up` and `newsloom worker`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.command import Call, command, run
from streams.cli.output import remark

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    _up(app)
    _worker(app)


def _up(app: typer.Typer) -> None:
    @command(app, "up", rich_help_panel="Start here")
    def up(
        call: Call,
        workers: Annotated[
            int | None, typer.Option(help="Worker processes. [default: NEWSLOOM_WORKERS, else 1]", show_default=False)
        ] = None,
        processes: Annotated[
            int | None, typer.Option(help="CPU processes of each worker; 0 for one a core.", show_default=False)
        ] = None,
        feeds: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="Feeds to poll, a feeds.toml or OPML; added to the catalogue."),
        ] = None,
        poll: Annotated[bool, typer.Option("--poll", help="Poll the feeds that are in the catalogue.")] = False,
        serve: Annotated[
            bool, typer.Option("--serve", help="Serve the HTTP API, too, as `newsloom serve` does.")
        ] = False,
    ) -> None:
        """Run newsloom here until Ctrl-C: a broker if none is running, the topics, and workers under supervision.

        With `--feeds` or `--poll` a poller runs beside the workers. On a terminal it shows each stage's throughput,
        lag and outcomes, and the feeds. A process that ends is started again.
        Data stay in the state folder (`NEWSLOOM_STATE_DIR`): the next `up` goes on where this one stopped.
        """
        from streams.cli.live import stay_up
        from streams.cli.logs import for_people_or_programs

        settings = call.settings(workers=workers, processes=processes)
        work = stay_up(settings, feeds=feeds, poll=poll, serve=serve)
        run(work, logs=partial(for_people_or_programs, settings))


def _worker(app: typer.Typer) -> None:
    @command(app, "worker", rich_help_panel="A look inside")
    def worker(
        call: Call,
        stage: Annotated[
            list[str] | None,
            typer.Option(help="A stage to run; repeat it for more. [default: all]", show_default=False),
        ] = None,
        slot: Annotated[int, typer.Option(min=0, help="Number of its local store: one a worker of this machine.")] = 0,
        wait: Annotated[
            float, typer.Option(metavar="SECONDS", min=0, help="Wait so long for a broker to answer.")
        ] = 60,
    ) -> None:
        """Run one worker in the foreground, as `up` does for you; for a supervisor or a container of your own.

        Workers share the load of a stage by partitions. Topics are created when one of its own is missing. Exit
        code 1 says that a stage has failed and the worker is to be started again: nothing is lost by that.

        ```
        newsloom worker --broker kafka:9092 --stage normalize --stage enrich
        ```
        """
        import uvloop

        from streams.errors import UsageError
        from streams.topology import TOPOLOGY

        names = [each.name for each in TOPOLOGY]
        if unknown := sorted(set(stage or ()) - set(names)):
            raise UsageError(f"no stage {unknown[0]}; there are {', '.join(names)}")
        chosen = [each for each in TOPOLOGY if not stage or each.name in stage]
        if any(each.table is None for each in chosen):
            from streams.edge.pool import load_ahead

            load_ahead()

        from streams.app import connected
        from streams.cli.logs import everything
        from streams.edge.admin import need_topics
        from streams.edge.worker import run_stages
        from streams.telemetry.endpoint import serving

        settings = call.settings()

        async def work() -> int:
            endpoint = await connected(settings, wait_s=wait)
            topics = [name for each in chosen for name in each.topics]
            await need_topics(endpoint, settings, topics, [settings.group(each.name) for each in chosen])
            with serving(settings, "worker", f"worker-{slot}"):
                return await run_stages(endpoint, settings, stages=chosen, slot=slot)

        code = run(work(), logs=partial(everything, settings), loop_factory=uvloop.new_event_loop)
        if code:
            remark("a stage has failed; see above")
        raise typer.Exit(code)
