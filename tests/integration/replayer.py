"""A replay in a process of its own, for whoever kills it."""

import asyncio
import multiprocessing
from multiprocessing.process import BaseProcess

from streams.endpoint import Endpoint
from streams.replay.plan import Order
from streams.replay.run import Manner, replay
from streams.settings import Settings

__all__ = ["start"]

_FORK = multiprocessing.get_context("forkserver")
_FORK.set_forkserver_preload([__name__])


def _run(endpoint: Endpoint, settings: Settings, order: Order, manner: Manner) -> None:
    asyncio.run(replay(endpoint, settings, order, manner))


def start(endpoint: Endpoint, settings: Settings, order: Order, manner: Manner) -> BaseProcess:
    """Start a replay; all imports are done once for all of them."""
    process = _FORK.Process(target=_run, args=(endpoint, settings, order, manner), daemon=True)
    process.start()
    return process
