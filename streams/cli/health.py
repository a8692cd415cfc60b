"""`newsloom health`: whether a process of this machine or container is alive, for a container's health check."""

from typing import Annotated

import typer

from streams.cli.command import Call, command

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "health", rich_help_panel="A look inside")
    def health(
        call: Call,
        poller: Annotated[bool, typer.Option("--poller", help="The poller instead of the workers.")] = False,
        watch: Annotated[bool, typer.Option("--watch", help="The watcher of a drop folder.")] = False,
        api: Annotated[bool, typer.Option("--api", help="The server of the HTTP API.")] = False,
        kill_after: Annotated[
            float | None,
            typer.Option(
                metavar="SECONDS", min=_LONGEST_S, help="Kill a process that is silent for longer.", show_default=False
            ),
        ] = None,
    ) -> None:
        """Say whether the workers of this state folder are alive: each notes every second what it has done.

        Exit code 0 when all that have started here are; 3 when one has been silent for 15 seconds, or there
        is none. Of several servers or watchers in one folder it is the last that counts. Lag and throughput are
        `newsloom topics describe`'s business.

        --kill-after is for a supervisor that starts a process again when it ends, but not when it hangs: Docker, or
        systemd without a watchdog. The process must not be number 1 of its container. Nothing is lost by the kill.
        """
        from streams.errors import BrokerError
        from streams.telemetry.alive import kill_silent, silent_s, worker_names

        settings = call.settings()
        asked = [name for name, wanted in (("poller", poller), ("watch", watch), ("api", api)) if wanted]
        names = asked or worker_names(settings)
        silent = silent_s(settings, names)
        if not silent:
            raise BrokerError(f"no {' or '.join(asked) or 'worker'} has started in {settings.state_dir}")
        late = {name: seconds for name, seconds in silent.items() if seconds > _LONGEST_S}
        if late:
            killed = kill_silent(settings, names, after_s=kill_after) if kill_after is not None else []
            said = (f"{name} is silent for {seconds:.0f} s" for name, seconds in late.items())
            raise BrokerError(", ".join([*said, *(f"killed {name}" for name in killed)]))
        print(f"{len(silent)} alive")  # noqa: T201


_LONGEST_S = 15.0
