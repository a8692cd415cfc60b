"""Documents pushed into a running project while it is harmed, and the audit of what came of them."""

import asyncio
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from streams.audit import AuditReport, audit
from streams.chaos.documents import generate
from streams.edge.admin import total_lag
from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.ingest.push import push
from streams.settings import Settings

__all__ = ["Load"]

_MOST = 10_000
_RECOVERED_S = 90
_POLL_S = 0.25


class Load:
    """What is pushed into the project at `bootstrap`; `acknowledged` holds the ids that its broker has confirmed."""

    def __init__(self, bootstrap: str, folder: Path, *, seed: int) -> None:
        self.acknowledged: set[str] = set()
        self._endpoint = Endpoint(bootstrap)
        self._settings = Settings(broker=bootstrap, state_dir=folder)
        self._documents = generate(_MOST, seed=seed)

    async def push(self, count: int) -> None:
        """Push the next `count` documents."""
        await push(
            self._endpoint,
            self._settings,
            islice(self._documents, count),
            on_ack=lambda document: self.acknowledged.add(document.document_id),
        )

    async def recovered(self, harm: Callable[[], None]) -> float:
        """Push 50 documents, do `harm` at once, push 50 more; seconds from then until all are through."""
        await self.push(50)
        begun = time.monotonic()
        await asyncio.to_thread(harm)
        await self.push(50)
        await self.through()
        return time.monotonic() - begun

    async def through(self) -> None:
        """Wait for lag 0."""
        give_up = time.monotonic() + _RECOVERED_S
        while any((lag := await self._lag()).values()):
            assert time.monotonic() < give_up, f"lag stays: {lag}"
            await asyncio.sleep(_POLL_S)

    async def _lag(self) -> dict[str, int]:
        try:
            return await total_lag(self._endpoint, self._settings)
        except BrokerError as error:
            return {str(error): 1}

    async def audit(self) -> AuditReport:
        """Everything against its recomputation."""
        return await audit(self._endpoint, self._settings, acknowledged=self.acknowledged)

    def summary(self, report: AuditReport) -> str:
        """Acknowledged, lost, repeated and different, in words."""
        repeated = report.raw_records - report.raw_ids + sum(stage.repeated for stage in report.stages)
        different = sum(len(stage.different) + len(stage.table_differences) for stage in report.stages)
        said = f"{len(self.acknowledged)} ids acknowledged, {len(report.lost)} lost, {len(report.in_two)} doubled, "
        return said + f"{repeated} records repeated, {different} different"
