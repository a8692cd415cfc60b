"""A histogram that takes a batch of values at a time: the client library's costs microseconds for each value."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector

__all__ = ["Spread"]


class Spread(Collector):
    """A histogram with one label; `buckets` are upper bounds, ascending. Written by one thread, read by any."""

    def __init__(self, name: str, text: str, label: str, buckets: Sequence[float]) -> None:
        self._name, self._text, self._label = name, text, label
        self._bounds = tuple(buckets)
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def add(self, which: str, values: Iterable[float]) -> None:
        """Count `values` under the label's value `which`."""
        counts = self._counts.setdefault(which, [0] * (len(self._bounds) + 1))
        total = 0.0
        for value in values:
            counts[bisect_left(self._bounds, value)] += 1
            total += value
        self._sums[which] = self._sums.get(which, 0.0) + total

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The family as it is now."""
        family = HistogramMetricFamily(self._name, self._text, labels=[self._label])
        names = [*(repr(float(bound)) for bound in self._bounds), "+Inf"]
        for which, total in list(self._sums.items()):
            buckets = list(zip(names, accumulate(self._counts[which]), strict=True))
            family.add_metric([which], buckets, total)
        yield family
