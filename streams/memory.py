"""The same topology with no broker: topics in memory, one partition each.

The reference for correctness: what a real run must equal when its topics have one partition.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from schemas import RawDocument
from streams.codec import Message, Record, raw_message
from streams.runner import Handled, handle
from streams.state.memory import MemoryTable
from streams.state.overlay import Overlay
from streams.topology import TOPOLOGY, Stage

__all__ = ["MemoryPipeline", "StageRun"]


class StageRun:
    """One stage over one input partition, in log order, with its state in memory."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.table = MemoryTable()
        self._overlay = Overlay(self.table)
        self._state = self._open()

    def _open(self) -> Any:
        return None if self.stage.state is None else self.stage.state(self._overlay)

    def step(self, record: Record) -> Handled:
        """Process the next record of the partition."""
        handled = handle(self.stage, record, self._state)
        if self.stage.state is None:
            return handled
        if handled.failed:
            self._overlay.undo()
            self._state = self._open()
            return handled
        self._overlay.keep()
        for key, value in self._overlay.take().items():
            self.table.delete(key) if value is None else self.table.put(key, value)
        return handled


class MemoryPipeline:
    """All topics as lists of records; `run` drains the stages in the order of the flow."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Record]] = defaultdict(list)
        self.counts: dict[str, dict[str, int]] = {stage.name: defaultdict(int) for stage in TOPOLOGY}
        self.runs = {stage.name: StageRun(stage) for stage in TOPOLOGY}
        self._read = dict.fromkeys(self.runs, 0)
        self._forgotten: Counter[str] = Counter()

    def push(self, documents: Iterable[RawDocument]) -> None:
        """Append documents to the raw topic."""
        for document in documents:
            self.append(raw_message(document))

    def append(self, message: Message) -> None:
        """Append one record to its topic."""
        topic, log = message.topic, self.topics[message.topic]
        offset = self._forgotten[topic] + len(log)
        log.append(Record(topic, 0, offset, message.key, message.value, message.headers, message.timestamp_ms or 0))

    def run(self) -> None:
        """Process everything not yet processed."""
        for stage in TOPOLOGY:
            log, gone = self.topics[stage.reads.name], self._forgotten[stage.reads.name]
            for record in log[self._read[stage.name] - gone :]:
                handled = self.runs[stage.name].step(record)
                self.counts[stage.name][handled.label] += 1
                for message in handled.messages:
                    self.append(message)
            self._read[stage.name] = gone + len(log)

    def forget(self) -> None:
        """Let go of all records once they have been processed, for more of them than fit into memory; offsets go on."""
        for topic, log in self.topics.items():
            self._forgotten[topic] += len(log)
            log.clear()

    def latest(self, topic: str) -> dict[bytes, bytes]:
        """The table behind a compacted topic: the last value of each key, tombstones gone, in key order.

        What has been forgotten is not in it.
        """
        table = {record.key or b"": record.value for record in self.topics[topic]}
        return {key: value for key, value in sorted(table.items()) if value is not None}
