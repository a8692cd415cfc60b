"""A process that follows the topics of a lane into a read model until it is killed: `python -m` this module."""

import asyncio
import sys

from streams.endpoint import Endpoint
from streams.readmodel.follow import Follower
from streams.settings import Settings


async def follow(endpoint: Endpoint) -> None:
    """Say so at the start, then follow."""
    print("following", flush=True)  # noqa: T201 - who started us waits for it
    await Follower(endpoint, Settings()).run()


if __name__ == "__main__":
    asyncio.run(follow(Endpoint(sys.argv[1])))
