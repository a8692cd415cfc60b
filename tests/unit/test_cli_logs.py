"""Which log lines reach a person."""

import json
import logging
import warnings
from collections.abc import Iterator

import pytest

from streams.cli.logs import everything, for_people_or_programs, only_ours
from streams.cli.output import _Remarks, remark
from streams.codec import Record
from streams.settings import Settings
from streams.telemetry.logs import ids_of


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
    logging.captureWarnings(capture=False)
    _Remarks.log = None


def test_a_person_sees_our_warnings_and_no_library(capsys: pytest.CaptureFixture[str]) -> None:
    only_ours()
    logging.getLogger("aiokafka").error("retrying")
    logging.getLogger("newsloom.supervisor").info("started")
    logging.getLogger("newsloom.supervisor").warning("worker %d ended \x1b", 3)
    assert capsys.readouterr().err == "newsloom: worker 3 ended \\x1b\n"


def test_a_worker_logs_everybody_with_time_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    everything(Settings())
    logging.getLogger("aiokafka").warning("retrying")
    logging.getLogger("newsloom.worker").info("started")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == ["WARNING aiokafka: retrying", "INFO newsloom.worker: started"]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_for_programs_each_line_is_an_object_whoever_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    everything(Settings(log_format="json"))
    logging.getLogger("aiokafka").warning("retrying\n%s \x1b\udcff", "twice")
    logging.getLogger("newsloom.worker").info("started")
    remark("serving http://127.0.0.1:8600/")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old\nways", UserWarning, stacklevel=1)
    said = lines(capsys)
    assert [(line["level"], line["logger"]) for line in said] == [
        ("WARNING", "aiokafka"),
        ("INFO", "newsloom.worker"),
        ("INFO", "newsloom"),
        ("WARNING", "py.warnings"),
    ]
    assert said[0]["message"] == "retrying\ntwice \x1b\udcff"
    assert all(str(line["time"]).endswith("+00:00") for line in said)


def test_a_traceback_stays_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    everything(Settings(log_format="json"))
    try:
        int("no\nway")
    except ValueError:
        logging.getLogger("newsloom.api").exception("GET %s", "/v1/stories")
    (line,) = lines(capsys)
    assert line["message"] == "GET /v1/stories"
    assert "ValueError: invalid literal" in str(line["exception"])


def test_what_a_line_is_about_is_in_fields_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    everything(Settings(log_format="json"))
    headers = (
        ("ce_documentid", b"doc_1"),
        ("ce_subject", b"art_1"),
        ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    )
    ids = ids_of(Record("news.raw.v1", 3, 17, b"doc_1", b"The text.", headers))
    logging.getLogger("newsloom.worker").warning("parked", extra={"stage": "normalize", "reason": "bad_json", **ids})
    (line,) = lines(capsys)
    assert {name: line[name] for name in line if name not in {"time", "level", "logger", "message"}} == {
        "stage": "normalize",
        "reason": "bad_json",
        "topic": "news.raw.v1",
        "partition": 3,
        "offset": 17,
        "document_id": "doc_1",
        "article_id": "art_1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


def test_an_id_that_is_not_known_is_absent(capsys: pytest.CaptureFixture[str]) -> None:
    everything(Settings(log_format="json"))
    logging.getLogger("newsloom").info("parked", extra=ids_of(Record("news.raw.v1", 0, 1, None, None)))
    (line,) = lines(capsys)
    assert not {"document_id", "article_id", "trace_id"} & line.keys()


@pytest.mark.parametrize(("log_format", "shown"), [("text", []), ("json", ["retrying"])])
def test_a_command_for_people_logs_for_programs_where_it_is_told_to(
    log_format: str, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for_people_or_programs(Settings.model_validate({"log_format": log_format}))
    logging.getLogger("aiokafka").warning("retrying")
    assert [line["message"] for line in lines(capsys)] == shown
