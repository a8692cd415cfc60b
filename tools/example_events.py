# ruff: noqa: INP001 - part of a script, not of a package
"""The valid examples of every contract; written by `build_examples.py`.

Outlets, people and events are invented; ids, hashes, fingerprints and vectors are true.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from example_beside import dispositions, dropped_files, replay_jobs, source_configs, source_states

from schemas import (
    Algorithm,
    Article,
    Author,
    DateLayer,
    Dateline,
    DateMention,
    DeadLetter,
    Disposition,
    DroppedFile,
    DuplicateRecord,
    EnrichedArticle,
    Entity,
    EntityLayer,
    Event,
    ExternalId,
    Keyword,
    KeywordLayer,
    Layers,
    Mention,
    Provenance,
    RawDocument,
    Removed,
    ReplayJob,
    Source,
    SourceConfig,
    SourceState,
    Story,
    StoryArticle,
    StoryCandidate,
    StoryEntity,
    StoryEvent,
)
from streams import ids
from streams.text.fingerprint import content_hash, fingerprint
from streams.text.vectorize import vectorize

SEEN: Final = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
SOURCE: Final = Source(id="gazette")
WIRE: Final = Source(
    id="northwire", name="Northwire", domain="northwire.example", owner_id="northwire-trust", country="NO"
)

BRIDGE_TITLE: Final = "Harbour bridge at Tarnmouth reopens after winter repairs"
BRIDGE: Final = """\
The swing bridge over the harbour of Tarnmouth carried its first traffic in four months on Monday, after engineers \
replaced the bearing that had failed during the November storm.

Mayor Ilse Varga said the repair had cost nine million crowns, two million less than the council had set aside. \
"We kept every promise but the date," she told reporters at the southern gate.

Lorries of more than twelve tonnes will have to take the northern road until April 30, when the Tarnmouth Harbour \
Authority plans a second test under load."""

COMET_TITLE: Final = "Survey telescope at Mount Orlan finds a comet on its first night"
COMET: Final = """\
Astronomers at the Mount Orlan Observatory said on March 1 that their new survey telescope had recorded an unknown \
comet only five hours after it was switched on.

The object, about three kilometres across, will pass the orbit of Mars in late summer and poses no danger, said \
Pavel Anders, who leads the survey. Amateurs with a good pair of binoculars may see it from August."""

COMET_URL: Final = "https://northwire.example/science/orlan-comet"

COMET_PAGE: Final = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{COMET_TITLE} | Northwire</title>
<link rel="canonical" href="{COMET_URL}">
<meta property="article:published_time" content="2026-03-02T05:45:00Z">
<meta name="author" content="Runa Holt">
</head>
<body>
<nav><a href="/">Home</a> <a href="/science">Science</a></nav>
<article>
<h1>{COMET_TITLE}</h1>
<p>{COMET.split(chr(10) * 2)[0]}</p>
<p>{COMET.split(chr(10) * 2)[1]}</p>
</article>
<footer>Follow us on Chatter. Copyright Northwire.</footer>
</body>
</html>
"""

ALGORITHM: Final = Algorithm(name="newsloom.stories", version="1", config_hash="0123456789abcdef")


def raw_documents() -> dict[str, Event]:
    """A text and nothing else, a web page with all that a feed may know, bytes in base64."""
    text = f"{BRIDGE_TITLE}\n\n{BRIDGE}\n"
    latin = f"Café owners of Tarnmouth welcome the bridge\n\n{BRIDGE}\n".encode("windows-1252")
    return {
        "minimal": RawDocument(
            document_id=ids.document_id(SOURCE.id, text), source=SOURCE, content=text, first_seen_at=SEEN
        ),
        "full": RawDocument(
            document_id=ids.document_id(WIRE.id, "orlan-comet"),
            source=WIRE,
            url=f"{COMET_URL}?from=feed",
            media_type="text/html",
            charset="utf-8",
            content=COMET_PAGE,
            first_seen_at=SEEN,
            fetched_at=SEEN + timedelta(minutes=2),
            external_ids=(ExternalId(scheme="guid", value="orlan-comet"),),
            title=COMET_TITLE,
            byline="Runa Holt",
            published_at="Mon, 02 Mar 2026 05:45:00 GMT",
            language="en",
            filename="science/orlan-comet.html",
        ),
        "base64": RawDocument(
            document_id=ids.document_id(SOURCE.id, latin),
            source=SOURCE,
            charset="windows-1252",
            content=base64.b64encode(latin).decode(),
            content_encoding="base64",
            first_seen_at=SEEN,
        ),
    }


def bridge() -> Article:
    """An article of which nothing is known but its text."""
    hashed = content_hash(BRIDGE)
    return Article(
        document_id=ids.document_id(SOURCE.id, f"{BRIDGE_TITLE}\n\n{BRIDGE}\n"),
        article_id=ids.article_id(None, hashed),
        content_hash=hashed,
        source=SOURCE,
        body_text=BRIDGE,
        word_count=len(BRIDGE.split()),
        first_seen_at=SEEN,
        language="en",
        language_confidence=0.99,
        fingerprint=fingerprint(BRIDGE),
    )


def comet() -> Article:
    """An article of which everything is known."""
    head = Provenance(producer="normalize", version="normalize-1", method="claim", confidence=0.9)
    return Article(
        document_id=ids.document_id(WIRE.id, "orlan-comet"),
        article_id=ids.article_id(COMET_URL, content_hash(COMET)),
        revision=2,
        content_hash=content_hash(COMET),
        source=WIRE,
        url=f"{COMET_URL}?from=feed",
        canonical_url=COMET_URL,
        external_ids=(ExternalId(scheme="guid", value="orlan-comet"),),
        title=COMET_TITLE,
        subtitle="Amateurs may see it from August",
        summary="An unknown comet was found five hours after the telescope was switched on.",
        body_text=COMET,
        word_count=len(COMET.split()),
        byline="By Runa Holt",
        authors=(Author(name="Runa Holt", url="https://northwire.example/people/runa-holt"),),
        outlet="Northwire",
        agency="Northwire",
        dateline=Dateline(text="MOUNT ORLAN, March 1 (Northwire) -", place="MOUNT ORLAN", date="03-01"),
        published_at=SEEN - timedelta(minutes=45),
        published_precision="minute",
        modified_at=SEEN - timedelta(minutes=5),
        first_seen_at=SEEN,
        fetched_at=SEEN + timedelta(minutes=2),
        language="en",
        language_confidence=1,
        section="Science",
        keywords=("astronomy", "comets"),
        removed=(Removed(text="Follow us on Chatter. Copyright Northwire.", kind="boilerplate"),),
        provenance={"title": head, "published_at": head},
        fingerprint=fingerprint(COMET),
    )


def duplicates() -> dict[str, Event]:
    """A copy with a word changed, and an article that a longer one holds."""
    first, copy = comet(), bridge()
    return {
        "minimal": _duplicate(copy, of=ids.article_id(None, "a copy"), kind="near", similarity=0.97),
        "full": _duplicate(first, of=ids.article_id(None, "a rewrite"), kind="contained", similarity=0.62),
    }


def _duplicate(article: Article, *, of: str, kind: str, similarity: float) -> DuplicateRecord:
    return DuplicateRecord.model_validate(
        {
            "document_id": article.document_id,
            "article_id": article.article_id,
            "duplicate_of": of,
            "matched_article_id": of,
            "kind": kind,
            "similarity": similarity,
            "containment": 1,
            "method": "minhash-lsh",
            "version": "1",
            "first_seen_at": article.first_seen_at,
            "article": article,
        }
    )


def enriched() -> dict[str, Event]:
    """An article no enricher had anything to say about, and one with all layers."""
    entities = tuple(_entity(COMET, *entity) for entity in COMET_ENTITIES)
    start = COMET.index("March 1")
    date = DateMention(start=start, end=start + 7, text="March 1", value="2026-03-01", precision="day")
    words = (Keyword(term="comet", weight=1), Keyword(term="telescope", weight=0.71))
    layers = Layers(
        entities=EntityLayer(enricher="newsloom-entities", version="1", entities=entities),
        dates=DateLayer(enricher="newsloom-dates", version="1", dates=(date,)),
        keywords=KeywordLayer(enricher="newsloom-keywords", version="1", keywords=words),
    )
    return {"minimal": _enriched(bridge(), Layers()), "full": _enriched(comet(), layers)}


COMET_ENTITIES: Final = (
    ("ORG", "Mount Orlan Observatory", 1.0),
    ("PERSON", "Pavel Anders", 0.5),
    ("PLACE", "Mars", 0.3),
)


def _enriched(article: Article, layers: Layers) -> EnrichedArticle:
    return EnrichedArticle(
        document_id=article.document_id,
        article_id=article.article_id,
        revision=article.revision,
        first_seen_at=article.first_seen_at,
        article=article,
        layers=layers,
    )


def _entity(body: str, kind: str, name: str, salience: float) -> Entity:
    start = body.index(name)
    return Entity.model_validate(
        {
            "entity_id": ids.entity_id(kind, name),
            "type": kind,
            "name": name,
            "salience": salience,
            "mentions": (Mention(start=start, end=start + len(name), text=name),),
        }
    )


def candidates() -> dict[str, Event]:
    """An article without title or entities, and one with both."""
    return {"minimal": _candidate(bridge()), "full": _candidate(comet(), *COMET_ENTITIES)}


def _candidate(article: Article, *entities: tuple[str, str, float]) -> StoryCandidate:
    return StoryCandidate(
        document_id=article.document_id,
        article_id=article.article_id,
        revision=article.revision,
        language=article.language,
        source_id=article.source.id,
        title=article.title,
        first_seen_at=article.first_seen_at,
        entities=_story_entities(*entities),
        vectors=vectorize(article.title, article.body_text),
    )


def _story_entities(*entities: tuple[str, str, float]) -> tuple[StoryEntity, ...]:
    return tuple(
        StoryEntity.model_validate({"entity_id": ids.entity_id(kind, name), "type": kind, "name": name})
        for kind, name, _ in entities
    )


def _member(article: Article) -> StoryArticle:
    return StoryArticle(
        article_id=article.article_id,
        title=article.title,
        source_id=article.source.id,
        first_seen_at=article.first_seen_at,
    )


def story_events() -> dict[str, Event]:
    """What may happen to a story."""

    def event(version: int, kind: str, **more: Any) -> StoryEvent:
        common = {"story_id": STORY_ID, "at": SEEN, "language": "en", "algorithm": ALGORITHM}
        return StoryEvent.model_validate({**common, "story_version": version, "kind": kind, **more})

    other = ids.story_id(bridge().article_id)
    return {
        "minimal": event(4, "closed"),
        "full": event(2, "article_added", article=_member(bridge()), similarity=0.93),
        "created": event(1, "created", article=_member(comet())),
        "merged": event(3, "merged", merged_into=other, similarity=0.88),
        "updated": event(3, "updated", merged_from=other, similarity=0.88),
    }


STORY_ID: Final = ids.story_id(ids.article_id(COMET_URL, ""))


def stories() -> dict[str, Event]:
    """A story of one untitled article, one with all fields, one that went into another."""

    def story(article: Article, **more: Any) -> Story:
        common = {"story_id": STORY_ID, "version": 1, "status": "active", "language": "en", "algorithm": ALGORITHM}
        facts = {"representative_article_id": article.article_id, "article_count": 1, "source_count": 1}
        seen = {"first_seen_at": article.first_seen_at, "last_seen_at": article.first_seen_at}
        return Story.model_validate({**common, **facts, **seen, "title": article.title, **more})

    entities, members = _story_entities(*COMET_ENTITIES), (_member(comet()), _member(bridge()))
    alias = ids.story_id(bridge().article_id)
    whole: dict[str, Any] = {"version": 3, "article_count": 2, "source_count": 2, "aliases": (alias,)}
    return {
        "minimal": story(bridge()),
        "full": story(comet(), **whole, last_seen_at=SEEN + timedelta(hours=3), entities=entities, articles=members),
        "merged": story(comet(), version=2, status="merged", merged_into=alias),
    }


def dead_letters() -> dict[str, Event]:
    """A record without anything, and one that went round once already."""
    value = base64.b64encode(b'{"document_id": "doc_1"').decode()
    where: dict[str, Any] = {"topic": "news.raw.v1", "partition": 0, "offset": 17, "stage": "normalize"}
    return {
        "minimal": DeadLetter(**where, reason="null_value"),
        "full": DeadLetter(
            **where,
            reason="bad_json",
            detail="Invalid JSON: EOF while parsing an object at line 1 column 23",
            first_failed_at=SEEN,
            redrive_count=1,
            exception="ValueError",
            trace="streams.stages.normalize.normalize:57",
            document_id="doc_1",
            key=base64.b64encode(b"doc_1").decode(),
            value=value,
            headers=(("content-type", base64.b64encode(b"application/json").decode()),),
        ),
    }


VALID: Final[Mapping[type[Event], dict[str, Event]]] = {
    RawDocument: raw_documents(),
    Article: {"minimal": bridge(), "full": comet()},
    DuplicateRecord: duplicates(),
    EnrichedArticle: enriched(),
    StoryCandidate: candidates(),
    StoryEvent: story_events(),
    Story: stories(),
    DeadLetter: dead_letters(),
    Disposition: dispositions(),
    DroppedFile: dropped_files(),
    ReplayJob: replay_jobs(),
    SourceConfig: source_configs(),
    SourceState: source_states(),
}
