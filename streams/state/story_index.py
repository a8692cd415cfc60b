"""Inverted index over live stories; a pure function of their profiles."""

from collections.abc import Sequence

__all__ = ["StoryIndex"]


class StoryIndex:
    """Term to the stories it finds."""

    def __init__(self) -> None:
        self._postings: dict[int, set[str]] = {}
        self._terms: dict[str, frozenset[int]] = {}

    def set(self, story_id: str, terms: frozenset[int]) -> None:
        """Make `story_id` findable by exactly `terms`; no terms: not at all."""
        before = self._terms.get(story_id, frozenset())
        for term in before - terms:
            postings = self._postings[term]
            postings.discard(story_id)
            if not postings:
                del self._postings[term]
        for term in terms - before:
            self._postings.setdefault(term, set()).add(story_id)
        if terms:
            self._terms[story_id] = terms
        else:
            self._terms.pop(story_id, None)

    def find(self, query: Sequence[tuple[int, float]], *, count: int, budget: int, but: str = "") -> list[str]:
        """The `count` stories that share the heaviest terms with `query`, best first.

        Rarest terms first, until the next list would exceed `budget` postings in all: common
        terms cost most and say least. `but` is left out.
        """
        lists = sorted((len(found), term, weight) for term, weight in query if (found := self._postings.get(term)))
        scores: dict[str, float] = {}
        for size, term, weight in lists:
            budget -= size
            if budget < 0:
                break
            square = weight * weight
            for story_id in self._postings[term]:
                scores[story_id] = scores.get(story_id, 0.0) + square
        scores.pop(but, None)
        # The score of the last place first: only a few stories are then left to sort by id as well.
        least = sorted(scores.values())[-count] if len(scores) > count else 0.0
        ranked = sorted((-score, story_id) for story_id, score in scores.items() if score >= least)
        return [story_id for _, story_id in ranked[:count]]
