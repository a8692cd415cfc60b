"""A worker with a guard taken out, for the tests that show that the oracle bites.

python victim.py MUTATION --slot N --stage NAME...
"""

import argparse
import asyncio
import logging
import sys
from typing import Any

from streams.app import STAGES
from streams.edge import worker
from streams.edge.agents import Work, record_of
from streams.edge.hardened import HardenedApp
from streams.settings import Settings
from streams.state.dedupe_state import Ledger


def none() -> None:
    """All guards in place: the control."""


def commit_first() -> None:
    """The input is acked and committed before its outputs are sent."""

    async def consume(stream: Any, app: HardenedApp, work: Work) -> None:
        async for events in stream.noack_take(app.settings.batch_records, within=app.settings.batch_wait_s):
            for event in events:
                event.ack()
            done = {event.message.tp: event.message.offset + 1 for event in events}
            while any((app.consumer._committed_offset[tp] or 0) < offset for tp, offset in done.items()):
                await app.consumer.commit()  # which does nothing while another one is under way
                await asyncio.sleep(0.01)
            app.failpoint.reach("read")
            await work([record_of(event) for event in events])

    setattr(worker, "consume", consume)  # noqa: B010 - to the type checker it is nobody's to set


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
    return asyncio.run(worker.run_worker(settings.broker, settings, stages=stages, slot=options.slot))


if __name__ == "__main__":
    sys.exit(main())
