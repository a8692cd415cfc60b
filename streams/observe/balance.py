"""Where the documents are: raw = unique + duplicate + dead-letter, counted by document id.

The books are kept by document, not by record: a redelivery or a second push adds records,
never documents.
"""

from dataclasses import asdict, dataclass

from streams.deadletter import document_of
from streams.edge.dispositions import Dispositions, read_dispositions, read_letters, settled
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.settings import Settings
from streams.topics import DUPLICATE, ENRICHED, NORMALIZED, RAW, UNIQUE

__all__ = ["Balance", "balance", "document_of"]


@dataclass(frozen=True, slots=True)
class Balance:
    """Documents by where they stand; `waiting` are on their way, or lost once no stage has any lag.

    A document whose later version was found to be a duplicate counts as unique: its first was.
    `dead_letter` are those parked before dedupe has decided, `parked_later` those after; one whose
    letter was redriven is on its way again.
    """

    raw: int
    unique: int
    duplicate: int
    dead_letter: int
    enriched: int
    parked_later: int

    @property
    def waiting(self) -> int:
        """Raw documents that dedupe has not decided on and nobody has parked."""
        return self.raw - self.unique - self.duplicate - self.dead_letter

    @property
    def unfinished(self) -> int:
        """Unique documents neither enriched nor parked."""
        return self.unique - self.enriched - self.parked_later

    @property
    def ok(self) -> bool:
        """Whether the books balance."""
        return self.waiting == 0 and self.unfinished == 0

    def as_json(self) -> dict[str, int | bool]:
        """The counts, what is missing, and the verdict."""
        return {**asdict(self), "waiting": self.waiting, "unfinished": self.unfinished, "ok": self.ok}

    def lines(self) -> tuple[str, str]:
        """The books for people."""
        raw = f"raw {self.raw:,} = unique {self.unique:,} + duplicate {self.duplicate:,}"
        unique = f"unique {self.unique:,} = enriched {self.enriched:,}"
        return (
            f"{raw} + dead-letter {self.dead_letter:,}{_rest(self.waiting)}",
            f"{unique} + dead-letter {self.parked_later:,}{_rest(self.unfinished)}",
        )


def _rest(count: int) -> str:
    return f" + {count:,} on their way, or lost" if count else ""


async def balance(endpoint: Endpoint, settings: Settings) -> Balance:
    """Count the documents of a lane as of now."""
    # Against the flow: what moves on while we read is then counted where it came from, not twice.
    dispositions = await read_dispositions(endpoint, settings)
    found = {UNIQUE.dead_letters: await _parked(endpoint, settings, UNIQUE.dead_letters, dispositions)}
    for name in (ENRICHED.name, DUPLICATE.name, UNIQUE.name):
        found[name] = await _documents(endpoint, settings, name)
    for name in (NORMALIZED.dead_letters, RAW.dead_letters):
        found[name] = await _parked(endpoint, settings, name, dispositions)
    raw = await _documents(endpoint, settings, RAW.name)
    # The enriched topic keeps for longer what was in the unique one.
    unique = raw & (found[UNIQUE.name] | found[ENRICHED.name] | found[UNIQUE.dead_letters])
    duplicate = raw & found[DUPLICATE.name] - unique
    early = raw & (found[RAW.dead_letters] | found[NORMALIZED.dead_letters]) - unique - duplicate
    enriched = raw & found[ENRICHED.name]
    return Balance(
        raw=len(raw),
        unique=len(unique),
        duplicate=len(duplicate),
        dead_letter=len(early),
        enriched=len(enriched),
        parked_later=len(raw & found[UNIQUE.dead_letters] - enriched),
    )


async def _documents(endpoint: Endpoint, settings: Settings, topic: str) -> set[str]:
    return {document_of(record) async for record in read_topic(endpoint, settings.topic(topic))}


async def _parked(endpoint: Endpoint, settings: Settings, topic: str, dispositions: Dispositions) -> set[str]:
    letters = read_letters(endpoint, settings, topic)
    return {document_of(letter) async for letter in letters if settled(letter, dispositions) != "redriven"}
