"""A redrive that kills itself: `python -m tests.integration.dlq_victim BOOTSTRAP NUMBER before|half|after`.

It goes at its NUMBERth send of a batch. Settings come from NEWSLOOM_*, as for the command.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable

from streams.codec import Message
from streams.dlq.redrive import Undertaking
from streams.dlq.selection import Selection
from streams.dlq.verdict import Decree
from streams.edge.outbox import Outbox
from streams.settings import Settings
from tests.builders import SEEN_AT

DECREE = Decree(by="victim", why="a test", at=SEEN_AT)


def die_at(number: int, point: str) -> None:
    send, sent = Outbox.send, 0

    async def dying(outbox: Outbox, messages: Iterable[Message], *, partition: int | None = None) -> list[int]:
        nonlocal sent
        messages = list(messages)
        sent += bool(messages)
        if messages and sent == number:
            share = {"before": 0, "half": len(messages) // 2, "after": len(messages)}[point]
            await send(outbox, messages[:share], partition=partition)
            os.kill(os.getpid(), signal.SIGKILL)
        return await send(outbox, messages, partition=partition)

    setattr(Outbox, "send", dying)  # noqa: B010 - to the type checker it is nobody's to set


async def main() -> None:
    bootstrap, number, point = sys.argv[1:]
    die_at(int(number), point)
    async with Undertaking(bootstrap, Settings(), DECREE, dry_run=False) as undertaking:
        await undertaking.redrive(Selection(), max_cycles=3)


if __name__ == "__main__":
    asyncio.run(main())
