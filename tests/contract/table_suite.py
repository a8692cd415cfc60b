"""What every adapter of `streams.state.protocols.Table` must do; each test file derives it for one adapter."""

from abc import ABC, abstractmethod

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.state.protocols import Table

__all__ = ["TableSuite"]

KEYS = st.binary(max_size=3)
STEPS = st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=5)), max_size=40)


class TableSuite(ABC):
    """Derive, give a fixture or method `fresh`, and pytest does the rest."""

    @abstractmethod
    def fresh(self) -> Table:
        """An empty table."""

    @pytest.fixture
    def table(self) -> Table:
        return self.fresh()

    def test_is_empty_at_first(self, table: Table) -> None:
        assert table.get(b"a") is None
        assert list(table.items()) == []

    def test_a_write_is_visible_at_once(self, table: Table) -> None:
        table.put(b"a", b"1")
        assert table.get(b"a") == b"1"
        table.put(b"a", b"2")
        assert (table.get(b"a"), list(table.items())) == (b"2", [(b"a", b"2")])

    def test_a_deleted_key_is_gone_and_may_come_back(self, table: Table) -> None:
        table.put(b"a", b"1")
        table.delete(b"a")
        assert (table.get(b"a"), list(table.items())) == (None, [])
        table.put(b"a", b"2")
        assert list(table.items()) == [(b"a", b"2")]

    def test_deleting_what_is_absent_does_nothing(self, table: Table) -> None:
        table.delete(b"a")
        assert list(table.items()) == []

    def test_empty_keys_and_values_are_keys_and_values(self, table: Table) -> None:
        table.put(b"", b"")
        assert (table.get(b""), list(table.items())) == (b"", [(b"", b"")])

    def test_any_bytes_are_kept_as_they_are(self, table: Table) -> None:
        every = bytes(range(256))
        table.put(every, every[::-1])
        assert list(table.items()) == [(every, every[::-1])]

    def test_items_ascend_by_unsigned_bytes(self, table: Table) -> None:
        keys = [b"\xff", b"a\0", b"a", b"\x80", b"ab", b""]
        for key in keys:
            table.put(key, key)
        assert [key for key, _ in table.items()] == sorted(keys)

    def test_items_may_be_read_while_the_table_changes(self, table: Table) -> None:
        for number in range(10):
            table.put(bytes([number]), b"x")
        left = 10
        for key, _ in table.items():  # noqa: PERF102 - a table is no dict
            table.delete(key)
            left -= 1
        assert (left, list(table.items())) == (0, [])

    @settings(suppress_health_check=[HealthCheck.differing_executors], max_examples=60)
    @given(steps=STEPS)
    def test_it_is_a_dict(self, steps: list[tuple[bytes, bytes | None]]) -> None:
        table, model = self.fresh(), dict[bytes, bytes]()
        for key, value in steps:
            if value is None:
                table.delete(key)
                model.pop(key, None)
            else:
                table.put(key, value)
                model[key] = value
            assert table.get(key) == model.get(key)
        assert list(table.items()) == sorted(model.items())
