"""Which broker an SDK call talks to."""

from streams.errors import BrokerError
from streams.local.broker import find_broker
from streams.settings import Settings

__all__ = ["bootstrap_of"]


async def bootstrap_of(settings: Settings) -> str:
    """Address of the broker that `settings` name; BrokerError when none is running."""
    if (broker := await find_broker(settings)) is None:
        raise BrokerError("no broker is running; start one with `newsloom up`, or give HOST:PORT")
    return broker.bootstrap
