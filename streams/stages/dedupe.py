"""Tell new articles from edits of known documents and from copies of others.

A document is who pushed it (`document_id`), an article is what it is (`article_id`), a text
is what is compared. The first push of a document decides which terminal topic it is in; all
later pushes follow, so that a document never is in two:

    the record                                              outcome
    a known document, origin not after its last push        Drop redelivered
    a known document, same words                            Drop repushed
    a known document, other words; it was unique            the article again: first id, next revision
    a known document, other words; it was a duplicate       DuplicateRecord again: same verdict, measured anew
    a new document, known article id                        DuplicateRecord url; exact when it has no URL
    a new document, words of a kept text                    DuplicateRecord exact
    a new document, like a kept text                        DuplicateRecord near or contained
    any other                                               the article

Texts are kept for `match_days`, documents and article ids for `forget_days` after their last
push. A copy names the original of the group even when that text is gone, as long as any
text of the group is kept; with none left, a copy at another URL is new. Of a document that was
forgotten nothing is known: its next push is a new one. An edit back to an older text is
an edit. Words alone count: a document with another title and the same body is unchanged.
Languages do not meet: a document whose edit is in another language is a new one there.
"""

from typing import NamedTuple

from schemas import Article, DuplicateRecord
from streams.outcome import Dead, Drop, Ok, Outcome
from streams.state.dedupe_record import DocumentRecord, Role, TextRecord, document_key, packed, unpacked
from streams.state.dedupe_state import DedupeState, Ledger
from streams.state.protocols import Origin
from streams.state.story_record import micros
from streams.text.dedupe_model import DedupeConfig, verdict
from streams.text.fingerprint import Sketch, sketch_of
from streams.text.likeness import Likeness, likeness

__all__ = ["DedupeState", "dedupe"]

VERSION = "1"
METHODS = {"url": "article-id", "exact": "content-hash", "near": "minhash-lsh", "contained": "minhash-lsh"}
_ALIKE = Likeness(1.0, 1.0, 1.0)
_UNLIKE = Likeness(0.0, 0.0, 0.0)


class _Push(NamedTuple):
    """An article that came, what it is kept under, and what is compared of it."""

    article: Article
    origin: Origin
    document: bytes
    article_id: bytes
    content: bytes
    sketch: Sketch


class _Match(NamedTuple):
    """Why an article is a copy: of which original, found by which article, and how alike."""

    role: Role
    root: bytes
    matched: bytes
    found: Likeness


def dedupe(article: Article, state: DedupeState, origin: Origin) -> Outcome:
    """The article when it is the first of its kind or a new revision, a `DuplicateRecord` when it is a copy."""
    try:
        push = _push(article, origin)
    except ValueError as error:
        return Dead("bad_schema", str(error)[:500])
    ledger = state.ledger(article.language)
    known = ledger.document(push.document)
    if known is not None and origin.partition == known.partition and origin.offset <= known.offset:
        return Drop("redelivered")
    if known is not None and push.content == known.content:
        return _repushed(push, known, ledger, state.config)
    ledger.advance(micros(article.first_seen_at))
    ledger.expire()
    outcome = _first(push, ledger, state.config) if known is None else _edit(push, known, ledger, state.config)
    ledger.save_counters()
    return outcome


def _push(article: Article, origin: Origin) -> _Push:
    ids = packed(article.article_id, "art_"), packed(article.content_hash)
    return _Push(article, origin, document_key(article.document_id), *ids, sketch_of(article.fingerprint))


def _repushed(push: _Push, known: DocumentRecord, ledger: Ledger, config: DedupeConfig) -> Drop:
    """Note the push, so that its redelivery changes nothing; the document lives on."""
    record = known._replace(partition=push.origin.partition, offset=push.origin.offset)
    if ledger.stale(known, config.refresh_days):
        record = ledger.refreshed(push.document, record)
        ledger.save_counters()
    ledger.put_document(push.document, record)
    return Drop("repushed")


def _first(push: _Push, ledger: Ledger, config: DedupeConfig) -> Outcome:
    own = push.article_id
    match = _match(push, ledger, config) or _Match("unique", own, own, _ALIKE)
    record = DocumentRecord(
        match.role,
        revision=push.article.revision,
        partition=push.origin.partition,
        offset=push.origin.offset,
        row=_kept(push, own, match.root, ledger),
        step=0,
        at=0,
        article=own,
        root=match.root,
        matched=match.matched,
        content=push.content,
    )
    ledger.put_document(push.document, ledger.refreshed(push.document, record))
    ledger.put_owner(own, push.document)
    return Ok((_output(push.article, match, config),))


def _edit(push: _Push, known: DocumentRecord, ledger: Ledger, config: DedupeConfig) -> Outcome:
    origin, revision = push.origin, known.revision + 1
    match = _Match(known.role, known.root, known.matched, _measured(push, ledger.owner(known.matched), ledger))
    record = known._replace(
        revision=revision,
        partition=origin.partition,
        offset=origin.offset,
        row=_kept(push, known.article, known.root, ledger),
        content=push.content,
    )
    ledger.put_document(push.document, ledger.refreshed(push.document, record))
    ledger.put_owner(known.article, push.document)
    identity = {"article_id": unpacked(known.article, "art_"), "revision": revision}
    return Ok((_output(push.article.model_copy(update=identity), match, config),))


def _match(push: _Push, ledger: Ledger, config: DedupeConfig) -> _Match | None:
    """The first reason to call a new document a copy, surest reasons first."""
    owner = ledger.owner(push.article_id)
    if owner is not None:
        role: Role = "exact" if push.article.canonical_url is None else "url"
        return _Match(role, owner.root, push.article_id, _measured(push, owner, ledger))
    same = ledger.with_content(push.content)
    if same is not None:
        return _Match("exact", same[1].root, same[1].article, _ALIKE)
    for text in ledger.nearest(push.sketch):
        found = likeness(push.sketch, text.sketch)
        kind = verdict(found, config)
        if kind is not None:
            return _Match(kind, text.root, text.article, found)
    return None


def _measured(push: _Push, owner: DocumentRecord | None, ledger: Ledger) -> Likeness:
    """How like a known document's text; not at all when that is no longer kept."""
    if owner is None:
        return _UNLIKE
    if owner.content == push.content:
        return _ALIKE
    text = ledger.text(owner.row)
    return _UNLIKE if text is None else likeness(push.sketch, text.sketch)


def _kept(push: _Push, article: bytes, root: bytes, ledger: Ledger) -> int:
    """Number of the text with these words: one that is kept already, else a new one."""
    same = ledger.with_content(push.content)
    if same is not None:
        return same[0]
    return ledger.add_text(TextRecord(article, root, push.content, ledger.clock or 0, push.sketch))


def _output(article: Article, match: _Match, config: DedupeConfig) -> Article | DuplicateRecord:
    if match.role == "unique":
        return article
    return DuplicateRecord(
        document_id=article.document_id,
        article_id=article.article_id,
        duplicate_of=unpacked(match.root, "art_"),
        matched_article_id=unpacked(match.matched, "art_"),
        kind=match.role,
        similarity=round(match.found.similarity, 4),
        containment=round(match.found.containment, 4),
        method=METHODS[match.role],
        version=f"{VERSION}-{config.digest()}",
        first_seen_at=article.first_seen_at,
        article=article,
    )
