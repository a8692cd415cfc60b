"""`newsloom serve`."""

from functools import partial
from typing import Annotated

import typer

from streams.cli.command import Call, command, run
from streams.cli.output import remark

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "serve", rich_help_panel="Start here")
    def serve(
        call: Call,
        host: Annotated[
            str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]", show_default=False)
        ] = None,
        port: Annotated[
            int | None, typer.Option(help="Port; 0 for any that is free. [default: 8600]", show_default=False)
        ] = None,
        wait: Annotated[
            float, typer.Option(metavar="SECONDS", min=0, help="Wait so long for a broker to answer.")
        ] = 60,
    ) -> None:
        """Serve the HTTP API, from a local model of the topics that is kept level with them.

        Only this machine is listened to, unless `--host` says otherwise; then a token is needed for everything
        (`NEWSLOOM_API_TOKEN` or `NEWSLOOM_API_TOKEN_FILE`), as it is for `POST /v1/documents` always. Several
        servers may run: one of them keeps the model of a state folder and lane, the others read it.

        ```
        newsloom serve &
        curl localhost:8600/v1/stories?sort=hot
        ```
        """
        from streams.api.server import access_of
        from streams.api.server import serve as serving
        from streams.app import connected
        from streams.cli.logs import everything

        settings = call.settings(api_host=host, api_port=port)
        access_of(settings)  # before anything is waited for

        async def work() -> None:
            endpoint = await connected(settings, wait_s=wait)
            await serving(endpoint, settings, say=remark)

        run(work(), logs=partial(everything, settings))
