"""Whether memory stays flat; a script: `python -m tests.bench.bench_memory [ARTICLES]`, 50,000 by default.

Generated short articles, ten minutes apart by their own clock, so that within the run as many expire as come:
what grows then is a leak, not state. They are pushed as fast as the worker takes them, 2,000 at
a time. After each piece the MiB that each role holds are printed, shared pages counted once.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from itertools import islice

from streams.codec import Message, raw_message
from streams.local.broker import Broker, open_broker
from streams.settings import Settings
from tests.bench.engine.contest import CONTESTANTS, WARM_UP, playing, push, until_done
from tests.bench.engine.material import generated

ARTICLES = 50_000
PIECE = 2000
SECONDS_APART = 600.0


def messages() -> Iterator[Message]:
    """Articles without end."""
    return (raw_message(each) for each in generated(words=(60, 160), seconds=SECONDS_APART))


async def soak(broker: Broker, articles: int) -> None:
    """Push in pieces, and look at the memory."""
    source = messages()
    async with playing(CONTESTANTS["newsloom-1"], broker, list(islice(source, WARM_UP))) as (team, tally):
        pushed = WARM_UP
        while pushed < articles:
            piece = list(islice(source, PIECE))
            await push(broker, team.settings, piece)
            pushed += len(piece)
            await until_done(team, tally, pushed)
            print(json.dumps({"articles": pushed} | team.held()), flush=True)


async def main() -> None:
    """Run with a broker of its own."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    async with open_broker(Settings(), ephemeral=True, say=print) as broker:
        await soak(broker, int((sys.argv[1:] or [str(ARTICLES)])[0]))


if __name__ == "__main__":
    asyncio.run(main())
