"""Writes that wait: kept, undone, taken; its table behaviour is in tests/contract/test_tables.py."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streams.state.memory import MemoryTable
from streams.state.overlay import Overlay

KEYS = st.binary(max_size=2)
VALUES = st.binary(max_size=4)


def test_writes_reach_the_base_only_when_taken() -> None:
    base = MemoryTable()
    overlay = Overlay(base)
    overlay.put(b"a", b"1")
    overlay.keep()
    assert (overlay.get(b"a"), base.get(b"a")) == (b"1", None)
    assert overlay.take() == {b"a": b"1"}


def test_undo_forgets_the_record_in_hand_alone() -> None:
    overlay = Overlay(MemoryTable())
    overlay.put(b"a", b"1")
    overlay.keep()
    overlay.put(b"a", b"2")
    overlay.put(b"b", b"2")
    overlay.undo()
    assert list(overlay.items()) == [(b"a", b"1")]
    assert overlay.take() == {b"a": b"1"}


def test_the_record_in_hand_is_not_taken() -> None:
    overlay = Overlay(MemoryTable())
    overlay.put(b"a", b"1")
    assert overlay.take() == {}
    overlay.keep()
    assert overlay.take() == {b"a": b"1"}


def test_deleting_what_was_never_there_leaves_no_trace() -> None:
    overlay = Overlay(MemoryTable())
    overlay.delete(b"a")
    overlay.keep()
    assert overlay.take() == {}


def test_writes_are_taken_in_key_order_and_once() -> None:
    overlay = Overlay(MemoryTable())
    for key in (b"b", b"\xff", b"a"):
        overlay.put(key, b"")
    overlay.keep()
    assert list(overlay.take()) == [b"a", b"b", b"\xff"]
    assert overlay.take() == {}


def test_size_counts_kept_bytes_until_they_are_taken() -> None:
    overlay = Overlay(MemoryTable())
    overlay.put(b"ab", b"123")
    assert overlay.size_bytes == 0
    overlay.keep()
    assert overlay.size_bytes == 5
    overlay.take()
    assert overlay.size_bytes == 0


class OverlayMachine(RuleBasedStateMachine):
    """An overlay over a base equals a dict with savepoints, whatever is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.base = MemoryTable()
        self.overlay = Overlay(self.base)
        self.model: dict[bytes, bytes] = {}
        self.kept: dict[bytes, bytes] = {}

    @rule(key=KEYS, value=VALUES)
    def put(self, key: bytes, value: bytes) -> None:
        self.overlay.put(key, value)
        self.model[key] = value

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        self.overlay.delete(key)
        self.model.pop(key, None)

    @rule()
    def keep(self) -> None:
        self.overlay.keep()
        self.kept = dict(self.model)

    @rule()
    def undo(self) -> None:
        self.overlay.undo()
        self.model = dict(self.kept)

    @rule()
    def flush(self) -> None:
        """The edge takes after each record; what is in hand then is nothing."""
        self.keep()
        for key, value in self.overlay.take().items():
            self.base.delete(key) if value is None else self.base.put(key, value)
        assert list(self.base.items()) == sorted(self.model.items())

    @invariant()
    def equals_the_model(self) -> None:
        assert list(self.overlay.items()) == sorted(self.model.items())


TestOverlayMachine = OverlayMachine.TestCase
TestOverlayMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
