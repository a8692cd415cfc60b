"""How `newsloom` answers as a command: help, exit codes, one line for an error."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.cli import main

HEAVY = ("pydantic", "aiokafka", "faust", "numpy", "asyncio", "streams.settings", "streams.topology", "trafilatura")
COMMANDS = (
    *("demo", "up", "worker", "push", "tail", "stories", "articles", "topics", "doctor", "audit", "run"),
    *("normalize", "dedupe", "tag", "cluster"),
)


def newsloom(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "streams", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=50, **options)  # type: ignore[call-overload,no-any-return]


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    check = f"""
import sys
from streams.cli import main
code = main(["--help"])
print([name for name in {HEAVY} if name in sys.modules], code)
"""
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout.endswith("[] 0\n")
    assert [name for name in COMMANDS if f"│ {name} " not in done.stdout] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"Usage: newsloom {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nope"], 2, "No such command 'nope'; see `newsloom --help`"),
        (["push"], 2, "Missing argument 'PATH'; see `newsloom push --help`"),
        (["tail", "nowhere"], 2, "no topic 'nowhere'"),
        (["tail", "raw", "--lane", "Not A Lane"], 2, "lane (option or NEWSLOOM_LANE)"),
        (["tail", "raw", "--broker", "nonsense"], 2, "'nonsense' is not auto, embedded or HOST:PORT"),
        (["tail", "raw", "--from", "yesterday"], 2, "'yesterday' is no ISO 8601 time"),
        (["tail", "raw", "--where", "title"], 2, "--where takes field=value"),
        (["tail", "raw", "--broker", "127.0.0.1:1"], 3, "no broker at 127.0.0.1:1"),
        (["push", "x", "--first-seen", "soon"], 2, "'soon' is no ISO 8601 time"),
        (["worker", "--stage", "polish"], 2, "no stage polish; there are normalize, dedupe, enrich, cluster"),
        (["run", "x"], 2, "say --memory"),
        (["stories", "--lane", "a", "show", "x"], 2, "options go behind the command"),
        (["up", "--workers", "0"], 2, "workers (option or NEWSLOOM_WORKERS)"),
    ],
)
def test_an_error_is_one_line_and_a_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"newsloom: {said}")
    assert err.count("\n") == 1


def test_no_broker_in_an_empty_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEWSLOOM_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("NEWSLOOM_BROKER", raising=False)
    assert main(["stories"]) == 3
    assert "start one with `newsloom up`" in capsys.readouterr().err


def test_an_unset_variable_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NEWSLOOM_PARTITIONS", "many")
    assert main(["topics", "create"]) == 2
    assert "NEWSLOOM_PARTITIONS" in capsys.readouterr().err


@pytest.fixture
def demo_fails(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `newsloom demo` raise an exception."""

    def install(error: BaseException) -> None:
        def fail(work: object) -> object:
            work.close()  # type: ignore[attr-defined]
            raise error

        monkeypatch.setattr("streams.cli.demo.run", fail)

    return install


def test_a_bug_is_one_line_unless_debug_is_asked_for(
    demo_fails: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    demo_fails(KeyError("\x1b[31mred"))
    assert main(["demo"]) == 70
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "KeyError" in err
    assert "--debug" in err
    assert "\x1b" not in err
    assert main(["demo", "--debug"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_130_and_silent(
    demo_fails: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    demo_fails(KeyboardInterrupt())
    assert main(["demo"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_leaves_early_causes_no_noise(tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text("".join(f'{{"id": "{n}", "text": "Text number {n}. {"x" * 500}"}}\n' for n in range(2000)))
    read, write = os.pipe()
    command = [sys.executable, "-m", "streams", "push", "--dry-run", str(many)]
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, text=True) as process:
        os.close(write)
        assert os.read(read, 100).startswith(b"{")
        os.close(read)
        _, err = process.communicate(timeout=50)
    assert (process.returncode, err) == (141, "")


def test_python_m_streams_is_the_same_command() -> None:
    done = newsloom("nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "newsloom: No such command 'nope'; see `newsloom --help`\n"
