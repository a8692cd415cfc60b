"""The runbook's commands, run as they stand: every block of deploy/README.md under `<!-- run -->`, in one shell."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from streams.local.runtime import ready_runtime
from streams.settings import Settings
from tests.project.tree import ROOT

LIMIT_S = 400

BLOCK = re.compile(r"^<!-- run -->\n```console\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)

# A command that fails ends the shell, and with it what it has started.
HEAD = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"


def blocks() -> list[str]:
    return BLOCK.findall((ROOT / "deploy" / "README.md").read_text(encoding="utf-8"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that looks like the top of a checkout, to the commands, and may be written to."""
    samples = tmp_path / "streams" / "local"
    samples.mkdir(parents=True)
    shutil.copytree(ROOT / "streams" / "local" / "samples", samples / "samples")
    return tmp_path


def environment(place: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLOOM_")}  # noqa: TID251
    programs = f"{Path(sys.executable).parent}:{kept['PATH']}"
    return kept | {"PATH": programs, "NEWSLOOM_STATE_DIR": str(place / "state")}


@pytest.mark.kafka
@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S + 30)
def test_the_commands_of_the_runbook_do_what_it_says(place: Path) -> None:
    """Back up, lose everything, restore, upgrade: the audit agrees, the stories are as before, a dump is whole."""
    ready_runtime(Settings(), print)
    said = place / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-xc", HEAD + "".join(blocks())],
            cwd=place,
            env=environment(place),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(LIMIT_S)
        finally:
            with suppress(ProcessLookupError):  # whatever a block that failed has left
                os.killpg(process.pid, signal.SIGKILL)
    assert code == 0, said.read_text(errors="replace")[-4000:]
    assert said.read_text(errors="replace").count("all agrees") == 2


def test_a_command_that_fails_is_noticed(place: Path) -> None:
    """Each block ends the shell at its first failure: none of them hides one."""
    command = ["bash", "-c", HEAD + "newsloom health | cat\necho went on"]
    done = subprocess.run(command, cwd=place, env=environment(place), check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")
