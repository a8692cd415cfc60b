"""Waiting for what can be seen from outside."""

import time
from collections.abc import Callable

__all__ = ["wait"]

_POLL_S = 0.5


def wait(condition: Callable[[], bool], what: str, *, within_s: float) -> float:
    """Seconds until `condition` came true; AssertionError when it does not."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < within_s, f"not within {within_s:g} s: {what}"
        time.sleep(_POLL_S)
    return time.monotonic() - begun
