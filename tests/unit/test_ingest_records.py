"""JSON records into raw documents."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import RawDocument, Source
from streams.codec import encode
from streams.ids import document_id
from streams.ingest.options import IngestOptions, UnfitError
from streams.ingest.records import raw_document

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OPTIONS = IngestOptions(now=NOW)
FIELDS = [
    "id",
    "guid",
    "source",
    "source_id",
    "url",
    "link",
    "title",
    "headline",
    "byline",
    "author",
    "authors",
    "date",
    "published",
    "published_at",
    "language",
    "lang",
    "text",
    "body",
    "content",
    "html",
    "body_text",
    "first_seen_at",
    "fetched_at",
    "media_type",
    "document_id",
    "content_encoding",
    "charset",
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def mapped(record: dict[str, Any], **options: Any) -> RawDocument:
    return raw_document(record, NOW, IngestOptions(now=NOW, **options))


def test_a_loose_article_keeps_its_claims() -> None:
    document = mapped(
        {
            "id": 17,
            "source": "Gazette",
            "url": "https://example.org/a",
            "title": " A title ",
            "date": "2024-05-03",
            "text": "Body.",
            "lang": "en",
            "authors": ["Ann Lee", {"name": "Bo Ek"}],
        }
    )
    assert document == RawDocument(
        document_id=document_id("Gazette", "17"),
        source=Source(id="Gazette"),
        url="https://example.org/a",
        content="Body.",
        first_seen_at=NOW,
        title="A title",
        byline="Ann Lee, Bo Ek",
        published_at="2024-05-03",
        language="en",
    )


def test_the_first_text_field_wins_and_html_is_html() -> None:
    assert mapped({"text": "", "body": None, "content": "C", "html": "<p>H"}).content == "C"
    assert mapped({"html": "no tag"}).media_type == "text/html"
    assert mapped({"content": "<div class=x>H</div>"}).media_type == "text/html"
    assert mapped({"text": "x", "media_type": "text/markdown"}).media_type == "text/markdown"


def test_source_is_the_records_then_the_callers_then_local() -> None:
    assert mapped({"text": "x", "source": "a"}, source="b").source.id == "a"
    assert mapped({"text": "x"}, source="b").source.id == "b"
    assert mapped({"text": "x", "source": {"id": "a", "country": "DE"}}).source.country == "DE"
    assert mapped({"text": "x"}).document_id == document_id("local", "x")


def test_a_full_document_passes_unchanged() -> None:
    document = mapped({"text": "x", "id": "1", "first_seen_at": "2025-01-01T00:00:00Z"})
    assert mapped(document.model_dump(mode="json")) == document


def test_a_full_document_gets_what_it_lacks() -> None:
    content = base64.b64encode(b"<html>\xff").decode()
    document = mapped({"source": {"id": "s"}, "content": content, "content_encoding": "base64"})
    assert document.document_id == document_id("s", b"<html>\xff")
    assert (document.media_type, document.first_seen_at) == ("text/html", NOW)


def test_times_without_offset_are_utc() -> None:
    assert mapped({"text": "x", "fetched_at": "2025-01-01T10:00:00"}).first_seen_at == datetime(
        2025, 1, 1, 10, tzinfo=UTC
    )
    assert mapped({"text": "x", "fetched_at": 1}).first_seen_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"text": "   "},
        {"text": "x", "source": "s" * 300},
        {"text": "x", "first_seen_at": "yesterday"},
        {"content": "***", "source": {"id": "s"}, "content_encoding": "base64"},
        {"content": "x", "source": {"id": ""}},
        {"content": "x", "source": {"id": "s"}, "title": 5},
    ],
)
def test_what_is_no_article_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(UnfitError, match="bad_record"):
        mapped(record)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=8))
def test_any_object_is_mapped_or_refused(record: dict[str, Any]) -> None:
    try:
        document = raw_document(record, NOW, OPTIONS)
    except UnfitError:
        return
    assert document == raw_document(record, NOW, OPTIONS)
    assert RawDocument.model_validate_json(encode(document)) == document
    assert 0 < len(document.payload()) <= OPTIONS.max_document_bytes


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1).filter(str.strip), st.text(min_size=1, max_size=50).filter(str.strip))
def test_mapping_twice_changes_nothing(text: str, source: str) -> None:
    first = mapped({"text": text, "source": source})
    assert mapped(first.model_dump(mode="json", exclude_none=True)) == first
