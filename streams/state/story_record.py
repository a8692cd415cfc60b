"""A story and an article's identity as kept in the table of the cluster stage."""

import struct
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

import orjson

from schemas import Algorithm, EntityType, Story, StoryArticle, StoryCandidate, StoryEntity

__all__ = [
    "ArticleRecord",
    "Member",
    "Status",
    "StoryRecord",
    "founded",
    "from_micros",
    "micros",
    "pooled",
    "published",
    "revised",
    "standing",
]

MAX_MEMBERS = 50
MAX_ENTITIES = 64
PUBLISHED_ENTITIES = 12
MAX_SOURCES = 512
MAX_ALIASES = 100
CACHED = 8192
"""Members and entities whose published form is kept: a story that grows shows most of them again."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ARTICLE = struct.Struct("<IIqqQ16s")


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(at: int) -> datetime:
    """The instant of `micros`."""
    return _EPOCH + at * _MICROSECOND


class ArticleRecord(NamedTuple):
    """An article that was handled: which revision, where it was last pushed, and the story it went to.

    `arrived` is the clock of its language at that push, `number` its place in the order of pushes.
    """

    revision: int
    partition: int
    offset: int
    arrived: int
    number: int
    story_id: str

    def encode(self) -> bytes:
        """48 bytes."""
        story = bytes.fromhex(self.story_id.removeprefix("sty_"))
        return _ARTICLE.pack(self.revision, self.partition, self.offset, self.arrived, self.number, story)

    @classmethod
    def decode(cls, data: bytes) -> "ArticleRecord":
        """Read back `encode`."""
        *numbers, story = _ARTICLE.unpack(data)
        return cls._make((*numbers, f"sty_{story.hex()}"))


class Member(NamedTuple):
    """A member as a list shows it."""

    article_id: str
    title: str | None
    source_id: str
    first_seen: int

    @property
    def rank(self) -> tuple[bool, int, str]:
        """The least represents the story: the earliest that has a title."""
        return (self.title is None, self.first_seen, self.article_id)

    @property
    def order(self) -> tuple[int, str]:
        """Place in the list of members, oldest first."""
        return (self.first_seen, self.article_id)

    @lru_cache(maxsize=CACHED)  # noqa: B019 - a tuple holds on to nothing but itself
    def published(self) -> StoryArticle:
        """The contract's form."""
        return StoryArticle(
            article_id=self.article_id,
            title=self.title,
            source_id=self.source_id,
            first_seen_at=from_micros(self.first_seen),
        )


class EntityCount(NamedTuple):
    """An entity and how many members name it; `places` adds up where it stood in their lists, 0 the most salient."""

    entity_id: str
    type: EntityType
    name: str
    articles: int
    places: int

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """The least stands for the story most: named by most members, and by those as what they are about."""
        return (-self.articles, self.places, self.name, self.entity_id)

    def with_more(self, other: "EntityCount") -> "EntityCount":
        """The entity as the members of both stories name it."""
        return self._replace(articles=self.articles + other.articles, places=self.places + other.places)

    @lru_cache(maxsize=CACHED)  # noqa: B019 - as above
    def published(self) -> StoryEntity:
        """The contract's form."""
        return StoryEntity(entity_id=self.entity_id, type=self.type, name=self.name, articles=self.articles)


Status = Literal["active", "closed", "merged"]
_STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class StoryRecord:
    """All that a `Story` is published from; lists are bounded, counts are not.

    `first` and `last` are the earliest and latest `first_seen_at` of its members, `touched` is
    the clock of its language when it last grew. `sources` is exact up to `MAX_SOURCES`,
    entity counts are exact while a story has no more than `MAX_ENTITIES` entities.
    """

    story_id: str
    version: int
    status: Status
    size: int
    first: int
    last: int
    touched: int
    representative: Member
    merged_into: str | None = None
    aliases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    entities: tuple[EntityCount, ...] = ()
    members: tuple[Member, ...] = ()

    def encode(self) -> bytes:
        """A JSON array in the order of the fields, without the id, which is in the key; numbers first."""
        return orjson.dumps(
            (
                self.version,
                _STATUSES.index(self.status),
                self.size,
                self.first,
                self.last,
                self.touched,
                tuple(self.representative),
                self.merged_into,
                self.aliases,
                self.sources,
                tuple(map(tuple, self.entities)),
                tuple(map(tuple, self.members)),
            )
        )

    @classmethod
    def decode(cls, story_id: str, data: bytes) -> "StoryRecord":
        """Read back `encode`."""
        version, status, size, first, last, touched, head, into, aliases, sources, entities, members = orjson.loads(
            data
        )
        return cls(
            story_id,
            version,
            _STATUSES[status],
            size,
            first,
            last,
            touched,
            Member(*head),
            into,
            tuple(aliases),
            tuple(sources),
            tuple(map(EntityCount._make, entities)),
            tuple(map(Member._make, members)),
        )


def standing(data: bytes) -> tuple[Status, int]:
    """`status` and `touched` of an encoded record, without reading its lists."""
    _, status, _, _, _, touched, _ = data.split(b",", 6)
    return _STATUSES[int(status)], int(touched)


def founded(story_id: str, candidate: StoryCandidate, clock: int) -> StoryRecord:
    """The story that `candidate` founds at the time `clock`."""
    member = _member(candidate)
    return StoryRecord(
        story_id,
        version=1,
        status="active",
        size=1,
        first=member.first_seen,
        last=member.first_seen,
        touched=clock,
        representative=member,
        sources=(candidate.source_id,),
        entities=_entities(candidate),
        members=(member,),
    )


def pooled(one: StoryRecord, other: StoryRecord, *, alias: bool = True) -> StoryRecord:
    """`one` with all of `other` in it, one version on; `alias`: the id of `other` was public."""
    aliases = (*one.aliases, *other.aliases, other.story_id) if alias else one.aliases
    return replace(
        one,
        version=one.version + 1,
        size=one.size + other.size,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        touched=max(one.touched, other.touched),
        representative=min(one.representative, other.representative, key=lambda member: member.rank),
        aliases=aliases[-MAX_ALIASES:],
        sources=tuple(sorted({*one.sources, *other.sources})[:MAX_SOURCES]),
        entities=_counted(one.entities, other.entities),
        members=_recent(*one.members, *other.members),
    )


def revised(record: StoryRecord, candidate: StoryCandidate) -> StoryRecord:
    """`record` with a newer revision of a member: what a list shows of it is replaced, but not when it came."""

    def renewed(member: Member) -> Member:
        if member.article_id != candidate.article_id:
            return member
        return member._replace(title=candidate.title, source_id=candidate.source_id)

    members = tuple(map(renewed, record.members))
    head = min((renewed(record.representative), *members), key=lambda member: member.rank)
    return replace(record, version=record.version + 1, representative=head, members=members)


def published(record: StoryRecord, language: str, algorithm: Algorithm) -> Story:
    """The contract's form; a merged story is a redirect without members."""
    listed = record.status != "merged"
    return Story(
        story_id=record.story_id,
        version=record.version,
        status=record.status,
        title=record.representative.title,
        language=language,
        representative_article_id=record.representative.article_id,
        article_count=record.size,
        source_count=len(record.sources),
        first_seen_at=from_micros(record.first),
        last_seen_at=from_micros(record.last),
        merged_into=record.merged_into,
        aliases=record.aliases,
        entities=tuple(entity.published() for entity in record.entities[:PUBLISHED_ENTITIES] if listed),
        articles=tuple(member.published() for member in record.members if listed),
        algorithm=algorithm,
    )


def _member(candidate: StoryCandidate) -> Member:
    return Member(candidate.article_id, candidate.title, candidate.source_id, micros(candidate.first_seen_at))


def _recent(*members: Member) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda member: member.order)[-MAX_MEMBERS:])


def _entities(candidate: StoryCandidate) -> tuple[EntityCount, ...]:
    named = {
        entity.entity_id: EntityCount(entity.entity_id, entity.type, entity.name, 1, place)
        for place, entity in enumerate(candidate.entities)
    }
    return _counted(tuple(named.values()), ())


def _counted(one: tuple[EntityCount, ...], other: tuple[EntityCount, ...]) -> tuple[EntityCount, ...]:
    counts = {entity.entity_id: entity for entity in one}
    for entity in other:
        known = counts.get(entity.entity_id)
        counts[entity.entity_id] = known.with_more(entity) if known else entity
    return tuple(sorted(counts.values(), key=lambda entity: entity.rank)[:MAX_ENTITIES])
