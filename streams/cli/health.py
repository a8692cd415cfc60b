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
        kill_after: Annotated[
            float | None,
            typer.Option(
                metavar="SECONDS", min=_LONGEST_S, help="Kill a worker that is silent for longer.", show_default=False
            ),
        ] = None,
    ) -> None:
        """Say whether the workers of this state folder are alive: each notes every second what it has done.

        Exit code 0 when every worker that has started here is; 3 when one has been silent for 15 seconds, or there
        is none. Lag and throughput are `newsloom topics describe`'s business.

        --kill-after is for a supervisor that starts a process again when it ends, but not when it hangs: Docker, or
        systemd without a watchdog. The worker must not be process 1 of its container. Nothing is lost by the kill.
        """
        from streams.errors import BrokerError, UsageError
        from streams.observe.alive import kill_silent, poller_silent_s, silent_s

        if poller and kill_after is not None:
            raise UsageError("--kill-after is for workers")
        settings = call.settings()
        silent = poller_silent_s(settings) if poller else silent_s(settings)
        if not silent:
            raise BrokerError(f"no {'poller' if poller else 'worker'} has started in {settings.state_dir}")
        late = {slot: seconds for slot, seconds in silent.items() if seconds > _LONGEST_S}
        if late:
            killed = kill_silent(settings, after_s=kill_after) if kill_after is not None else []
            said = (f"{slot} is silent for {seconds:.0f} s" for slot, seconds in late.items())
            raise BrokerError(", ".join([*said, *(f"killed {slot}" for slot in killed)]))
        print(f"{len(silent)} alive")  # noqa: T201


_LONGEST_S = 15.0
