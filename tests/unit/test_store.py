"""The local store of a partition: open while it is ours, and nobody can keep it open for longer."""

from pathlib import Path

import pytest
from faust.types import TP

from streams.edge.hardened import new_app
from streams.edge.store import RevokedError
from streams.edge.table import AtomicTable
from streams.edge.worker import _table
from streams.endpoint import Endpoint
from streams.settings import Settings


@pytest.fixture
def table(tmp_path: Path) -> AtomicTable:
    return _table(
        new_app("store", endpoint=Endpoint("localhost:9"), settings=Settings(), datadir=str(tmp_path)), "state"
    )


def test_a_partition_that_comes_back_opens_though_somebody_kept_its_view(table: AtomicTable) -> None:
    tp = TP("state", 0)
    kept = table.view(0)
    table._write(tp, [(b"key", b"value")], position=0, offset=0)
    table.data.revoke_partitions(table, {tp})
    with pytest.raises(RevokedError, match="partition 0 of state is not ours"):
        kept.get(b"key")
    assert table.view(0).get(b"key") == b"value"  # locked, it would not open
