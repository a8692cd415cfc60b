"""Dead letters sent again, each once, over kills too; or given up, with a note of who and why.

Of a batch: the intents are written and acknowledged, then the records sent and acknowledged, then the notes that they
were. Who finds an intent without an end looks in the source topic, from where it ended before, for a record that names
the letter (`streams.edge.landed`). Two redrives at the same time would still send twice: there is one at a time on a
machine, and idempotence by id behind that.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Literal, Self

from aiokafka.errors import KafkaError

from schemas import Disposition
from streams.codec import Message
from streams.deadletter import REDRIVEN_FROM
from streams.dlq.letters import select
from streams.dlq.selection import Letter, Selection
from streams.dlq.verdict import Decree, Sending, discarded, disposition_message, intended, noted, placed, sending
from streams.edge.dispositions import Dispositions, read_dispositions
from streams.edge.landed import landed
from streams.edge.outbox import Outbox
from streams.edge.ranges import marks
from streams.endpoint import Endpoint
from streams.settings import Settings

__all__ = ["Fate", "Report", "Undertaking"]

Fate = Literal["done", "repeated", "refused"]

_BATCH_LETTERS = 200
_BATCH_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class Report:
    """What became of the selected letters.

    `recovered` were sent by a redrive that was killed before it could say so; `repeated` are further
    letters of a record that is sent once; `refused` have been round too often.
    """

    selected: int = 0
    done: int = 0
    repeated: int = 0
    refused: int = 0
    recovered: int = 0
    dry_run: bool = False


class Undertaking:
    """Redrives or discards the letters of a selection; a context manager.

    `on_letter` gets each selected letter and `done`, `repeated` or `refused`: of a dry run, what would be.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        settings: Settings,
        decree: Decree,
        *,
        dry_run: bool = True,
        on_letter: Callable[[Letter, Fate], None] = lambda *_: None,
    ) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._decree = decree
        self._on_letter = on_letter
        self._report = Report(dry_run=dry_run)
        self._resources = AsyncExitStack()
        self._outbox: Outbox | None = None
        self._sent: dict[str, tuple[int, int]] = {}

    async def __aenter__(self) -> Self:
        """Connect; a dry run has nothing to send with."""
        if not self._report.dry_run:
            self._outbox = await self._resources.enter_async_context(Outbox(self._endpoint, self._settings))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._resources.aclose()

    async def redrive(self, selection: Selection, *, max_cycles: int) -> Report:
        """Send the open letters of `selection` to their source topics again: those there are at its start."""
        tails = {_source(letters): await self._tails(_source(letters)) for letters in selection.topics()}
        dispositions = await self._settled()
        self._sent = _sent_before(dispositions)
        async for batch in self._batches(selection, dispositions):
            first: dict[str, Sending] = {}
            repeats: list[Letter] = []
            for letter in batch:
                if letter.record_id in first or letter.record_id in self._sent:
                    repeats.append(letter)
                elif (way := sending(letter, len(tails[letter.topic]), max_cycles)) is not None:
                    first[letter.record_id] = way
                else:
                    self._count("refused", letter)
            await self._send(first.values(), tails)
            for letter in repeats:
                self._count("repeated", letter)
            await self._note(noted(letter, self._decree, *self._sent[letter.record_id]) for letter in repeats)
        return self._report

    async def discard(self, selection: Selection) -> Report:
        """Give up the open letters of `selection`: those there are at its start."""
        async for batch in self._batches(selection, await self._settled()):
            for letter in batch:
                self._count("done", letter)
            await self._note(discarded(letter, self._decree) for letter in batch)
        return self._report

    def _count(self, fate: Fate, letter: Letter) -> None:
        setattr(self._report, fate, getattr(self._report, fate) + 1)
        self._on_letter(letter, fate)

    async def _tails(self, topic: str) -> tuple[int, ...]:
        return tuple(high for _, high in await marks(self._endpoint, self._settings.topic(topic)))

    async def _settled(self) -> Dispositions:
        """What is known of all letters, once the ends of interrupted redrives have been found out."""
        known = await read_dispositions(self._endpoint, self._settings)
        begun = [each for each in known.values() if each.state == "redriving"]
        ended = [each async for each in self._landed(begun)]
        self._report.recovered = len(ended)
        await self._note(ended)
        return known | {each.letter_id: each for each in ended}

    async def _landed(self, begun: list[Disposition]) -> AsyncIterator[Disposition]:
        by_topic: dict[str, list[Disposition]] = defaultdict(list)
        for each in begun:
            by_topic[_source(each.letter_id.split(":")[0])].append(each)
        for topic, intents in by_topic.items():
            starts: dict[int, int] = {}
            for each in intents:
                partition, start = each.sent_partition or 0, each.sent_from or 0
                starts[partition] = min(start, starts.get(partition, start))
            wanted = {each.letter_id for each in intents}
            name = self._settings.topic(topic)
            places = await landed(self._endpoint, name, starts, by=REDRIVEN_FROM, wanted=wanted)
            for each in intents:
                if each.letter_id in places:
                    yield placed(each, *places[each.letter_id])

    async def _batches(self, selection: Selection, dispositions: Dispositions) -> AsyncIterator[list[Letter]]:
        batch: list[Letter] = []
        size = 0
        async for letter in select(self._endpoint, self._settings, selection, dispositions):
            self._report.selected += 1
            batch.append(letter)
            size += len(letter.record.value or b"")
            if len(batch) >= _BATCH_LETTERS or size >= _BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    async def _send(self, ways: Collection[Sending], tails: Mapping[str, Sequence[int]]) -> None:
        intents = [intended(way, self._decree, tails[way.letter.topic]) for way in ways]
        await self._note(intents)
        lots: dict[tuple[str, int], list[Sending]] = defaultdict(list)
        for way in ways:
            lots[way.message.topic, way.partition].append(way)
        for (_, partition), lot in lots.items():
            offsets = await self._out([way.message for way in lot], partition)
            for way, offset in zip(lot, offsets, strict=True):
                self._sent[way.letter.record_id] = (partition, offset)
        for way in ways:
            self._count("done", way.letter)
        await self._note(placed(each, *self._sent[each.record_id or ""]) for each in intents)

    async def _note(self, dispositions: Iterable[Disposition]) -> None:
        await self._out([disposition_message(each) for each in dispositions])

    async def _out(self, messages: list[Message], partition: int | None = None) -> list[int]:
        if self._outbox is None:
            return [0] * len(messages)
        try:
            return await self._outbox.send(messages, partition=partition)
        except (KafkaError, TimeoutError) as error:
            raise self._endpoint.failure(error) from error


def _sent_before(dispositions: Dispositions) -> dict[str, tuple[int, int]]:
    """Records that were sent again, and where they stand; a second letter of one is not sent too."""
    return {
        each.record_id: (each.sent_partition or 0, each.sent_offset or 0)
        for each in dispositions.values()
        if each.state == "redriven" and each.record_id is not None
    }


def _source(letters: str) -> str:
    return letters.removesuffix(".dlq")
