"""What was promised before: every JSON Schema that git has ever seen in a place.

Records outlive commits, so a contract is compared with all its committed forms, not only
with the last one. Nothing in the working tree is a baseline: a change of the model and
of its generated schema in one commit is still seen.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Break", "HistoryError", "accepted_breaks", "committed"]

ACCEPTED = "accepted_breaks.json"


class HistoryError(RuntimeError):
    """There is no full git history to compare with."""


@dataclass(frozen=True, slots=True)
class Break:
    """A break made on purpose, before anybody depended on the version: which, and why."""

    contract: str
    change: str
    reason: str


def accepted_breaks(folder: Path) -> tuple[Break, ...]:
    """Breaks listed beside `folder`; see README.md there for when that is allowed."""
    path = folder.parent / ACCEPTED
    return tuple(Break(**item) for item in json.loads(path.read_text(encoding="utf-8")))


def committed(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Commit and content of each form of the JSON file `path` up to HEAD, newest first.

    HistoryError in a shallow clone or outside git: a check that cannot see must not pass.
    """
    folder = path.parent
    if _git(folder, "rev-parse", "--is-shallow-repository").strip() != "false":
        raise HistoryError("shallow clone: fetch the whole history to check the schemas")
    for commit in _git(folder, "log", "--format=%H", "--diff-filter=AM", "--", path.name).split():
        yield commit, json.loads(_git(folder, "show", f"{commit}:./{path.name}"))


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise HistoryError(f"git {arguments[0]}: {getattr(error, 'stderr', '') or error}") from error
    return done.stdout
