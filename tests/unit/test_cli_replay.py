"""`newsloom replay`: how a call is read; what it refuses before it looks for a broker."""

from datetime import UTC, datetime

import pytest

from streams.cli import main
from streams.cli.replay import _bound
from streams.errors import UsageError


def test_bounds_are_words_numbers_and_times() -> None:
    assert _bound("earliest", "earliest") == "earliest"
    assert _bound("now", "now") == "now"
    assert _bound("120", "now") == 120
    assert _bound("-5", "earliest") == -5
    assert _bound("2026-03-01", "now") == datetime(2026, 3, 1, tzinfo=UTC)
    assert _bound("20260301", "now") == 20260301


@pytest.mark.parametrize("text", ["now", "--5", "1e3", "yesterday", "٣", ""])
def test_what_is_none_of_them_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no ISO 8601 time"):
        _bound(text, "earliest")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["raw.dlq", "--into", "v2"], "newsloom dlq redrive"),
        (["nothing", "--into", "v2"], "no topic 'nothing'"),
        (["raw", "--into", "v2", "--from", "soon"], "no ISO 8601 time"),
        (["raw"], "--into"),
        (["raw", "--into", "v2", "--rate", "0"], "--rate"),
    ],
)
def test_a_call_that_is_off_says_so(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_run_may_be_left_out_and_commands_are_not_taken_for_topics(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "raw", "--help"]) == 0
    implied = capsys.readouterr().out
    assert main(["replay", "run", "raw", "--help"]) == 0
    assert capsys.readouterr().out == implied
    assert main(["replay", "list", "--help"]) == 0
    assert "List the replays" in capsys.readouterr().out
    assert main(["replay", "--into", "v2", "raw", "--help"]) == 0
    assert capsys.readouterr().out == implied
    assert main(["replay", "--help"]) == 0
    assert "resume" in capsys.readouterr().out


def test_the_live_lane_is_not_deleted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLOOM_BROKER", "127.0.0.1:1")
    assert main(["lane", "delete", "no lane", "--yes"]) == 2
    assert "no name for a lane" in capsys.readouterr().err
