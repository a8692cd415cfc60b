"""Functions that are named now and imported when they are first called."""

from dataclasses import dataclass
from functools import cache
from pkgutil import resolve_name
from typing import Any

__all__ = ["Deferred"]

_found = cache(resolve_name)


@dataclass(frozen=True, slots=True)
class Deferred:
    """The function or class at `place`, `package.module:name`, for those who may never call it.

    Who only looks at the flow, a client or the command line, is spared the import of all that the stages need:
    a second on slow cores, at every start.
    """

    place: str

    def __call__(self, *args: Any) -> Any:
        """Call it; ImportError or AttributeError when there is no such thing."""
        return _found(self.place)(*args)

    def load(self) -> None:
        """Import it now, so that the first call need not."""
        _found(self.place)
