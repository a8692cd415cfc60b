"""Token buckets: how often a client may ask, with time as an argument."""

from collections import OrderedDict

__all__ = ["Buckets"]

_MAX_CLIENTS = 10_000


class Buckets:
    """A bucket a client: `rate` requests a second on average, `burst` at once; a `rate` of 0 sets no bounds.

    At most ten thousand clients are remembered; the one unheard of for longest is forgotten.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, at: float) -> float:
        """Take one at the time `at` (seconds); 0 when there was one, else seconds until there will be."""
        if self._rate <= 0:
            return 0.0
        left, since = self._clients.pop(client, (self._burst, at))
        left = min(self._burst, left + max(0.0, at - since) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._clients[client] = (left - 1 if wait == 0 else left, at)
        if len(self._clients) > _MAX_CLIENTS:
            self._clients.popitem(last=False)
        return wait
