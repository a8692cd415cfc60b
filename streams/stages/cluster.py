"""Place an article in a story, or found one; now and then find two stories to be one.

Decisions are explained in `streams.text.story_model`. Everything else is order: time comes
from the records, ties go by id, and each step does a bounded amount of work.
"""

from schemas import StoryArticle, StoryCandidate
from streams.ids import story_id
from streams.outcome import Dead, Drop, Ok, Outcome
from streams.stages.story_step import StoryStep
from streams.state.cluster_state import Book, ClusterState
from streams.state.protocols import Origin
from streams.state.story_profile import Profile, article_profile, joined
from streams.state.story_record import ArticleRecord, StoryRecord, founded, micros, pooled, revised
from streams.state.story_search import best_join, best_merge
from streams.text.story_model import ClusterConfig, probability

__all__ = ["ClusterState", "cluster"]


def cluster(candidate: StoryCandidate, state: ClusterState, origin: Origin) -> Outcome:
    """Events of what happened, then each story that changed, then the stories that are forgotten."""
    book = state.book(candidate.language)
    known = book.article(candidate.article_id)
    if known is not None and candidate.revision <= known.revision:
        return _known(candidate, book, known, origin)
    at = micros(candidate.first_seen_at)
    try:
        profile = article_profile(candidate.vectors, at)
    except ValueError as error:
        return Dead("bad_schema", f"vectors: {error}")
    step = StoryStep(book, state.config, candidate.first_seen_at)
    book.advance(at)
    step.expire()
    story = _story_of(candidate, book, known)
    target = _revise(candidate, step, story) if story else _place(candidate, profile, step, state.config)
    record = ArticleRecord(candidate.revision, *origin, book.clock, book.count, target)
    book.put_article(candidate.article_id, record)
    if not story:
        _sweep(step, target, state.config)
    book.save_clock()
    return Ok(step.outputs())


def _known(candidate: StoryCandidate, book: Book, known: ArticleRecord, origin: Origin) -> Drop:
    if origin.partition == known.partition and origin.offset <= known.offset:
        return Drop("redelivered")
    book.renew_article(candidate.article_id, known, origin)
    return Drop("repushed")


def _story_of(candidate: StoryCandidate, book: Book, known: ArticleRecord | None) -> StoryRecord | None:
    """The story a known article is in now; also that of a founder whose own record has expired."""
    record = book.story(known.story_id if known else story_id(candidate.article_id))
    while record is not None and record.merged_into is not None:
        record = book.story(record.merged_into)
    return record


def _revise(candidate: StoryCandidate, step: StoryStep, story: StoryRecord) -> str:
    step.change(revised(story, candidate), "updated", article=_listed(candidate))
    return story.story_id


def _place(candidate: StoryCandidate, profile: Profile, step: StoryStep, config: ClusterConfig) -> str:
    """Join the best story, or found one; its id."""
    book = step.book
    own = founded(story_id(candidate.article_id), candidate, book.clock)
    found = best_join(book, profile, config)
    if found is None:
        step.change(own, "created", article=_listed(candidate))
        book.put_profile(own.story_id, profile)
        return own.story_id
    target, logit = found
    record = pooled(step.story(target), own, alias=False)
    step.change(record, "article_added", article=_listed(candidate), similarity=probability(logit))
    book.put_profile(target, joined(book.live[target], profile))
    return target


def _sweep(step: StoryStep, target: str, config: ClusterConfig) -> None:
    """Every `merge_every` articles, merge each story touched since with its best neighbour."""
    book = step.book
    book.since_sweep += 1
    if target not in book.touched:
        book.touched.append(target)
    if book.since_sweep < config.merge_every:
        return
    for touched in book.touched:
        if touched in book.live and (found := best_merge(book, touched, config)) is not None:
            step.merge(touched, *found)
    book.since_sweep, book.touched = 0, []


def _listed(candidate: StoryCandidate) -> StoryArticle:
    return StoryArticle(
        article_id=candidate.article_id,
        title=candidate.title,
        source_id=candidate.source_id,
        first_seen_at=candidate.first_seen_at,
    )
