"""A worker with a guard taken out, for the tests that show that the oracle bites.

python victim.py MUTATION --slot N --stage NAME...
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from typing import Any

from faust.types import TP

from streams.app import STAGES
from streams.edge import worker
from streams.edge.agents import Work
from streams.edge.hardened import HardenedApp
from streams.edge.reader import record_from
from streams.endpoint import Endpoint
from streams.settings import Settings
from streams.state.dedupe_state import Ledger


def none() -> None:
    """All guards in place: the control."""


def commit_first() -> None:
    """The input is acked and committed before its outputs are sent."""

    async def consume(app: HardenedApp, work: Work) -> None:
        consumer = app.consumer
        while True:
            batch = await consumer.inbox.take(app.settings.batch_records, app.settings.batch_wait_s)
            consumer.acked(batch)
            done = {tp: offset + 1 for tp, offset in _last(batch.records).items()}
            while any((consumer._committed_offset[tp] or 0) < offset for tp, offset in done.items()):
                await consumer.commit()  # which does nothing while another one is under way
                await asyncio.sleep(0.01)
            app.failpoint.reach("read")
            await work([record_from(record) for record in batch.records])

    setattr(worker, "consume", consume)  # noqa: B010 - to the type checker it is nobody's to set


def _last(records: Sequence[Any]) -> dict[TP, int]:
    return {TP(record.topic, record.partition): record.offset for record in records}


def no_id_dedupe() -> None:
    """The stage dedupe does not know a document by its id, so a redelivery looks like another's copy."""
    setattr(Ledger, "document", lambda *_: None)  # noqa: B010 - as above


MUTATIONS = {mutation.__name__: mutation for mutation in (none, commit_first, no_id_dedupe)}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("mutation", choices=MUTATIONS)
    parser.add_argument("--slot", type=int, default=0)
    parser.add_argument("--stage", action="append", default=[])
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    MUTATIONS[options.mutation]()
    settings, stages = Settings(), options.stage or STAGES
    return asyncio.run(worker.run_worker(Endpoint(settings.broker), settings, stages=stages, slot=options.slot))


if __name__ == "__main__":
    sys.exit(main())
