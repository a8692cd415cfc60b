"""A worker process for tests to torment: stages of the ledger, with a guard taken out when told to.

    python -m tests.integration.victim BOOTSTRAP STAGE[,STAGE] [--slot N] [--mutation NAME[,NAME]]

Settings come from NEWSLOOM_* as for any worker. Mutations are in `tests.integration.mutations`.
"""

import argparse
import asyncio
import logging
import sys

from streams.edge.worker import run_stages
from streams.settings import Settings
from tests.integration import mutations
from tests.integration.ledger import LEDGER


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("stages")
    parser.add_argument("--slot", type=int, default=0)
    parser.add_argument("--mutation", default="")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", force=True)
    for name in filter(None, options.mutation.split(",")):
        getattr(mutations, name)()
    names = options.stages.split(",")
    stages = [stage for stage in LEDGER if stage.name in names]
    return asyncio.run(run_stages(options.bootstrap, Settings(), stages=stages, slot=options.slot))


if __name__ == "__main__":
    sys.exit(main())
