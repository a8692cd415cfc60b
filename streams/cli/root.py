"""All commands together, and how their errors look."""

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from streams.cli import (
    acl,
    chaos,
    demo,
    dlq,
    doctor,
    feeds,
    health,
    lane,
    memory,
    push,
    replay,
    serve,
    stages,
    stories,
    tail,
    topics,
    trace,
    up,
    watch,
)
from streams.cli.command import group
from streams.errors import NewsloomError, UsageError

__all__ = ["app", "main"]

INTERRUPTED = 130
BROKEN_PIPE = 141
INTERNAL_ERROR = 70

app = group(
    no_args_is_help=True,
    help="""Raw article files in; clean, de-duplicated, entity-tagged articles and living stories out, over Kafka.

    Start with `newsloom demo`. For your own articles: `newsloom up` in one terminal; then
    `newsloom push FOLDER` and `newsloom stories` in another. To try a single stage on files, with no broker at
    all: `newsloom normalize FILE...`.

    Every setting can be given as an environment variable `NEWSLOOM_*`; README.md lists them.

    Exit codes: 0 done, 1 an audit or a diff found differences, 2 the call is off, 3 no broker, 4 some input was not
    taken, 130 stopped by Ctrl-C.
    """,
)

for module in (
    demo, up, serve, feeds, watch, push, stories, trace, topics, tail, doctor, health, memory, stages, replay, lane,
    dlq, acl, chaos,
):  # fmt: skip
    module.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Errors are one line on stderr."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = int(app(given, prog_name="newsloom", standalone_mode=False) or 0)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        code = _unheard()
    except SystemExit as error:
        # Typer's answer to a broken pipe is code 1, which is the audit's.
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        code = _unheard()
    except Exception as error:  # noqa: BLE001 - the last place that can say it in one line
        code = _failed(error, debug="--debug" in given)
    return code


def _unheard() -> int:
    """The reader has what it wanted; Python's flush at exit goes into nothing, not into an error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return BROKEN_PIPE


def _failed(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    # Typer's own errors are of a private class: they know what to say.
    if (explained := getattr(error, "format_message", None)) is not None:
        return _misused(error, explained())
    if isinstance(error, NewsloomError):
        _print_error(str(error))
        return error.exit_code
    _print_error(f"internal error: {type(error).__name__}: {error} (--debug shows where)")
    return INTERNAL_ERROR


def _misused(error: Exception, message: str) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message)  # noqa: T201 - the help, asked for by saying nothing
        return 0
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "newsloom"
    _print_error(f"{message.rstrip('.')}; see `{path} --help`")
    return UsageError.exit_code


def _print_error(message: str) -> None:
    from streams.cli.output import remark

    remark(f"newsloom: {message}", error=True)
