"""Questions to the read model: filters, orders, cursors, merges, traces."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.readmodel import queries
from streams.readmodel.database import open_writer
from streams.readmodel.queries.cursor import read_cursor, write_cursor
from streams.readmodel.queries.fulltext import match_of
from streams.readmodel.results import ArticleBrief, Page
from streams.readmodel.store import apply
from streams.topics import STORY_STATE
from tests.builders import SEEN_AT, record_of
from tests.readmodel_builders import built, chain_of_merges
from tests.view_builders import story


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    connection = built(tmp_path_factory.mktemp("readmodel") / "model")
    yield connection
    connection.close()


@pytest.fixture
def merged(tmp_path: Path) -> sqlite3.Connection:
    db = open_writer(tmp_path / "model")
    apply(db, chain_of_merges(), {})
    return db


def titles(page: Page[ArticleBrief]) -> list[str | None]:
    return [item.title for item in page.items]


def test_articles_come_newest_first_and_page_by_page(db: sqlite3.Connection) -> None:
    whole = queries.articles(db, queries.ArticleFilter())
    assert len(whole.items) == 7
    assert whole.next is None
    seen = [item.first_seen_at for item in whole.items]
    assert seen == sorted(seen, reverse=True)
    walked: list[ArticleBrief] = []
    cursor = None
    while True:
        page = queries.articles(db, queries.ArticleFilter(), limit=2, cursor=cursor)
        walked += page.items
        cursor = page.next
        if cursor is None:
            break
    assert walked == list(whole.items)
    oldest = queries.articles(db, queries.ArticleFilter(), sort="oldest")
    assert list(oldest.items) == walked[::-1]


def test_every_filter_of_articles_holds(db: sqlite3.Connection) -> None:
    everything = queries.articles(db, queries.ArticleFilter()).items
    finnish = queries.articles(db, queries.ArticleFilter(language="fi"))
    assert titles(finnish) == ["Uusi rautatie Tampereelta Poriin"]
    assert queries.articles(db, queries.ArticleFilter(source="nobody")).items == ()
    middle = everything[3].first_seen_at
    later = queries.articles(db, queries.ArticleFilter(since=middle)).items
    earlier = queries.articles(db, queries.ArticleFilter(until=middle)).items
    assert later + earlier == everything
    one = queries.articles(db, queries.ArticleFilter(ids=(everything[2].article_id, "art_none"))).items
    assert one == (everything[2],)
    brandal = queries.articles(db, queries.ArticleFilter(entity="otto brandal"))
    by_id = queries.entities(db, name="Otto").items[0].entity_id
    assert queries.articles(db, queries.ArticleFilter(entity=by_id)) == brandal
    assert len(brandal.items) == 2
    both = queries.articles(db, queries.ArticleFilter(entity="Otto Brandal", q="easter -wish"))
    assert set(titles(both)) < set(titles(brandal))
    in_story = queries.articles(db, queries.ArticleFilter(story=brandal.items[0].story_id))
    assert in_story == brandal
    assert queries.articles(db, queries.ArticleFilter(q="?!")).items == ()


def test_an_article_is_whole_and_offsets_fit_its_text(db: sqlite3.Connection) -> None:
    brief = queries.articles(db, queries.ArticleFilter(q="skerrow halvard")).items[-1]
    found = queries.article(db, brief.article_id)
    assert found is not None
    mentions = [mention for entity in found.entities for mention in entity.mentions]
    assert mentions
    assert all(found.body_text[mention.start : mention.end] == mention.text for mention in mentions)
    assert found.removed is None
    assert queries.article(db, brief.article_id, removed=True) == found.model_copy(update={"removed": ()})
    assert [copy.kind for copy in found.duplicates] == ["exact", "near"]
    assert found.copies == 2
    assert queries.article(db, "art_none") is None


def test_a_search_marks_what_it_found(db: sqlite3.Connection) -> None:
    page = queries.search(db, '"skerrow reef" ferry', limit=1)
    assert page.next is not None
    hit = page.items[0]
    words = {hit.snippet[start:end].lower() for start, end in hit.marks}
    assert words <= {"ferry", "skerrow reef"}
    assert words
    rest = queries.search(db, '"skerrow reef" ferry', cursor=page.next)
    assert hit.article_id not in {each.article_id for each in rest.items}
    assert queries.search(db, "ferry", queries.ArticleFilter(language="fi")).items == ()


@given(st.text(max_size=60))
def test_no_search_text_breaks_the_index(text: str) -> None:
    expression = match_of(text)
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5 (title, body)")
        if expression is not None:
            db.execute("SELECT * FROM t WHERE t MATCH ?", (expression,)).fetchall()
    db.close()


def test_search_texts_mean_what_they_say() -> None:
    assert match_of("bridge  Tarnmouth") == '"bridge" AND "Tarnmouth"'
    assert match_of('"two words" -not beg*') == '("two words" AND "beg"*) NOT ("not")'
    assert match_of('NEAR(a) OR "') == '"NEAR a" AND "OR"'
    assert match_of("-only") is None


def test_stories_sort_and_page_in_every_order(db: sqlite3.Connection) -> None:
    keys = {"latest": "last_seen_at", "size": "article_count", "first": "first_seen_at", "hot": "hot"}
    for sort, key in keys.items():
        whole = queries.stories(db, queries.StoryFilter(), sort=sort)  # type: ignore[arg-type]
        values = [getattr(item, key) for item in whole.items]
        assert values == sorted(values, reverse=True)
        first = queries.stories(db, queries.StoryFilter(), sort=sort, limit=1)  # type: ignore[arg-type]
        rest = queries.stories(db, queries.StoryFilter(), sort=sort, cursor=first.next)  # type: ignore[arg-type]
        assert first.items + rest.items == whole.items


def test_every_filter_of_stories_holds(db: sqlite3.Connection) -> None:
    def found(**changes: object) -> set[str | None]:
        return {item.title for item in queries.stories(db, queries.StoryFilter(**changes)).items}  # type: ignore[arg-type]

    everything = found()
    assert found(language="fi") == {"Uusi rautatie Tampereelta Poriin"}
    assert found(min_articles=2) == everything - found(language="fi")
    assert found(source="gazette") == everything
    assert found(source="nobody") == set()
    assert found(entity="OTTO BRANDAL") == found(q="brandal") == {"Brandal presents budget with a deficit"}
    assert found(status="merged") == set()
    assert found(since=SEEN_AT + timedelta(days=1)) == set()


def test_members_fold_their_copies(db: sqlite3.Connection) -> None:
    ferry = queries.stories(db, queries.StoryFilter(q="ferry")).items[0]
    page = queries.members(db, ferry.story_id)
    assert page is not None
    assert [(item.title, len(item.duplicates)) for item in page.items] == [
        ("Ferry runs aground on Skerrow reef", 2),
        ("Passengers lifted from the ferry Halvard", 0),
    ]
    first = queries.members(db, ferry.story_id, limit=1)
    assert first is not None
    rest = queries.members(db, ferry.story_id, cursor=first.next)
    assert rest is not None
    assert first.items + rest.items == page.items
    assert queries.members(db, "sty_none") is None


def test_old_ids_lead_through_chains_of_merges(merged: sqlite3.Connection) -> None:
    assert [queries.current_story(merged, each) for each in ("sty_a", "sty_b", "sty_c", "sty_x")] == [
        "sty_c",
        "sty_c",
        "sty_c",
        "sty_x",
    ]
    found = queries.story(merged, "sty_c")
    assert found is not None
    assert (found.aliases, found.sources) == (("sty_a", "sty_b"), {"gazette": 3})
    page = queries.members(merged, "sty_c")
    assert page is not None
    assert [(each.article_id, each.joined_story_id) for each in page.items] == [
        ("art_1", "sty_a"),
        ("art_2", "sty_b"),
        ("art_3", "sty_c"),
    ]
    line = queries.timeline(merged, "sty_c")
    assert [(each.story_id, each.kind) for each in line.items] == [
        ("sty_a", "created"),
        ("sty_b", "created"),
        ("sty_c", "created"),
        ("sty_a", "merged"),
        ("sty_b", "updated"),
        ("sty_b", "merged"),
        ("sty_c", "updated"),
    ]
    by_source = queries.stories(merged, queries.StoryFilter(source="gazette"))
    assert [each.story_id for each in by_source.items] == ["sty_c"]


def test_a_circle_of_merges_ends(tmp_path: Path) -> None:
    """No stage makes one; a reader of topics must not hang on it."""
    db = open_writer(tmp_path / "model")
    pair = (story("sty_1", merged_into="sty_2"), story("sty_2", merged_into="sty_1"))
    apply(db, [("story", record_of(STORY_STATE, each, offset=place)) for place, each in enumerate(pair)], {})
    assert queries.current_story(db, "sty_1") in ("sty_1", "sty_2")


def test_a_trace_tells_all_in_order(db: sqlite3.Connection) -> None:
    found = queries.articles(db, queries.ArticleFilter(q="skerrow halvard")).items[-1]
    trace = queries.trace(db, found.article_id)
    assert trace is not None
    steps = [(step.topic.removeprefix("news.").removesuffix(".v1"), step.what) for step in trace.steps]
    way = ["raw", "article.normalized", "article.unique", "article.enriched", "story.candidate", "story.event"]
    assert [topic for topic, _ in steps if topic != "article.duplicate"][: len(way)] == way
    assert ("article.duplicate", "exact") in steps
    assert trace.stories == (found.story_id,)
    assert trace.steps[0].latency_ms == 0
    assert all(step.latency_ms is not None and step.latency_ms >= 0 for step in trace.steps)
    by_document = queries.trace(db, found.document_id[:14])
    assert by_document is not None
    assert by_document.documents == (found.document_id,)
    assert queries.trace(db, found.story_id or "") is not None
    assert queries.trace(db, "https://example.org/nothing") is None
    assert queries.trace(db, "art_") is None


def test_a_trace_of_a_dead_letter_says_why(db: sqlite3.Connection) -> None:
    letters = [tuple(row) for row in db.execute("SELECT document_id, what FROM record WHERE topic = 'raw.dlq'")]
    assert {reason for _, reason in letters} == {"empty_body", "unsupported_media_type"}
    for document_id, reason in letters:
        trace = queries.trace(db, document_id)
        assert trace is not None
        assert [step.what for step in trace.steps] == ["arrived", reason]
        assert trace.steps[1].latency_ms is not None


def test_a_trace_of_a_merged_story_has_the_merges(merged: sqlite3.Connection) -> None:
    trace = queries.trace(merged, "sty_b")
    assert trace is not None
    assert trace.stories == ("sty_a", "sty_b", "sty_c")
    assert [step.what for step in trace.steps].count("merged") == 2
    of_article = queries.trace(merged, "art_1")
    assert of_article is not None
    assert [step.what for step in of_article.steps] == ["created", "merged", "merged"]


def test_the_whole_at_a_glance(db: sqlite3.Connection) -> None:
    assert queries.totals(db) == {"articles": 7, "duplicates": 3, "stories": 4, "entities": 13}
    (source,) = queries.sources(db).items
    assert (source.source_id, source.articles, source.duplicates) == ("gazette", 7, 3)
    most = queries.entities(db)
    assert most.items[0].articles == 2
    assert [each.articles for each in most.items] == sorted((each.articles for each in most.items), reverse=True)
    assert queries.entities(db, name="%").items == ()
    assert {each.type for each in queries.entities(db, kind="PERSON").items} == {"PERSON"}
    assert {(each.reason, each.stage, each.records) for each in queries.dead_letters(db)} == {
        ("empty_body", "normalize", 1),
        ("unsupported_media_type", "normalize", 1),
    }
    minutes = queries.throughput(db, until=SEEN_AT + timedelta(minutes=5), minutes=5)
    assert [minute.records.get("raw", 0) for minute in minutes] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "cursor", ["", "x", "!!", "WzFd", "bnVsbA", "e30", write_cursor("latest", (1, "a")), "A" * 2000]
)
def test_a_cursor_of_something_else_is_refused(db: sqlite3.Connection, cursor: str) -> None:
    with pytest.raises(queries.CursorError):
        queries.articles(db, queries.ArticleFilter(), cursor=cursor)


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_cursors_round_trip(number: float, text: str) -> None:
    assert read_cursor("hot", write_cursor("hot", (number, text)), (0.0, "")) == (number, text)


def test_a_page_is_never_larger_than_the_cap(db: sqlite3.Connection) -> None:
    assert len(queries.articles(db, queries.ArticleFilter(), limit=10**9).items) == 7
    assert len(queries.articles(db, queries.ArticleFilter(), limit=-5).items) == 1
