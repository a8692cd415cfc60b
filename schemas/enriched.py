"""An article with what the enrichers found, each in a layer of its own."""

from typing import Literal

from pydantic import Field

from schemas.article import Article
from schemas.base import Count, Event, ExternalId, Precision, Revision, UtcDatetime

__all__ = [
    "DateLayer",
    "DateMention",
    "EnrichedArticle",
    "Entity",
    "EntityLayer",
    "EntityType",
    "Keyword",
    "KeywordLayer",
    "Layers",
    "Mention",
]

EntityType = Literal["PERSON", "ORG", "PLACE", "GROUP", "EVENT", "PRODUCT", "MISC"]
"""GROUP: nationalities, religions and parties used as a name ("North Korean")."""


class Mention(Event):
    """`body_text[start:end] == text`."""

    start: Count
    end: int = Field(gt=0, le=2**31 - 1)
    text: str = Field(min_length=1)


class Entity(Event):
    """One thing the article names, whatever the surface forms of its mentions.

    `entity_id` is the same in every article that names it by the same canonical
    name. `salience` is 0 to 1, 1 for the most salient entity of the article.
    """

    entity_id: str
    type: EntityType
    name: str
    external_ids: tuple[ExternalId, ...] = ()
    salience: float = Field(ge=0, le=1)
    mentions: tuple[Mention, ...] = Field(min_length=1)


class DateMention(Event):
    """A date in the body; `value` is ISO 8601, `--02-18` when no year is stated or implied."""

    start: Count
    end: int = Field(gt=0, le=2**31 - 1)
    text: str = Field(min_length=1)
    value: str
    precision: Precision


class Keyword(Event):
    """A term that stands for the article, weight 0 to 1."""

    term: str
    weight: float = Field(ge=0, le=1)


class EntityLayer(Event):
    """Output of the entity enricher, most salient first."""

    enricher: str
    version: str
    entities: tuple[Entity, ...] = ()


class DateLayer(Event):
    """Output of the date enricher, in text order."""

    enricher: str
    version: str
    dates: tuple[DateMention, ...] = ()


class KeywordLayer(Event):
    """Output of the keyword enricher, heaviest first."""

    enricher: str
    version: str
    keywords: tuple[Keyword, ...] = ()


class Layers(Event):
    """One optional field an enricher; none writes into another's."""

    entities: EntityLayer | None = None
    dates: DateLayer | None = None
    keywords: KeywordLayer | None = None


class EnrichedArticle(Event):
    """The article as published, untouched, and the layers over it."""

    document_id: str
    article_id: str
    revision: Revision = 1
    first_seen_at: UtcDatetime
    article: Article
    layers: Layers
