"""Tools that kill themselves: a redrive and a watcher, in processes of their own, that go at a given send.

A death is (who, number, point): at the NUMBERth send of `Outbox` (batches) or `Sender` (documents), before it, when
half of it is acknowledged, or after it.
"""

import asyncio
import multiprocessing as mp
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from schemas import RawDocument
from streams.codec import Message
from streams.dlq.redrive import Undertaking
from streams.dlq.selection import Selection
from streams.dlq.verdict import Decree
from streams.drop.folder import Folder
from streams.drop.watch import Plan, watching
from streams.edge.outbox import Outbox
from streams.endpoint import Endpoint
from streams.ingest import IngestOptions
from streams.ingest.sender import Ack, Sender
from streams.settings import Settings
from tests.builders import SEEN_AT

__all__ = ["DECREE", "Death", "killed", "plan_of", "redrive", "watch"]

Death = tuple[Literal["outbox", "sender"], int, Literal["before", "half", "after"]]

DECREE = Decree(by="victim", why="a test", at=SEEN_AT)
_CONTEXT = mp.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


async def killed(work: Callable[[Settings, Death, Path], None], settings: Settings, death: Death, folder: Path) -> int:
    """Run `work` in a process of its own; its exit code: -9, or 0 when it came to its end first."""
    process = _CONTEXT.Process(target=work, args=(settings, death, folder))
    process.start()
    await asyncio.to_thread(process.join)
    code = process.exitcode
    process.close()
    assert code in (0, -signal.SIGKILL)
    return int(code or 0)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(death: Death) -> None:
    who, number, point = death
    if who == "outbox":
        setattr(Outbox, "send", _mortal_outbox(number, point))  # noqa: B010 - to the type checker it is nobody's to set
    else:
        setattr(Sender, "send", _mortal_sender(number, point))  # noqa: B010 - as above


def _mortal_outbox(number: int, point: str) -> Callable[..., object]:
    send, sent = Outbox.send, 0

    async def dying(outbox: Outbox, messages: Iterable[Message], *, partition: int | None = None) -> list[int]:
        nonlocal sent
        messages = list(messages)
        sent += bool(messages)
        if messages and sent == number:
            share = {"before": 0, "half": len(messages) // 2, "after": len(messages)}[point]
            await send(outbox, messages[:share], partition=partition)
            _die()
        return await send(outbox, messages, partition=partition)

    return dying


def _mortal_sender(number: int, point: str) -> Callable[..., object]:
    send, sent = Sender.send, 0

    async def dying(sender: Sender, document: RawDocument) -> "asyncio.Future[Ack]":
        nonlocal sent
        sent += 1
        if sent == number and point == "before":
            _die()
        ack = await send(sender, document)
        if sent == number:
            await ack
            _die()
        return ack

    return dying


def redrive(settings: Settings, death: Death, _: Path) -> None:
    """Redrive all that is open."""

    async def work() -> None:
        async with Undertaking(Endpoint(settings.broker), settings, DECREE, dry_run=False) as undertaking:
            await undertaking.redrive(Selection(), max_cycles=3)

    _arm(death)
    asyncio.run(work())


def plan_of(folder: Path, **changes: object) -> Plan:
    """A plan that takes every file at its first sight."""
    fields = {"folder": Folder(folder), "options": IngestOptions(now=SEEN_AT), "looks": 1} | changes
    return Plan(**fields)  # type: ignore[arg-type]


def watch(settings: Settings, death: Death, folder: Path) -> None:
    """Watch `folder` until everything in it is taken."""

    async def work() -> None:
        async with watching(Endpoint(settings.broker), settings, plan_of(folder)) as watcher:
            while await watcher.look():
                pass

    _arm(death)
    asyncio.run(work())
