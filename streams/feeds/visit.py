"""One poll of one source, from the claim to the state after it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas import Pushing, PushingEntry, RawDocument, SeenEntry, Source, SourceConfig, SourceState
from streams.codec import header, raw_message
from streams.feeds.answers import Failed, Fetched, Limits, NotModified, Validators
from streams.feeds.entries import Body, identify, to_document
from streams.feeds.fetch import Fetcher
from streams.feeds.journal import Journal
from streams.feeds.pace import Pace
from streams.feeds.pages import Missing, Pages
from streams.feeds.parse import ParsedFeed
from streams.feeds.parsing import Parser
from streams.feeds.schedule import Failure, Hints, Policy, Success, claimed, failed, succeeded
from streams.feeds.seen import Candidate, remembered, sorted_out
from streams.ids import content_id
from streams.ingest.options import UnfitError
from streams.ingest.sender import Sender

__all__ = ["Visitor"]

FEED: Final = Limits()
_SLICE_RECORDS = 25
_SLICE_BYTES = 2 * 1024 * 1024


@dataclass(slots=True)
class _Progress:
    """What a poll has come to so far; `state` is the last one written, but for a push that is done."""

    config: SourceConfig
    state: SourceState
    source: Source
    feed: Sequence[Candidate]
    learned: dict[str, SeenEntry] = field(default_factory=dict)
    waiting: list[tuple[Candidate, RawDocument]] = field(default_factory=list)
    waiting_bytes: int = 0
    pushed: int = 0
    late: int = 0
    empty: int = 0

    def seen(self) -> tuple[SeenEntry, ...]:
        """What to remember now."""
        return remembered(self.state.seen, self.feed, self.learned)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Polls sources: fetches, parses, and pushes what is new. Any number of sources at a time, each once."""

    fetcher: Fetcher
    parser: Parser
    pages: Pages
    sender: Sender
    journal: Journal
    pace: Pace
    policy: Policy

    async def poll(self, config: SourceConfig, state: SourceState) -> SourceState:
        """Poll a source now; the state after it, which is in its topic. BrokerError when the broker fails.

        The claim is written before the server is asked: a floor holds across a kill. See `Journal` for the push.
        """
        state = claimed(state, self.pace.now())
        await self.journal.write(state)
        answer = await self.fetcher.get(state.url, validators=Validators(state.etag, state.last_modified), limits=FEED)
        if isinstance(answer, Failed):
            after = self._failed(config, state, Failure(answer.reason, answer.detail, answer.retry_after_s))
        elif isinstance(answer, NotModified) or answer.body_hash == state.body_hash:
            after = self._unchanged(config, state, answer)
        else:
            after = await self._read(config, state, answer)
        await self.journal.write(after)
        return after

    def _failed(self, config: SourceConfig, state: SourceState, failure: Failure) -> SourceState:
        return failed(config, state, failure, self.policy, self.pace.now())

    def _unchanged(self, config: SourceConfig, state: SourceState, answer: Fetched | NotModified) -> SourceState:
        same_body = isinstance(answer, Fetched)
        success = Success(
            not_modified=not same_body,
            etag=answer.validators.etag,
            last_modified=answer.validators.last_modified,
            body_hash=state.body_hash,
            size=len(answer.body) if isinstance(answer, Fetched) else 0,
            hints=Hints(max_age_s=answer.max_age_s, expires_at=answer.expires_at),
            permanent_url=answer.permanent_url,
            detail="the same bytes" if same_body else None,
        )
        return succeeded(config, state, success, self.policy, self.pace.now())

    async def _read(self, config: SourceConfig, state: SourceState, answer: Fetched) -> SourceState:
        feed = await self.parser.parse(answer.body, answer.media_type, answer.charset, answer.url)
        if not isinstance(feed, ParsedFeed):
            return self._failed(config, state, Failure(feed.reason, feed.detail))
        candidates = sorted_out(identify(feed.entries), state.seen)
        progress = _Progress(config, state, _source(config, feed), candidates)
        for candidate in candidates:
            if candidate.fresh:
                await self._take(progress, candidate)
        await self._push(progress)
        whole = not progress.late  # else the next answer must not be "not modified"
        success = Success(
            entries=len(candidates),
            known=sum(not candidate.fresh for candidate in candidates),
            pushed=progress.pushed,
            etag=answer.validators.etag if whole else None,
            last_modified=answer.validators.last_modified if whole else None,
            body_hash=answer.body_hash if whole else None,
            size=len(answer.body),
            hints=Hints(feed.ttl_s, answer.max_age_s, answer.expires_at, feed.skip_hours, feed.skip_days),
            permanent_url=answer.permanent_url,
            detail=_told(progress),
        )
        before = progress.state.model_copy(update={"seen": progress.seen()})
        return succeeded(config, before, success, self.policy, self.pace.now())

    async def _take(self, progress: _Progress, candidate: Candidate) -> None:
        body = await self.pages.body(candidate, progress.config)
        natural_id = candidate.found.natural_id
        if isinstance(body, Missing):
            later = body.why == "later"
            progress.late += later
            progress.empty += not later
            progress.learned[natural_id] = candidate.seen(tries=candidate.tries + 1 if later else 0)
            return
        document = self._document(progress, candidate, body)
        if candidate.repeats(content := content_id(document.content)):
            progress.learned[natural_id] = candidate.seen(document=content)
            return
        progress.waiting.append((candidate, document))
        progress.waiting_bytes += len(body.content)
        if len(progress.waiting) >= _SLICE_RECORDS or progress.waiting_bytes >= _SLICE_BYTES:
            await self._push(progress)

    def _document(self, progress: _Progress, candidate: Candidate, body: Body) -> RawDocument:
        document = to_document(progress.source, candidate.found, body, first_seen_at=self.pace.now())
        if document.language is None and progress.config.language is not None:
            return document.model_copy(update={"language": progress.config.language})
        return document

    async def _push(self, progress: _Progress) -> None:
        """Announce what waits, push it, and take it as seen; the state that says so is written with what follows."""
        if not progress.waiting:
            return
        waiting, progress.waiting, progress.waiting_bytes = progress.waiting, [], 0
        entries = tuple(_announced(candidate, document) for candidate, document in waiting)
        pushing = Pushing(offsets=await self.journal.raw_ends(), entries=entries)
        announced = progress.state.model_copy(update={"seen": progress.seen(), "pushing": pushing})
        await self.journal.write(announced)
        acks = []
        for _, document in waiting:
            try:
                acks.append(await self.sender.send(document))
            except UnfitError:  # larger than a record may be
                progress.empty += 1
        await asyncio.gather(*acks)
        for candidate, document in waiting:
            seen = candidate.seen(document=content_id(document.content))
            progress.learned[candidate.found.natural_id] = seen
        progress.pushed += len(acks)
        progress.state = announced.model_copy(update={"pushing": None})


def _source(config: SourceConfig, feed: ParsedFeed) -> Source:
    name = config.name or (feed.title or "")[:512] or None
    return Source(
        id=config.source_id, name=name, domain=config.domain, owner_id=config.owner_id, country=config.country
    )


def _announced(candidate: Candidate, document: RawDocument) -> PushingEntry:
    seen, ce_id = candidate.seen(), header(raw_message(document).headers, "ce_id")
    return PushingEntry(entry=seen.entry, content=seen.content, aliases=seen.aliases, ce_id=ce_id or "")


def _told(progress: _Progress) -> str:
    parts = [f"{len(progress.feed)} entries", f"{progress.pushed} pushed"]
    parts += [f"{progress.late} wait for their page"] if progress.late else []
    parts += [f"{progress.empty} without text"] if progress.empty else []
    return ", ".join(parts)
