"""The watcher of a drop folder: finds files that are whole, sends what is in them, and notes it, in this order.

Of a few files at a time: their entries are written as `scheduled`, with where the raw topic ended, and acknowledged;
the documents are sent and acknowledged; the entries are written as `done`. Who finds a `scheduled` one after a kill
looks in the raw topic behind that end (`streams.edge.landed`), and sends what is not there yet.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError

from schemas import DroppedFile, RawDocument
from streams.clock import now
from streams.codec import header, raw_message
from streams.drop.folder import Folder, Snapshot
from streams.drop.ledger import Ledger, State, entry, entry_message, faces, file_id, of_folder
from streams.drop.settling import Face, Settling
from streams.edge.landed import landed
from streams.edge.outbox import Outbox
from streams.edge.ranges import marks
from streams.edge.reader import read_table
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.ingest import IngestOptions, Refused
from streams.ingest.documents import documents_in
from streams.ingest.feed import read_ahead
from streams.ingest.files import Input
from streams.ingest.options import UnfitError, printable
from streams.ingest.push import Tally
from streams.ingest.sender import Sender, open_sender
from streams.settings import Settings
from streams.telemetry.metrics import DROP_DOCUMENTS, DROP_FILES, DROP_WAITING
from streams.topics import DROP_LEDGER, RAW

__all__ = ["Plan", "Watcher", "watching"]

_GROUP_FILES = 64
_GROUP_BYTES = 16 * 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is watched, and how.

    `options` turn files into documents. A file is whole once `looks` looks have found it the same. One that is done
    stays; or it goes to the folder `move_to`, or with `delete` away.
    """

    folder: Folder
    options: IngestOptions
    move_to: Path | None = None
    delete: bool = False
    looks: int = 2


@dataclass(slots=True)
class _Group:
    """Files that are sent together; the stack holds their copies."""

    copies: ExitStack = field(default_factory=ExitStack)
    files: list[tuple[Snapshot, DroppedFile | None]] = field(default_factory=list)
    size: int = 0


@asynccontextmanager
async def watching(
    endpoint: Endpoint, settings: Settings, plan: Plan, *, on_file: Callable[[DroppedFile], None] = lambda _: None
) -> AsyncIterator["Watcher"]:
    """A watcher that knows the ledger. UsageError when another one of this machine has the folder."""
    root = str(plan.folder.root)
    async with AsyncExitStack() as resources:
        resources.enter_context(_alone(settings, root))
        resources.enter_context(_broker_errors(endpoint))
        ledger = of_folder(await read_table(endpoint, settings.topic(DROP_LEDGER.name)), root)
        sender = await resources.enter_async_context(open_sender(endpoint, settings, client_id="newsloom-watch"))
        outbox = await resources.enter_async_context(Outbox(endpoint, settings))
        yield Watcher(endpoint, settings, plan, sender, outbox, ledger, on_file, Settling(plan.looks))


@contextmanager
def _broker_errors(endpoint: Endpoint) -> Iterator[None]:
    try:
        yield
    except (KafkaError, TimeoutError) as error:
        raise endpoint.failure(error) from error


@contextmanager
def _alone(settings: Settings, root: str) -> Iterator[None]:
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / f"{settings.topic(file_id(root, ''))}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"another `newsloom watch` has {root}") from error
        yield


@dataclass(slots=True)
class Watcher:
    """See `watching`; `on_file` gets the last entry of each file that is taken or refused."""

    endpoint: Endpoint
    settings: Settings
    plan: Plan
    sender: Sender
    outbox: Outbox
    ledger: Ledger
    on_file: Callable[[DroppedFile], None]
    settling: Settling

    def __post_init__(self) -> None:
        """Have the counts there from the start, so that the first one is an increase."""
        for state in ("done", "refused"):
            DROP_FILES.labels(state)

    async def look(self) -> int:
        """Look at the folder once, and take what is whole and new; the number of files that have yet to settle."""
        seen = await asyncio.to_thread(self.plan.folder.faces)
        known = faces(self.ledger, self._root, seen)
        ready = self.settling.look(seen, known)
        group = _Group()
        try:
            for path in ready:
                await self._pick(path, seen[path], group)
                if len(group.files) >= _GROUP_FILES or group.size >= _GROUP_BYTES:
                    await self._send(group)
                    group.copies.close()
                    group = _Group()
            await self._send(group)
        finally:
            group.copies.close()
        await asyncio.to_thread(self._clear, seen)
        DROP_WAITING.set(self.settling.waiting)
        return self.settling.waiting

    @property
    def _raw(self) -> str:
        return self.settings.topic(RAW.name)

    @property
    def _root(self) -> str:
        return str(self.plan.folder.root)

    async def _pick(self, path: str, face: Face, group: _Group) -> None:
        before = self.ledger.get(file_id(self._root, path))
        try:
            if not face.regular:
                raise UnfitError("not_regular")  # noqa: TRY301 - the same report as for what is found later
            copy = await asyncio.to_thread(group.copies.enter_context, self.plan.folder.snapshot(path))
        except UnfitError as error:
            await self._note(self._entry(path, face, "refused", detail=str(error)))
            return
        if copy is None:  # gone, or being written: another look will tell
            return
        if before is not None and before.digest == copy.digest and before.state != "scheduled":
            face_now = {"size": copy.face.size, "modified_ns": copy.face.modified_ns}
            await self._note(before.model_copy(update=face_now), tell=False)
            return
        group.files.append((copy, before))
        group.size += copy.face.size

    async def _send(self, group: _Group) -> None:
        if not group.files:
            return
        ends = tuple([high for _, high in await marks(self.endpoint, self._raw)])
        intents = [self._intent(copy, before, ends) for copy, before in group.files]
        await self._write(intents)
        there = await self._there(group, ends)
        tallies = [await self._hand_over(copy, there) for copy, _ in group.files]
        for tally in tallies:
            await tally.settled()
            tally.complain()
        ended = [self._ended(*pair) for pair in zip(intents, tallies, strict=True)]
        await self._write(ended)
        for each in ended:
            self._tell(each)

    def _intent(self, copy: Snapshot, before: DroppedFile | None, ends: tuple[int, ...]) -> DroppedFile:
        """What is about to be done; where to look for it stays what a killed watcher has written."""
        tails = before.tails if before is not None and _interrupted(before, ends) else ends
        return self._entry(copy.path, copy.face, "scheduled", digest=copy.digest, tails=tails)

    async def _there(self, group: _Group, ends: tuple[int, ...]) -> set[str]:
        """Those `ce_id` of a killed watcher's files that are in the raw topic already."""
        begun = [(copy, before) for copy, before in group.files if before is not None and _interrupted(before, ends)]
        if not begun:
            return set()
        wanted: set[str] = set()
        for copy, _ in begun:
            async for document in read_ahead(self._read(copy)):
                wanted |= {_ce_id(document)} if isinstance(document, RawDocument) else set()
        starts = dict(enumerate(min(tails) for tails in zip(*(before.tails for _, before in begun), strict=True)))
        return set(await landed(self.endpoint, self._raw, starts, by="ce_id", wanted=wanted))

    async def _hand_over(self, copy: Snapshot, there: set[str]) -> "_FileTally":
        tally = _FileTally(self.sender)
        async for document in read_ahead(self._read(copy)):
            if there and isinstance(document, RawDocument) and _ce_id(document) in there:
                tally.there += 1
            else:
                await tally.take(document)
        return tally

    def _read(self, copy: Snapshot) -> Iterator[RawDocument | Refused]:
        copy.content.seek(0)
        modified = _EPOCH + timedelta(microseconds=copy.face.modified_ns // 1000)
        found = Input(copy.path, copy.path, copy.content, modified)  # type: ignore[arg-type]
        yield from documents_in(found, options=replace(self.plan.options, named_in=copy.path))

    def _ended(self, intent: DroppedFile, tally: "_FileTally") -> DroppedFile:
        documents = tally.sent + tally.there
        state = "refused" if tally.refused and not documents else "done"
        counts = {"documents": documents, "refused": tally.refused, "detail": printable(tally.first)[:1000]}
        return intent.model_copy(update={"state": state, "at": now(), **counts})

    def _entry(self, path: str, face: Face, state: State, **fields: Any) -> DroppedFile:
        return entry(self._root, path, face, state, now(), **fields)

    async def _note(self, known: DroppedFile, *, tell: bool = True) -> None:
        await self._write([known])
        if tell:
            self._tell(known)

    def _tell(self, known: DroppedFile) -> None:
        DROP_FILES.labels(known.state).inc()
        DROP_DOCUMENTS.inc(known.documents)
        self.on_file(known)

    async def _write(self, entries: Sequence[DroppedFile]) -> None:
        await self.outbox.send(map(entry_message, entries))
        self.ledger |= {each.file_id: each for each in entries}

    def _clear(self, seen: Mapping[str, Face]) -> None:
        """Put away what is done, also what a killed watcher has left. What was refused stays for people."""
        if not self.plan.delete and self.plan.move_to is None:
            return
        for path, face in seen.items():
            known = self.ledger.get(file_id(self._root, path))
            if known is None or known.state != "done" or (known.size, known.modified_ns) != face[:2]:
                continue
            if self.plan.move_to is not None:
                self.plan.folder.move(path, face, self.plan.move_to)
            else:
                self.plan.folder.remove(path, face)


class _FileTally(Tally):
    """A file's documents: those that are `there` already, and the first that was refused."""

    def __init__(self, sender: Sender) -> None:
        super().__init__(sender, on_refused=self._remember)
        self.there = 0
        self.first = ""

    def _remember(self, refused: Refused) -> None:
        told = f"{refused.path}: {refused.reason}" + (f": {refused.detail}" if refused.detail else "")
        self.first = self.first or told


def _interrupted(before: DroppedFile, ends: tuple[int, ...]) -> bool:
    return before.state == "scheduled" and len(before.tails) == len(ends)


def _ce_id(document: RawDocument) -> str:
    return header(raw_message(document).headers, "ce_id") or ""
