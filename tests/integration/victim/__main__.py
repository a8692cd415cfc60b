"""A worker process for tests to torment: stages of the ledger, with a guard taken out when told to.

    python -m tests.integration.victim BOOTSTRAP STAGE[,STAGE] --notes FOLDER
        [--slot N] [--mutation NAME[,NAME]] [--pool]

Settings come from NEWSLOOM_* as for any worker. Mutations are in `tests.integration.mutations`;
they talk with the test by files in FOLDER. Without `--pool` stages run on the event loop: that
saves the CPU processes, which have tests of their own.
"""

import argparse
import logging
import sys
from pathlib import Path

import uvloop

from streams.edge import worker
from streams.endpoint import Endpoint
from streams.settings import Settings
from tests.integration import mutations
from tests.integration.inline import InlinePool
from tests.integration.ledger import LEDGER
from tests.integration.notes import Notes


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("stages")
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--slot", type=int, default=0)
    parser.add_argument("--mutation", default="")
    parser.add_argument("--pool", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", force=True)
    if not options.pool:
        setattr(worker, "Pool", InlinePool)  # noqa: B010 - to the type checker it is nobody's to set
    for name in filter(None, options.mutation.split(",")):
        getattr(mutations, name)(Notes(options.notes))
    names = options.stages.split(",")
    stages = [stage for stage in LEDGER if stage.name in names]
    return uvloop.run(worker.run_stages(Endpoint(options.bootstrap), Settings(), stages=stages, slot=options.slot))


if __name__ == "__main__":
    sys.exit(main())
