"""Which log lines reach a person."""

import logging
from collections.abc import Iterator

import pytest

from streams.cli.logs import everything, only_ours


@pytest.fixture(autouse=True)
def bare_logging() -> Iterator[None]:
    """Loggers as a fresh process has them, and afterwards as they were."""
    loggers = [logging.getLogger(), logging.getLogger("newsloom")]
    before = [(logger.handlers[:], logger.level) for logger in loggers]
    for logger in loggers:
        logger.handlers.clear()
    yield
    for logger, (handlers, level) in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers
        logger.setLevel(level)


def test_a_person_sees_our_warnings_and_no_library(capsys: pytest.CaptureFixture[str]) -> None:
    only_ours()
    logging.getLogger("aiokafka").error("retrying")
    logging.getLogger("newsloom.supervisor").info("started")
    logging.getLogger("newsloom.supervisor").warning("worker %d ended \x1b", 3)
    assert capsys.readouterr().err == "newsloom: worker 3 ended \\x1b\n"


def test_a_worker_logs_everybody_with_time_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    everything()
    logging.getLogger("aiokafka").warning("retrying")
    logging.getLogger("newsloom.worker").info("started")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == ["WARNING aiokafka: retrying", "INFO newsloom.worker: started"]
