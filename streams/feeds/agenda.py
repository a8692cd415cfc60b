"""Which sources are to be polled now: by time, then by host, so that a slow host holds up nobody else. Pure."""

import heapq
from collections import Counter, defaultdict, deque
from datetime import datetime

__all__ = ["Agenda"]


class Agenda:
    """Sources by when they are due; at most `per_host` of a host and `at_once` in all are under way."""

    def __init__(self, *, at_once: int, per_host: int) -> None:
        self._at_once = at_once
        self._per_host = per_host
        self._due: list[tuple[datetime, str]] = []
        self._entries: dict[str, tuple[datetime, str]] = {}
        self._waiting: dict[str, deque[str]] = defaultdict(deque)
        self._running: dict[str, str] = {}
        self._busy: Counter[str] = Counter()

    @property
    def running(self) -> int:
        """How many are under way."""
        return len(self._running)

    def due(self, now: datetime) -> int:
        """How many should be under way at `now` and are not."""
        return sum(at <= now for at, _ in self._entries.values())

    def put(self, source_id: str, host: str, at: datetime) -> None:
        """Have a source polled at `at`, in place of what was planned; one under way may be put again at its end."""
        if self._entries.get(source_id) != (at, host):
            self._entries[source_id] = (at, host)
            heapq.heappush(self._due, (at, source_id))

    def drop(self, source_id: str) -> None:
        """Forget what was planned for a source."""
        self._entries.pop(source_id, None)

    def next_at(self) -> datetime | None:
        """When the next source is due, None without any; those that wait for their host do not count."""
        while self._due and not self._current(*self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def take(self, now: datetime) -> list[str]:
        """Sources to begin with now, those due for longest first; each is under way until `done`."""
        while (at := self.next_at()) is not None and at <= now:
            _, source_id = heapq.heappop(self._due)
            self._waiting[self._entries[source_id][1]].append(source_id)
        taken: list[str] = []
        for host in list(self._waiting):
            taken += self._of_host(host, now)
            if not self._waiting[host]:
                del self._waiting[host]
        return taken

    def done(self, source_id: str) -> None:
        """A source is no longer under way."""
        self._busy[self._running.pop(source_id)] -= 1

    def _of_host(self, host: str, now: datetime) -> list[str]:
        taken = []
        queue = self._waiting[host]
        while queue and self._busy[host] < self._per_host and len(self._running) < self._at_once:
            source_id = queue.popleft()
            planned = self._entries.get(source_id)
            if planned is None or planned[1] != host or planned[0] > now:
                continue  # put elsewhere since
            del self._entries[source_id]
            self._running[source_id] = host
            self._busy[host] += 1
            taken.append(source_id)
        return taken

    def _current(self, at: datetime, source_id: str) -> bool:
        planned = self._entries.get(source_id)
        return planned is not None and planned[0] == at
