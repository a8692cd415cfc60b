"""How alike two partitions of the same articles into stories are: BCubed, and where they part.

Bagga and Baldwin, "Entity-Based Cross-Document Coreferencing Using the Vector Space Model"
(1998): precision of an article is the share of its story in B that is with it in A as
well, recall the share of its story in A that is with it in B; both are averaged over articles.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Agreement", "Parted", "agreement"]

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Parted:
    """A story of one side and the stories of the other that its articles are in, with how many, the largest first."""

    story: str
    articles: int
    into: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over the articles that both sides have in a story.

    `splits` are the largest stories of A that are in several of B, `merges` the reverse;
    `split_count` and `merge_count` say how many there are.
    """

    articles: int
    only_a: int
    only_b: int
    stories_a: int
    stories_b: int
    precision: float
    recall: float
    split_count: int
    merge_count: int
    splits: tuple[Parted, ...]
    merges: tuple[Parted, ...]

    @property
    def f(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def agreement(a: Mapping[str, str], b: Mapping[str, str]) -> Agreement:
    """How alike the stories of B are to those of A; both map an article to its story. Without articles they agree."""
    common = a.keys() & b.keys()
    cells = Counter((a[article], b[article]) for article in common)
    sizes_a, sizes_b = Counter(a[article] for article in common), Counter(b[article] for article in common)
    precise = sum(count * count / sizes_b[in_b] for (_, in_b), count in cells.items())
    recalled = sum(count * count / sizes_a[in_a] for (in_a, _), count in cells.items())
    splits = _parted(cells)
    merges = _parted(Counter({(in_b, in_a): count for (in_a, in_b), count in cells.items()}))
    number = len(common)
    return Agreement(
        articles=number,
        only_a=len(a) - number,
        only_b=len(b) - number,
        stories_a=len(set(a.values())),
        stories_b=len(set(b.values())),
        # Sums of fractions that make a whole may miss it by a hair; with nothing parted they are one.
        precision=1.0 if not merges else precise / number,
        recall=1.0 if not splits else recalled / number,
        split_count=len(splits),
        merge_count=len(merges),
        splits=splits[:_EXAMPLES],
        merges=merges[:_EXAMPLES],
    )


def _parted(cells: Mapping[tuple[str, str], int]) -> tuple[Parted, ...]:
    """Stories of the first kind that are in several of the second, the largest first."""
    by_story: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (story, other), count in cells.items():
        by_story[story].append((other, count))
    found = [
        Parted(story, sum(count for _, count in into), tuple(sorted(into, key=lambda each: (-each[1], each[0]))))
        for story, into in by_story.items()
        if len(into) > 1
    ]
    return tuple(sorted(found, key=lambda parted: (-parted.articles, parted.story)))
