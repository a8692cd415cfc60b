"""Which broker an SDK call talks to."""

from streams.endpoint import Endpoint, endpoint_at
from streams.errors import BrokerError
from streams.local.broker import find_broker
from streams.settings import Settings

__all__ = ["endpoint_of"]


async def endpoint_of(settings: Settings, bootstrap: str | Endpoint | None) -> Endpoint:
    """`bootstrap` with the security of `settings`, or the broker that they name; BrokerError when none runs."""
    if bootstrap is not None:
        return bootstrap if isinstance(bootstrap, Endpoint) else endpoint_at(bootstrap, settings)
    if (broker := await find_broker(settings)) is None:
        raise BrokerError("no broker is running; start one with `newsloom up`, or give HOST:PORT")
    return broker.endpoint
