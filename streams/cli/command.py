"""Options that every command takes, added in one place, and the settings they make."""

import functools
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from streams.errors import UsageError

if TYPE_CHECKING:
    from streams.settings import Settings

__all__ = ["AsJson", "Call", "alone", "command", "group", "run"]

T = TypeVar("T")

TERMINATED = 143
_PANEL = "Options of every command"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line, instead of text for people.")]


@dataclass(frozen=True, slots=True)
class Call:
    """What the common options of a call say; None where they say nothing."""

    broker: str | None = None
    lane: str | None = None

    def settings(self, **changes: object) -> "Settings":
        """Settings from the environment, with these options and `changes` over them; None changes nothing."""
        from pydantic import ValidationError

        from streams.settings import Settings

        given: dict[str, Any] = {"broker": self.broker, "lane": self.lane} | changes
        try:
            return Settings(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            name = ".".join(map(str, first["loc"]))
            raise UsageError(f"{name} (option or NEWSLOOM_{name.upper()}): {first['msg']}") from error


def _option(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_COMMON = (
    _option(
        "broker",
        Annotated[
            str | None,
            typer.Option(
                help="auto, embedded or HOST:PORT. [default: NEWSLOOM_BROKER, else auto]",
                rich_help_panel=_PANEL,
                show_default=False,
            ),
        ],
        None,
    ),
    _option(
        "lane",
        Annotated[
            str | None,
            typer.Option(
                help="Prefix of topics, groups and state of a parallel run. [default: NEWSLOOM_LANE, else none]",
                rich_help_panel=_PANEL,
                show_default=False,
            ),
        ],
        None,
    ),
    # Read where errors are printed, in streams.cli.root.
    _option(
        "debug",
        Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=_PANEL)],
        False,  # noqa: FBT003 - a default
    ),
)


def command(app: typer.Typer, name: str, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function of a `Call` and its own options as the command `name`, with the common options."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def called(*, broker: str | None, lane: str | None, debug: bool, **own: Any) -> None:  # noqa: ARG001
            function(Call(broker, lane), **own)

        called.__signature__ = inspect.Signature([*_own(function), *_COMMON])  # type: ignore[attr-defined]
        app.command(name, **options)(called)
        return function

    return register


def alone(app: typer.Typer) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register what a group of commands does when it is called with none of them."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def called(ctx: typer.Context, *, broker: str | None, lane: str | None, debug: bool, **own: Any) -> None:
            if ctx.invoked_subcommand is None:
                function(Call(broker, lane), **own)
            elif broker or lane or debug:
                raise UsageError(f"options go behind the command: `{ctx.command_path} {ctx.invoked_subcommand} ...`")

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        called.__signature__ = inspect.Signature([context, *_own(function), *_COMMON])  # type: ignore[attr-defined]
        app.callback(invoke_without_command=True)(called)
        return function

    return register


def _own(function: Callable[..., None]) -> list[inspect.Parameter]:
    """The parameters of `function` behind the `Call`."""
    own = list(inspect.signature(function).parameters.values())[1:]
    return [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]


def group(**options: Any) -> typer.Typer:
    """A group of commands; called with none of them it shows its help, unless `alone` says otherwise."""
    return typer.Typer(rich_markup_mode="markdown", pretty_exceptions_enable=False, **options)


def run(
    work: Coroutine[Any, Any, T],
    *,
    logs: Callable[[], None] | None = None,
    loop_factory: Callable[[], Any] | None = None,
) -> T:
    """Run a coroutine to its end; Ctrl-C and SIGTERM cancel it, so that it can put things in order first.

    `logs` sets logging up; by default a person sees our own warnings. `loop_factory` makes another event loop.
    """
    import asyncio
    import signal

    from streams.cli.logs import only_ours

    (logs or only_ours)()
    terminated = False

    async def cancellable() -> T:
        task = asyncio.current_task()

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        return await work

    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(cancellable())
    except asyncio.CancelledError:
        if not terminated:
            raise
        raise typer.Exit(TERMINATED) from None
