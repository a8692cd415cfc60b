"""The best story for an article, and the best other story for a story."""

from collections.abc import Sequence

from streams.state.cluster_state import Book
from streams.state.story_profile import FIELDS, Profile, Query
from streams.text.story_model import ClusterConfig, JoinFeatures, MergeFeatures, join_logit, merge_logit

__all__ = ["best_join", "best_merge", "join_candidates", "merge_candidates"]

_DAY_MICROS = 86_400_000_000


def best_join(book: Book, article: Profile, config: ClusterConfig) -> tuple[str, float] | None:
    """The story `article` joins and the log odds of it, or None; equal odds go by the lower id."""
    found = [(join_logit(seen, config.join), story_id) for story_id, seen in join_candidates(book, article, config)]
    return _best(found, config.join_threshold)


def best_merge(book: Book, story_id: str, config: ClusterConfig) -> tuple[str, float] | None:
    """The live story that is one with the live story `story_id`, and the log odds of it, or None."""
    found = [(merge_logit(seen, config.merge), other) for other, seen in merge_candidates(book, story_id, config)]
    return _best(found, config.merge_threshold)


def join_candidates(book: Book, article: Profile, config: ClusterConfig) -> list[tuple[str, JoinFeatures]]:
    """Live stories that `article` may belong to, and how it compares with each."""
    found = book.find(article.heaviest(config.query_terms), count=config.candidates)
    if not found:
        return []
    profiles = [book.live[story_id] for story_id in found]
    query = Query.of([article.segment(number) for number in range(FIELDS + 1)])
    (products,) = book.match([query], profiles)
    return [
        (story_id, _join_features(article, profile, seen))
        for story_id, profile, seen in zip(found, profiles, products, strict=True)
    ]


def merge_candidates(book: Book, story_id: str, config: ClusterConfig) -> list[tuple[str, MergeFeatures]]:
    """Live stories that the live story `story_id` may be one with, and how the two compare."""
    story = book.live[story_id]
    found = book.find(story.heaviest(config.query_terms), count=config.neighbours, but=story_id)
    if not found:
        return []
    profiles = [book.live[other] for other in found]
    sums = Query.of([story.segment(number) for number in range(FIELDS)])
    members = [Query.of(story.member(number)) for number in range(story.members)]
    by_profile = zip(*book.match([sums, *members], profiles), strict=True)
    return [
        (other, _merge_features(story, profile, *products))
        for other, profile, products in zip(found, profiles, by_profile, strict=True)
    ]


def _best(found: Sequence[tuple[float, str]], threshold: float) -> tuple[str, float] | None:
    if not found:
        return None
    logit, story_id = min(found, key=lambda pair: (-pair[0], pair[1]))
    return (story_id, logit) if logit >= threshold else None


def _cosines(products: Sequence[float], one: Profile, other: Profile) -> list[float]:
    return [
        product / (norm * length) if norm and length else 0.0
        for product, norm, length in zip(products, one.norms, other.norms, strict=False)
    ]


def _join_features(article: Profile, story: Profile, products: Sequence[float]) -> JoinFeatures:
    text, title, lead, ent = _cosines(products, article, story)
    gap = abs(article.last - story.last) / _DAY_MICROS
    return JoinFeatures(text, title, lead, ent, nearest=max(products[FIELDS::2]), size=story.size, gap_days=gap)


def _merge_features(one: Profile, other: Profile, sums: Sequence[float], *members: Sequence[float]) -> MergeFeatures:
    text, title, lead, ent = _cosines(sums, one, other)
    alls = [product for products in members for product in products[FIELDS::2]]
    gap = max(0, one.first - other.last, other.first - one.last)
    return MergeFeatures(
        text,
        title,
        lead,
        ent,
        nearest=max(alls),
        mean_nearest=sum(alls) / len(alls),
        nearest_ent=max(product for products in members for product in products[FIELDS + 1 :: 2]),
        gap_days=gap / _DAY_MICROS,
        distance_days=abs((one.first + one.last) - (other.first + other.last)) / 2 / _DAY_MICROS,
        smaller=min(one.size, other.size),
        bigger=max(one.size, other.size),
    )
