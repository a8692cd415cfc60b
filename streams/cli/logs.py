"""What of the logs a person sees."""

import logging
import sys
from typing import TYPE_CHECKING

from streams.cli.output import log_remarks, remark

if TYPE_CHECKING:
    from streams.settings import Settings

__all__ = ["everything", "for_people_or_programs", "only_ours"]


class _Remarks(logging.Handler):
    """One line on stderr, wherever that is by now."""

    def emit(self, record: logging.LogRecord) -> None:
        remark(f"newsloom: {record.getMessage()}")


def only_ours() -> None:
    """Our own warnings as remarks; those of libraries, which mend themselves, not at all."""
    ours = logging.getLogger("newsloom")
    if not ours.handlers:
        ours.addHandler(_Remarks(logging.WARNING))
        logging.getLogger().addHandler(logging.NullHandler())  # else Python prints what nobody handles


def everything(settings: "Settings") -> None:
    """For a worker: our steps and everybody's warnings, with time and place, on stderr, as `log_format` has it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    ours = logging.getLogger("newsloom")
    if settings.log_format == "json":
        from streams.telemetry.logs import JsonFormatter

        handler.setFormatter(JsonFormatter())
        log_remarks(ours)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    ours.setLevel(logging.INFO)


def for_people_or_programs(settings: "Settings") -> None:
    """For what mostly people look at: `everything` where logs are JSON, else `only_ours`."""
    if settings.log_format == "json":
        everything(settings)
    else:
        only_ours()
