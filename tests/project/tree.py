"""The project's own files, as the habits' tests see them."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "python_files", "tracked"]

ROOT = Path(__file__).parents[2]

_HIDDEN = {".git", ".venv", "__pycache__", "build", "dist"}


@cache
def tracked() -> tuple[Path, ...]:
    """Files under version control; outside a checkout all that is no build output."""
    if shutil.which("git") and (ROOT / ".git").exists():
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        return tuple(path for name in names.split("\0") if name and (path := ROOT / name).is_file())
    return tuple(path for path in ROOT.rglob("*") if path.is_file() and not _HIDDEN.intersection(path.parts))


def python_files(*folders: str) -> list[Path]:
    """Tracked Python files, of `folders` only when some are given."""
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and (not folders or path.relative_to(ROOT).parts[0] in folders)
    ]
