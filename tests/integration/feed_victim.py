"""A poller process for tests, in time that runs faster: python -m tests.integration.feed_victim BROKER TIME SPEED."""

import asyncio
import logging
import sys
from pathlib import Path

from streams.endpoint import Endpoint
from streams.feeds.journal import Journal
from streams.feeds.run import run_poller, stopped_by_signals
from streams.settings import Settings
from tests.integration.feed_pace import FastPace


async def main() -> None:
    """Poll until SIGTERM; time passes while it does."""
    address, path, speed = sys.argv[1:]
    endpoint = Endpoint(address)
    settings, pace = Settings(), FastPace(Path(path), float(speed))
    async with Journal(endpoint, settings) as journal:
        beating = asyncio.create_task(pace.follow(journal.raw_ends))
        await run_poller(endpoint, settings, stopped_by_signals(asyncio.Event()), pace=pace)
        beating.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    asyncio.run(main())
