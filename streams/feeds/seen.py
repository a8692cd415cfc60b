"""Which entries of a feed are new or edited, by what was pushed of it before. Pure."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from schemas import SeenEntry, SourceState
from streams.feeds.entries import Identified

__all__ = ["KEPT", "Candidate", "remembered", "settled", "sorted_out"]

KEPT = 500
"""Entries remembered that the feed no longer has: one that comes back unchanged is not news."""

_LONGEST_ID = 4096
_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry under the natural id it keeps, and what is remembered of it."""

    found: Identified
    known: SeenEntry | None

    @property
    def fresh(self) -> bool:
        """Whether what it says has not been pushed."""
        return self.known is None or self.known.tries > 0 or self.known.content != self.content

    @property
    def content(self) -> str:
        """Hash of what it says."""
        return _digest(self.found.version)

    @property
    def tries(self) -> int:
        """How often its page could not be had."""
        return self.known.tries if self.known else 0

    def seen(self, *, document: str | None = None, tries: int = 0) -> SeenEntry:
        """What to remember of it once it is pushed with the content `document`, or once its page was not to be had."""
        return SeenEntry(
            entry=self.found.natural_id,
            content=self.content,
            aliases=tuple(_digest(alias) for alias in self.found.aliases),
            pushed=_digest(document) if document is not None else self.known and self.known.pushed,
            tries=tries,
        )

    def repeats(self, document: str) -> bool:
        """Whether the content `document` is what was pushed last."""
        return self.known is not None and self.known.pushed == _digest(document)


def sorted_out(feed: Sequence[Identified], seen: Iterable[SeenEntry]) -> list[Candidate]:
    """The entries of a feed, each once, by their names of old.

    An entry with another natural id than before, and an alias in common, is the one of before.
    """
    known = {each.entry: each for each in seen}
    by_alias = {alias: each for each in known.values() for alias in each.aliases}
    named = {found.natural_id for found in feed}
    result: dict[str, Candidate] = {}
    for found in feed:
        before = known.get(found.natural_id)
        if before is None:
            matches = (by_alias.get(_digest(alias)) for alias in found.aliases)
            # Two entries of one feed are two, whatever they have in common.
            before = next((each for each in matches if each is not None and each.entry not in named), None)
        natural_id = before.entry if before else found.natural_id
        if len(natural_id) > _LONGEST_ID:
            natural_id = "hash:" + _digest(natural_id)
            before = known.get(natural_id)
        settled = found if natural_id == found.natural_id else replace(found, natural_id=natural_id)
        result.setdefault(natural_id, Candidate(settled, before))
    return list(result.values())


def remembered(
    seen: Sequence[SeenEntry], feed: Sequence[Candidate], now_seen: Mapping[str, SeenEntry]
) -> tuple[SeenEntry, ...]:
    """What to remember: at most KEPT entries that the feed no longer has, then those of the feed, by natural id.

    `now_seen` holds what this poll has found out; entries of which it says nothing stay as they were.
    """
    present = {each.found.natural_id for each in feed}
    others = [each for each in seen if each.entry not in present]
    current = (now_seen.get(each.found.natural_id, each.known) for each in feed)
    return (*others[-KEPT:], *(each for each in current if each is not None))


def settled(state: SourceState, landed: Container[str]) -> SourceState:
    """The state after a push that may have been cut off: what of it has `landed`, by `ce_id`, is seen."""
    if state.pushing is None:
        return state
    done = {
        each.entry: SeenEntry(
            entry=each.entry,
            content=each.content,
            aliases=each.aliases,
            pushed=_digest(each.ce_id.rpartition(":")[2]),
        )
        for each in state.pushing.entries
        if each.ce_id in landed
    }
    others = (each for each in state.seen if each.entry not in done)
    update = {"pushing": None, "seen": (*others, *done.values()), "pushed": state.pushed + len(done)}
    return state.model_copy(update=update)


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()
