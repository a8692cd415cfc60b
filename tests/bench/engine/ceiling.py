"""The ceiling: the stages in a bare process pool, no Kafka; a program, `python -m tests.bench.engine.ceiling FILE`.

The model. A pool of one process a core runs the stateless stages, a chunk of records a task, results in
order. One process, this one, is the single writer: dedupe on what comes out of normalize, cluster on what
comes out of enrich, their state in a dict. All four run through `streams.runner.handle`, so each decodes a
record from bytes and encodes its outputs with their headers, as on Kafka. What is missing is the engine:
records are not written, nothing is acknowledged, nothing survives.
"""

import json
import multiprocessing as mp
import pickle
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from multiprocessing.pool import Pool
from pathlib import Path

from streams.codec import Message, Record
from streams.memory import StageRun
from streams.runner import handle
from streams.topics import CANDIDATE, RAW, UNIQUE
from streams.topology import stage_named
from tests.bench.engine.procfs import CORES

__all__ = ["CHUNK", "main"]

CHUNK = 8
"""Records a task: what newsloom's pool takes too."""

Done = tuple[list[Message], float]


def _run(task: tuple[str, Sequence[Record]]) -> Done:
    """In a pool process: outputs of a chunk, and the processor seconds it took."""
    stage, records = stage_named(task[0]), task[1]
    begun = time.process_time()
    messages = [message for record in records for message in handle(stage, record).messages]
    return messages, time.process_time() - begun


class _Log:
    """Numbers the records of a topic, one partition each."""

    def __init__(self) -> None:
        self.end = 0

    def record(self, message: Message) -> Record:
        """`message` as read."""
        self.end += 1
        return Record(message.topic, 0, self.end - 1, message.key, message.value, message.headers)


class _Flow:
    """All stages over some messages; `spent` is processor seconds by stage."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._logs = {stage: _Log() for stage in ("normalize", "dedupe", "enrich", "cluster")}
        self._writers = {name: StageRun(stage_named(name)) for name in ("dedupe", "cluster")}
        self.spent = dict.fromkeys(self._logs, 0.0)

    def run(self, messages: Iterable[Message]) -> int:
        """Number of records that came to the last stage."""
        normalized = self._parallel("normalize", messages)
        unique = (each for each in self._single("dedupe", normalized) if each.topic == UNIQUE.name)
        enriched = self._parallel("enrich", unique)
        candidates = [0]

        def counted() -> Iterator[Message]:
            for message in enriched:
                if message.topic == CANDIDATE.name:
                    candidates[0] += 1
                    yield message

        for _ in self._single("cluster", counted()):
            pass
        return candidates[0]

    def _parallel(self, name: str, messages: Iterable[Message]) -> Iterator[Message]:
        log = self._logs[name]
        records = (log.record(message) for message in messages)
        tasks = ((name, chunk) for chunk in iter(lambda: list(islice(records, CHUNK)), []))
        # Asked for now, not when the first is wanted: the pool's one feeding thread runs what comes between stages.
        return self._unpacked(name, self._pool.imap(_run, tasks))

    def _unpacked(self, name: str, chunks: Iterable[Done]) -> Iterator[Message]:
        for outputs, seconds in chunks:
            self.spent[name] += seconds
            yield from outputs

    def _single(self, name: str, messages: Iterable[Message]) -> Iterator[Message]:
        log, run = self._logs[name], self._writers[name]
        for message in messages:
            begun = time.thread_time()
            handled = run.step(log.record(message))
            self.spent[name] += time.thread_time() - begun
            yield from handled.messages


def main() -> None:
    """Warm up on some messages, say so, wait for a line, run the others, tell the times, wait again."""
    warm_up, messages = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - our parent's
    assert all(message.topic == RAW.name for message in messages)
    with mp.get_context("fork").Pool(CORES) as pool:
        flow = _Flow(pool)
        flow.run(warm_up)
        flow.spent = dict.fromkeys(flow.spent, 0.0)
        print("ready", flush=True)
        sys.stdin.readline()
        candidates = flow.run(messages)
        print(json.dumps({"outputs": {"candidates": candidates}, "stages": flow.spent}), flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
