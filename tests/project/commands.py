"""Command lines of newsloom, parsed but not run."""

import re
import shlex
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from streams.cli.root import app

__all__ = ["commands_in", "misunderstood", "understood"]

_BLOCK = re.compile(r"^```(?:console|bash|sh)?\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`(newsloom [^`\n]+)`")
_PLACEHOLDER = re.compile(r"^newsloom (?:[A-Z.]|.*\|)")
# A call begins a line, a command after another, or what a prompt, a setting, `exec` or `--` comes before.
_BEFORE = r"(?:^|[|&;(]|\$ |^[A-Z_]+=\S+ |exec \S+ |-- )\s*"
_CALL = re.compile(_BEFORE + r"newsloom ((?:'[^'\n]*'|[^|&;<>#)'\n])*)", flags=re.MULTILINE)


def understood(arguments: list[str]) -> None:
    """Have `newsloom ARGUMENTS` parsed, but not run; TyperException when there is no such command, or option."""
    command: Any = typer.main.get_command(app)
    name: str | None = "newsloom"
    while True:
        # A group may put in the command that is left out, so it parses first.
        context = command.make_context(name, list(arguments))
        rest = [*context._protected_args, *context.args]
        if not isinstance(command, TyperGroup) or not rest:
            return
        name, command, arguments = command.resolve_command(context, rest)


def misunderstood(arguments: list[str]) -> str | None:
    """The kind of error that `understood` raises, if any; `Exit` where only help was asked for."""
    try:
        understood(arguments)
    except (TyperException, typer.Exit) as error:
        return type(error).__name__
    return None


def commands_in(text: str) -> tuple[list[list[str]], list[list[str]]]:
    """The arguments of all calls of `newsloom` in a document: in its blocks of commands, and in its running text.

    A call with words in place of a command (`newsloom COMMAND`), or with a choice of several, is none.
    """
    typed = [call for block in _BLOCK.findall(text) for call in _CALL.findall(block)]
    spans = [span for span in _SPAN.findall(_BLOCK.sub("", text)) if not _PLACEHOLDER.search(span)]
    named = [call for span in spans for call in _CALL.findall(span)]
    return [shlex.split(call) for call in typed], [shlex.split(call) for call in named]
