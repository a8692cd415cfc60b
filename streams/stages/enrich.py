"""Enrich: what an article names, when, and with which words; and its candidate for a story."""

from datetime import date

from schemas import Article, EnrichedArticle, EntityLayer, Layers, StoryCandidate, StoryEntity
from streams.outcome import Ok, Outcome
from streams.text.body_dates import date_layer
from streams.text.entities.layer import entity_layer
from streams.text.keywords import keyword_layer
from streams.text.vectorize import vectorize

__all__ = ["enrich"]

READ_CHARS = 100_000
"""Entities and dates are looked for in so much of a body, some 60 times a usual article, and no further."""

CANDIDATE_ENTITIES = 24
_DAY_STATED = ("day", "minute", "second")


def enrich(article: Article) -> Outcome:
    """Answer with the enriched article and its story candidate; an article that names nothing has empty layers."""
    read = _readable(article.body_text)
    layers = Layers(
        entities=entity_layer(read),
        dates=date_layer(read, _published(article)),
        keywords=keyword_layer(article.title, article.body_text, article.language),
    )
    enriched = EnrichedArticle(
        document_id=article.document_id,
        article_id=article.article_id,
        revision=article.revision,
        first_seen_at=article.first_seen_at,
        article=article,
        layers=layers,
    )
    return Ok((enriched, _candidate(article, layers.entities)))


def _readable(body: str) -> str:
    """The head of the body, cut between words where it has any."""
    if len(body) <= READ_CHARS:
        return body
    space = body.rfind(" ", 0, READ_CHARS)
    return body[: space if space > 0 else READ_CHARS]


def _published(article: Article) -> date | None:
    """The day of publication, where the article states one."""
    if article.published_at is None or article.published_precision not in _DAY_STATED:
        return None
    return article.published_at.date()


def _candidate(article: Article, layer: EntityLayer | None) -> StoryCandidate:
    entities = layer.entities[:CANDIDATE_ENTITIES] if layer else ()
    return StoryCandidate(
        document_id=article.document_id,
        article_id=article.article_id,
        revision=article.revision,
        language=article.language,
        source_id=article.source.id,
        title=article.title,
        first_seen_at=article.first_seen_at,
        entities=tuple(StoryEntity(entity_id=it.entity_id, type=it.type, name=it.name) for it in entities),
        vectors=vectorize(article.title, article.body_text),
    )
