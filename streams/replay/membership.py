"""Which story an article is in today: what the events of a lane say, merges followed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from streams.observe.views import only_match

__all__ = ["Membership"]


class Membership:
    """Fed with story events in the order of the log; an article is where it was put last."""

    def __init__(self, events: Iterable[Mapping[str, Any]] = ()) -> None:
        self._first: dict[str, str] = {}
        self._into: dict[str, str] = {}
        self._known: dict[str, str] = {}
        for event in events:
            self.see(event)

    def see(self, event: Mapping[str, Any]) -> None:
        """Take in one event; what is no story event is passed over."""
        story = self._own(str(event.get("story_id", "")))
        article = event.get("article")
        if event.get("kind") in ("created", "article_added") and isinstance(article, Mapping):
            self._first[str(article.get("article_id"))] = story
        elif event.get("kind") == "merged" and event.get("merged_into"):
            self._into[story] = self._own(str(event["merged_into"]))

    def _own(self, story: str) -> str:
        """One object for all mentions of an id: there are as many as articles."""
        return self._known.setdefault(story, story)

    def today(self, story: str) -> str:
        """The story that `story` has become; itself when it was never merged."""
        seen = {story}
        while (following := self._into.get(story)) is not None and following not in seen:
            seen.add(following)
            story = following
        return story

    def stories(self) -> dict[str, str]:
        """Story of every article."""
        return {article: self.today(story) for article, story in self._first.items()}

    def articles(self, wanted: str) -> tuple[str, ...]:
        """Articles of the story that goes by `wanted` (an id, or a beginning of one) today; InputError when none."""
        story = self.today(only_match(self._known, wanted, "story"))
        return tuple(sorted(article for article, first in self._first.items() if self.today(first) == story))

    def members(self) -> dict[str, list[str]]:
        """Articles of each story."""
        found: dict[str, list[str]] = defaultdict(list)
        for article, story in self.stories().items():
            found[story].append(article)
        return dict(found)
