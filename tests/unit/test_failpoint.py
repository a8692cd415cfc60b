"""Faults on demand: which point, how often reached, and what is refused."""

import os
import signal

import pytest

from streams.edge.failpoint import POINTS, Failpoint
from streams.errors import UsageError


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    signals: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _, number: signals.append(number))
    return signals


def test_the_fault_comes_at_the_nth_time_and_only_then(sent: list[int]) -> None:
    failpoint = Failpoint.of("dedupe:table:2", "dedupe")
    fired = []
    for _ in range(4):
        failpoint.reach("table")
        fired.append(len(sent))
    assert (fired, sent) == ([0, 1, 1, 1], [signal.SIGKILL])


def test_other_points_are_counted_apart(sent: list[int]) -> None:
    failpoint = Failpoint.of("dedupe:commit:1:STOP", "dedupe")
    for point in POINTS[:-1]:
        failpoint.reach(point)
    assert sent == []
    failpoint.reach("commit")
    assert sent == [signal.SIGSTOP]


@pytest.mark.parametrize("setting", ["", "cluster:read:1"])
def test_another_stage_or_none_never_fails(setting: str, sent: list[int]) -> None:
    failpoint = Failpoint.of(setting, "dedupe")
    for point in POINTS:
        failpoint.reach(point)
        assert not failpoint.armed(point)
    assert sent == []


@pytest.mark.parametrize(
    "setting", ["dedupe", "dedupe:read", "dedupe:nowhere:1", "dedupe:read:x", "dedupe:read:1:NOPE"]
)
def test_a_malformed_setting_is_named(setting: str) -> None:
    with pytest.raises(UsageError, match="is not STAGE:POINT:N"):
        Failpoint.of(setting, "dedupe")
