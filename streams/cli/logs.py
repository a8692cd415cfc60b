"""What of the logs a person sees."""

import logging

from streams.cli.output import remark

__all__ = ["everything", "only_ours"]


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


def everything() -> None:
    """For a worker: our steps and everybody's warnings, with time and place, on stderr."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    logging.getLogger("newsloom").setLevel(logging.INFO)
