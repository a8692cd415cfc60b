"""Which files of a folder are whole and not yet known. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Face", "Settling", "is_ours"]

_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", "~")


class Face(NamedTuple):
    """What a look at a folder tells of a file: size in bytes, modification time in ns, whether it is a regular file."""

    size: int
    modified_ns: int
    regular: bool = True


def is_ours(name: str) -> bool:
    """Whether a file or folder of this name is looked at: hidden and unfinished ones are not."""
    return not name.startswith(".") and not name.lower().endswith(_UNFINISHED)


class Settling:
    """Files are taken for whole once `looks` looks in a row have found the same face.

    A file that is renamed into place is settled just so, and a moment later than it could be.
    """

    def __init__(self, looks: int) -> None:
        self._looks = looks
        self._found: dict[str, tuple[Face, int]] = {}

    @property
    def waiting(self) -> int:
        """Files that are new or have changed and are not settled yet."""
        return sum(count < self._looks for _, count in self._found.values())

    def look(self, seen: Mapping[str, Face], known: Mapping[str, Face]) -> list[str]:
        """Paths to take now, in order; `known` are the faces with which files were done."""
        found: dict[str, tuple[Face, int]] = {}
        for path, face in seen.items():
            if known.get(path) == face:
                continue
            before, count = self._found.get(path, (face, 0))
            found[path] = (face, count + 1 if before == face else 1)
        self._found = found
        return sorted(path for path, (_, count) in found.items() if count >= self._looks)
