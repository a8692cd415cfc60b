"""The stage as a whole: raw documents in, articles or dead letters out, and nothing else."""

import base64
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import Article, Source
from streams.codec import encode
from streams.ids import article_id
from streams.outcome import Dead, Ok
from streams.stages.normalize import MAX_CHARS, VERSION, normalize
from streams.text.fingerprint import content_hash, fingerprint
from tests.builders import BODY, SEEN_AT, TITLE, raw_document

FURNITURE = ("Follow us on", "Image Source", "0 47", "Leave A Reply", "Your email address")
MEDIA = ["text/plain", "text/markdown", "text/html", "application/xhtml+xml", "TEXT/HTML; charset=koi8-r"]


def normalized(content: str | None = None, **changes: Any) -> Article:
    """The article made of a raw document."""
    outcome = normalize(raw_document(**changes) if content is None else raw_document(content, **changes))
    assert isinstance(outcome, Ok), outcome
    (value,) = outcome.values
    assert isinstance(value, Article)
    return value


def sample(name: str) -> str:
    """A bundled sample's text."""
    return (files("streams.local") / "samples" / name).read_text("utf-8")


def test_the_sample_with_a_glued_head() -> None:
    article = normalized(sample("000_3735a002b1d218c1.txt"))
    removed = [(cut.text, cut.kind) for cut in article.removed]
    # It has no headline, and none is made up.
    assert article.title is None
    assert article.body_text.startswith("In a reported move that could potentially breach U.N. sanctions")
    assert not any(text in article.body_text for text in FURNITURE)
    assert removed[:2] == [("date 2024-02-20", "head"), ("Follow us on", "head")]
    assert removed[2][0].startswith("Image Source : AP/FILE PHOTO Russian President")
    assert removed[2][0].endswith("the city of Tsiolkovsky.")
    assert (removed[2][1], len(removed)) == ("caption", 3)
    assert article.published_at is not None
    assert (article.published_at.date().isoformat(), article.published_precision) == ("2024-02-20", "day")
    assert article.language == "en"


def test_the_sample_with_a_comment_form() -> None:
    article = normalized(sample("002_1fa226740546646a.txt"))
    assert article.title == "Putin gifts North Korea’s Kim Jong Un Russian-made car: Report"
    assert article.body_text.startswith("North Korean leader Kim Jong Un has received a car")
    assert article.body_text.endswith("departed for Russia.")
    assert not any(text in article.body_text for text in FURNITURE)
    assert [cut.text for cut in article.removed] == [
        "0 47",
        "Leave A Reply",
        "Your email address will not be published.",
    ]
    assert article.published_at is None
    assert article.language == "en"


def test_an_article_and_where_each_field_came_from() -> None:
    content = f"{TITLE}\nBy Jane Doe\n\nTARNMOUTH, March 1 (Reuters) - {BODY}"
    article = normalized(
        content,
        source=Source(id="g", name="The Gazette"),
        url="https://gazette.example/bridge?utm_source=feed",
        published_at="2026-03-01T08:00:00+01:00",
    )
    assert (article.title, article.body_text, article.byline) == (TITLE, BODY, "By Jane Doe")
    assert article.dateline is not None
    assert (article.dateline.place, article.dateline.date, article.agency) == ("TARNMOUTH", "March 1", "Reuters")
    assert [author.name for author in article.authors] == ["Jane Doe"]
    assert article.canonical_url == "https://gazette.example/bridge"
    assert article.article_id == article_id(article.canonical_url, article.content_hash)
    assert article.content_hash == content_hash(BODY)
    assert article.fingerprint == fingerprint(BODY)
    assert article.word_count == article.fingerprint.tokens
    assert article.first_seen_at == SEEN_AT
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2026-03-01T08:00:00+01:00"
    assert {name: value.method for name, value in article.provenance.items()} == {
        "body_text": "line-model",
        "language": "py3langid",
        "title": "first-line",
        "byline": "byline-line",
        "published_at": "claim",
        "outlet": "source",
        "dateline": "dateline-grammar",
    }
    assert {value.version for value in article.provenance.values()} == {VERSION}


def test_formatting_changes_no_identity() -> None:
    page = (
        "<html><body><article>" + "".join(f"<p>{part}</p>" for part in BODY.split("\n\n")) + "</article></body></html>"
    )
    assert normalized(page, media_type="text/html").article_id == normalized(BODY).article_id


def test_bytes_are_decoded_as_declared() -> None:
    content = base64.b64encode(BODY.replace("Varga", "Vargová").encode("cp1250")).decode()
    article = normalized(content, content_encoding="base64", media_type="text/plain; charset=windows-1250")
    assert "Vargová" in article.body_text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"media_type": "application/pdf"}, "unsupported_media_type"),
        ({"content": base64.b64encode(bytes(range(256))).decode(), "content_encoding": "base64"}, "undecodable"),
        ({"content": "\x00" * 100}, "undecodable"),
        ({"content": ""}, "empty_body"),
        ({"content": "Share\nTweet\nLog in"}, "empty_body"),
        ({"content": "!!! ... ???"}, "empty_body"),
        ({"content": "word " * (MAX_CHARS // 4)}, "too_large"),
        ({"content": "<p>" * 300_000, "media_type": "text/html"}, "too_large"),
        ({"content": "", "media_type": "text/html"}, "empty_body"),
    ],
)
def test_what_cannot_be_an_article(changes: dict[str, Any], reason: str) -> None:
    outcome = normalize(raw_document(**changes))
    assert isinstance(outcome, Dead)
    assert outcome.reason == reason


CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text(max_size=80) | st.just("x " * 2048),
        "byline": st.text(max_size=80) | st.just("By Jane Doe and " * 200),
        "published_at": st.text(max_size=40) | st.sampled_from(["9999-12-31T23:59:59-14:00", "0001-01-01", "2026"]),
        "language": st.text(max_size=35),
        "url": st.text(max_size=60) | st.text(max_size=40).map("http://a.example/".__add__),
        "charset": st.text(max_size=20),
    },
)


def _holds(content: str, **changes: Any) -> None:
    raw = raw_document(content, natural_id="1", **changes)
    first, second = normalize(raw), normalize(raw)
    assert first == second
    if isinstance(first, Ok):
        (value,) = first.values
        assert isinstance(value, Article)
        # What was made is what a reader gets: valid by its contract, and writable.
        assert Article.model_validate_json(encode(value)) == value


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=300) | st.just(BODY), st.sampled_from(MEDIA), CLAIMS)
def test_any_text_and_claims_end_in_an_article_or_a_dead_letter(
    content: str, media_type: str, claims: dict[str, str]
) -> None:
    _holds(content, media_type=media_type, **claims)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.binary(max_size=300), st.sampled_from(MEDIA), CLAIMS)
def test_any_bytes_and_claims_end_in_an_article_or_a_dead_letter(
    content: bytes, media_type: str, claims: dict[str, str]
) -> None:
    _holds(base64.b64encode(content).decode(), content_encoding="base64", media_type=media_type, **claims)


def test_lone_surrogates_reach_no_article() -> None:
    for media_type in ("text/plain", "text/html"):
        assert "\ud800" not in encode(normalized(f"<p>{BODY}</p>\n\ud800", media_type=media_type)).decode()
