"""Which dead letters a command is about: options that all of `newsloom dlq` take."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.command import Call
from streams.cli.inputs import instant
from streams.errors import UsageError

if TYPE_CHECKING:
    from streams.dlq.selection import Selection

__all__ = ["looking", "place_of", "selecting"]

_PANEL = "Which letters"
_SPAN = re.compile(r"([0-9]{1,18})?-([0-9]{1,18})?", re.ASCII)
_PLACE = re.compile(r"([a-z0-9.]{1,200}):([0-9]{1,9}):([0-9]{1,18})", re.ASCII)
_LAST = 2**63 - 1


def _option(name: str, kind: Any, text: str, flag: str = "", metavar: str | None = None) -> inspect.Parameter:
    flags = (flag,) if flag else ()
    told = typer.Option(*flags, help=text, metavar=metavar, rich_help_panel=_PANEL, show_default=False)
    default = False if kind is bool else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, told])


_FILTERS = (
    _option("topic", str | None, "Of this topic: raw, normalized, unique, candidate, or a full name."),
    _option("stage", list[str] | None, "Of this stage; repeat it for more."),
    _option("reason", list[str] | None, "Parked for this reason, e.g. deadline; repeat it for more."),
    _option("source", str | None, "Of this source, by its id."),
    _option("document", str | None, "Of this document, by its id."),
    _option("since", str | None, "Records of this ISO 8601 time or later.", metavar="TIME"),
    _option("until", str | None, "Records before this ISO 8601 time.", metavar="TIME"),
    _option("partition", int | None, "Letters in this partition."),
    _option("offsets", str | None, "Letters at these offsets, e.g. 10-20, 10- or -20.", metavar="A-B"),
)
_ALL = _option("with_settled", bool, "Those too that were redriven or discarded.", flag="--all")


def looking(function: Callable[..., None]) -> Callable[..., None]:
    """As `selecting`, for a command that only looks: it may be asked for letters that are decided, too."""
    return _with_options(function, (*_FILTERS, _ALL))


def selecting(function: Callable[..., None]) -> Callable[..., None]:
    """A command of a `Call`, a `Selection` and options of its own, with the options that make the selection."""
    return _with_options(function, _FILTERS)


def _with_options(function: Callable[..., None], options: tuple[inspect.Parameter, ...]) -> Callable[..., None]:

    @functools.wraps(function)
    def called(call: Call, **given: Any) -> None:
        filters = {each.name: given.pop(each.name) for each in options}
        function(call, _selection(**filters), **given)

    own = [each for each in inspect.signature(function).parameters.values() if each.name != "selection"]
    filters = [each.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for each in options]
    # Typer evaluates annotations, and this one is of a module that is imported later.
    called.__annotations__ = {name: kind for name, kind in function.__annotations__.items() if name != "selection"}
    called.__signature__ = inspect.Signature([*own, *filters])  # type: ignore[attr-defined]
    return called


def _selection(
    *,
    topic: str | None,
    stage: list[str] | None,
    reason: list[str] | None,
    since: str | None,
    until: str | None,
    offsets: str | None,
    **others: Any,
) -> "Selection":
    from streams.dlq.selection import Selection

    return Selection(
        stages=_stages(topic, stage or []),
        reasons=frozenset(reason or ()),
        since=instant(since) if since else None,
        until=instant(until) if until else None,
        offsets=_span(offsets) if offsets else None,
        **others,
    )


def _stages(topic: str | None, stages: list[str]) -> frozenset[str]:
    from streams.cli.names import full_name
    from streams.topology import TOPOLOGY

    names = {stage.name for stage in TOPOLOGY}
    if unknown := sorted(set(stages) - names):
        raise UsageError(f"no stage {unknown[0]!r}; there are {', '.join(stage.name for stage in TOPOLOGY)}")
    if topic is None:
        return frozenset(stages)
    wanted = full_name(topic.removesuffix(".dlq"))
    reading = {stage.name for stage in TOPOLOGY if stage.reads.name == wanted}
    if not reading:
        raise UsageError(f"no stage reads {topic!r}, so nothing of it is parked")
    return frozenset(reading & set(stages) if stages else reading)


def _span(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise UsageError(f"--offsets {text!r} is not A-B, A- or -B")
    return int(found[1] or 0), int(found[2] or _LAST)


def place_of(text: str) -> tuple[str, int, int]:
    """Dead-letter topic, partition and offset of a letter's name, as `newsloom dlq list` prints it."""
    from streams.cli.names import full_name

    found = _PLACE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is not TOPIC:PARTITION:OFFSET, as `newsloom dlq list` prints it")
    return full_name(f"{found[1].removesuffix('.dlq')}.dlq"), int(found[2]), int(found[3])
