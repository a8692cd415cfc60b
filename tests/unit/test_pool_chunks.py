"""How the pool shares a batch among its processes."""

from itertools import chain

import pytest

from streams.codec import Record
from streams.edge.pool import _chunks

MIB = 1 << 20


def records(*sizes: int) -> list[Record]:
    return [Record("news.raw.v1", 0, offset, b"key", bytes(size)) for offset, size in enumerate(sizes)]


@pytest.mark.parametrize("count", [0, 1, 2, 10, 199, 1000])
@pytest.mark.parametrize("processes", [1, 2, 8])
def test_each_record_is_in_one_chunk_in_order(count: int, processes: int) -> None:
    given = records(*[100] * count)
    assert list(chain.from_iterable(_chunks(given, processes))) == given


def test_a_large_batch_is_handed_over_seldom_and_ends_with_little() -> None:
    sizes = [len(chunk) for chunk in _chunks(records(*[100] * 200), 2)]
    assert len(sizes) <= 12
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1


def test_a_small_batch_is_shared_by_all_processes() -> None:
    assert [len(chunk) for chunk in _chunks(records(*[100] * 4), 4)] == [1, 1, 1, 1]
    assert next(len(chunk) for chunk in _chunks(records(*[100] * 10), 2)) == 5


def test_large_documents_are_not_in_memory_together() -> None:
    chunks = list(_chunks(records(*[5 * MIB] * 3, *[MIB // 4] * 6, 5 * MIB), 1))
    assert [len(chunk) for chunk in chunks] == [1, 1, 1, 4, 3]
    assert all(sum(len(record.value or b"") for record in chunk[:-1]) < MIB for chunk in chunks)
