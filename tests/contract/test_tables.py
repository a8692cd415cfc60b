"""The tables that need no broker; the Faust adapter runs the same suite in tests/integration."""

from streams.state.memory import MemoryTable
from streams.state.overlay import Overlay
from streams.state.protocols import Table
from tests.contract.table_suite import TableSuite


class TestMemoryTable(TableSuite):
    def fresh(self) -> Table:
        return MemoryTable()


class TestOverlay(TableSuite):
    def fresh(self) -> Table:
        return Overlay(MemoryTable())


class TestOverlayOverWhatWasDeleted(TableSuite):
    """Writes in all three layers, all of them undone or deleted: as good as empty."""

    def fresh(self) -> Table:
        base = MemoryTable()
        for key in (b"", b"a", b"\xff"):
            base.put(key, b"old")
        overlay = Overlay(base)
        for key in (b"", b"a", b"\xff"):
            overlay.delete(key)
        overlay.put(b"ab", b"kept")
        overlay.keep()
        overlay.delete(b"ab")
        return overlay
