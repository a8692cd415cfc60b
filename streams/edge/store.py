"""A local store that is only ever a copy of its changelog: what cannot be read is thrown away."""

import logging
import shutil
from typing import Any

from faust.stores.rocksdb import Store

from streams.state.protocols import StateError

__all__ = ["RebuildingStore", "is_damage"]

log = logging.getLogger("newsloom.store")

# Another process, or this one, has the store open: it is not damaged.
_LOCKED = ("lock hold", "/LOCK")


class RevokedError(RuntimeError):
    """A partition that has been taken from this worker was read."""


class RebuildingStore(Store):  # type: ignore[misc]
    """Faust's RocksDB store; a partition that does not open is emptied, and recovery fills it again."""

    def opened(self, partition: int) -> Any:
        """The database of a partition that is ours. Not to be kept: it is closed when nobody holds it.

        Whoever did would lock the partition out when it comes back, and with it the whole group: Faust
        tries for half a minute to open it, in the middle of the rebalance.
        """
        try:
            return self._dbs[partition]
        except KeyError:
            raise RevokedError(f"partition {partition} of {self.table_name} is not ours") from None

    def _open_for_partition(self, partition: int) -> Any:
        try:
            return super()._open_for_partition(partition)
        except Exception as error:
            if any(mark in str(error) for mark in _LOCKED):
                raise
            path = self.partition_path(partition)
            log.warning("the local store %s is damaged and is rebuilt: %s", path, error)
            shutil.rmtree(path, ignore_errors=True)
            return super()._open_for_partition(partition)


def is_damage(error: BaseException | None) -> bool:
    """Whether `error` says that a local store cannot be read; rocksdict raises bare exceptions."""
    return isinstance(error, StateError) or (type(error) is Exception and "Corruption" in str(error))
