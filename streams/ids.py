"""Deterministic ids: 128-bit BLAKE2b, one domain a kind, so that equal inputs give equal ids."""

from hashlib import blake2b

__all__ = ["article_id", "content_id", "document_id", "entity_id", "story_id"]


def _digest(domain: str, *parts: str | bytes) -> str:
    # Lengths are hashed too: ("ab", "c") and ("a", "bc") must not collide.
    state = blake2b(digest_size=16, person=domain.encode())
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


def document_id(source_id: str, natural_id: str | bytes) -> str:
    """Id of a raw document: its source and the source's own id, or its bytes when it has none."""
    return "doc_" + _digest("document", source_id, natural_id)


def content_id(normalized_body: str) -> str:
    """Hash of a body already reduced to what counts for equality (see `streams.text.fingerprint`)."""
    return _digest("content", normalized_body)


def article_id(canonical_url: str | None, content_hash: str) -> str:
    """Id of an article: its canonical URL when there is one, else its content."""
    if canonical_url is not None:
        return "art_" + _digest("article-url", canonical_url)
    return "art_" + _digest("article-content", content_hash)


def story_id(founding_article_id: str) -> str:
    """Id of a story: the article that founded it."""
    return "sty_" + _digest("story", founding_article_id)


def entity_id(kind: str, name: str) -> str:
    """Id of an entity: its type and its canonical name."""
    return "ent_" + _digest("entity", kind, name)
