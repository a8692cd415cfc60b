"""What one step of the cluster stage does to stories, and the outputs it owes for it."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Literal

from schemas import Algorithm, Event, Story, StoryArticle, StoryEvent
from streams.outcome import Tombstone
from streams.state.cluster_state import Book
from streams.state.story_profile import joined
from streams.state.story_record import StoryRecord, from_micros, pooled, published
from streams.text.story_model import ClusterConfig, probability

__all__ = ["StoryStep"]

NAME = "newsloom.stories"
VERSION = "1"


class StoryStep:
    """Collects the outputs of one record; every change of a story goes through it.

    `at` is the time of the record: the time of all events but those of expiry.
    """

    def __init__(self, book: Book, config: ClusterConfig, at: datetime) -> None:
        self.book = book
        self._config = config
        self._at = at
        self._algorithm = _algorithm(config)
        self._events: list[StoryEvent] = []
        self._changed: dict[str, StoryRecord] = {}
        self._forgotten: list[str] = []

    def story(self, story_id: str) -> StoryRecord:
        """A story that must be there; LookupError when the table has lost it."""
        record = self.book.story(story_id)
        if record is None:
            raise LookupError(f"live story {story_id} has no record")
        return record

    def change(
        self,
        record: StoryRecord,
        kind: Literal["created", "article_added", "updated", "merged", "closed"],
        *,
        article: StoryArticle | None = None,
        similarity: float | None = None,
        merged_from: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Keep `record`, whose version says the change, and note the event."""
        self.book.put_story(record)
        self._changed[record.story_id] = record
        self._events.append(
            StoryEvent(
                story_id=record.story_id,
                story_version=record.version,
                kind=kind,
                at=at or self._at,
                language=self.book.language,
                article=article,
                similarity=similarity,
                merged_into=record.merged_into,
                merged_from=merged_from,
                algorithm=self._algorithm,
            )
        )

    def merge(self, one: str, other: str, logit: float) -> None:
        """Put the smaller of two live stories into the bigger; of equal ones, the later into the earlier."""
        pair = sorted(
            (self.story(one), self.story(other)), key=lambda story: (-story.size, story.first, story.story_id)
        )
        kept, gone = pair
        similarity = probability(logit)
        redirect = replace(gone, version=gone.version + 1, status="merged", merged_into=kept.story_id)
        self.change(replace(redirect, entities=(), members=()), "merged", similarity=similarity)
        self.change(pooled(kept, gone), "updated", similarity=similarity, merged_from=gone.story_id)
        profile = joined(self.book.live[kept.story_id], self.book.live[gone.story_id])
        self.book.drop_profile(gone.story_id)
        self.book.put_profile(kept.story_id, profile)

    def expire(self) -> None:
        """Close stories that are over and forget what is old, a bounded number a step."""
        self.book.forget_articles(self._config.expiry_per_step)
        for at, record in self.book.due_stories(self._config.expiry_per_step):
            if record.status == "active":
                self.book.drop_profile(record.story_id)
                closed = replace(record, version=record.version + 1, status="closed")
                self.change(closed, "closed", at=from_micros(at))
            else:
                self.book.drop_story(record.story_id)
                self._changed.pop(record.story_id, None)
                self._forgotten.append(record.story_id)

    def outputs(self) -> tuple[Event | Tombstone, ...]:
        """Events in order, each changed story once, tombstones of the forgotten."""
        stories = (published(story, self.book.language, self._algorithm) for story in self._changed.values())
        return (*self._events, *stories, *(Tombstone(Story, story_id) for story_id in self._forgotten))


@cache
def _algorithm(config: ClusterConfig) -> Algorithm:
    return Algorithm(name=NAME, version=VERSION, config_hash=config.digest())
