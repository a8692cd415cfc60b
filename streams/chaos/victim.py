"""A worker as `newsloom worker`, with the troubled topology, and a clock that may be wrong.

    python -m streams.chaos.victim --slot N --stage NAME...

NEWSLOOM_CHAOS_SKEW_S is added to what Python says is the time.
"""

import argparse
import logging
import os
import sys
import time

import uvloop

from streams.chaos.trouble import TROUBLED
from streams.edge.worker import run_stages
from streams.endpoint import endpoint_at
from streams.settings import Settings

__all__ = ["main"]


def main() -> int:
    """Run one worker; its exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slot", type=int, default=0)
    parser.add_argument("--stage", action="append", default=[])
    options = parser.parse_args()
    _skew(float(os.environ.get("NEWSLOOM_CHAOS_SKEW_S", "0")))  # noqa: TID251 - no setting of the product
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("newsloom").setLevel(logging.INFO)
    settings = Settings()
    stages = [stage for stage in TROUBLED if not options.stage or stage.name in options.stage]
    return uvloop.run(run_stages(endpoint_at(settings.broker, settings), settings, stages=stages, slot=options.slot))


def _skew(seconds: float) -> None:
    if seconds:
        true = time.time
        time.time = lambda: true() + seconds


if __name__ == "__main__":
    sys.exit(main())
