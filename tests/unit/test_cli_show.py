"""Stories and articles on a terminal, of any width, whatever their text holds."""

import pytest

from schemas import StoryArticle
from streams.cli.show import show_found, show_stories, show_view
from streams.observe.lookup import ArticleFound
from streams.observe.views import StoryView
from tests.builders import BODY, SEEN_AT
from tests.view_builders import enriched, story

STORY = "sty_" + 32 * "a"
NAMED = ({"entity_id": "ent_1", "type": "PERSON", "name": "Ilse Varga", "articles": 1},)


@pytest.mark.parametrize(("columns", "listed"), [(80, STORY[:12]), (160, STORY)])
def test_a_table_fits_its_width(
    columns: int, listed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("streams.cli.output._PIPE_WIDTH", columns)
    long = story(STORY, title="A title that goes on " * 20, article_count=12345, source_count=67)
    show_stories([long, story(STORY, status="closed", entities=NAMED)])
    head, first, second = capsys.readouterr().out.splitlines()
    assert max(map(len, (head, first, second))) <= columns
    assert first.split()[:6] == [listed, "12345", "67", "2026-03-01", "12:00", "en"]
    assert "\u2026" in first
    assert "[closed] (no title), I" in second


def test_a_story_is_shown_with_its_articles_and_the_way_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    one = enriched()
    member = StoryArticle(article_id=one.article_id, source_id="gazette", first_seen_at=SEEN_AT)
    view = StoryView.of(story(STORY, title="Bridge", articles=(member,), article_count=3), {one.article_id: one})
    show_view(view, ("sty_old",))
    out = capsys.readouterr().out
    assert out.startswith("sty_old is now part of\n")
    assert "3 articles from 1 source, active, version 1" in out
    assert "Ilse Varga person" in out
    assert "The swing bridge over the harbour" in out
    assert "and 2 articles more" in out


def test_what_has_no_title_shows_how_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    one = enriched(title=None, body_text="The bridge is shut. Nobody knows why, said Ilse Varga.")
    member = StoryArticle(article_id=one.article_id, source_id="gazette", first_seen_at=SEEN_AT)
    show_view(StoryView.of(story(STORY, articles=(member,)), {one.article_id: one}))
    out = capsys.readouterr().out
    assert out.count("The bridge is shut.") == 3  # the story, the article and its text
    assert "(no title)" not in out


def test_nothing_in_a_text_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b[2J\x9b31m\u202e[bold]"
    one = enriched(title=f"T{hostile}", body_text=f"{BODY}\n\n{hostile} end.", byline=hostile)
    member = StoryArticle(article_id=one.article_id, source_id="gazette", first_seen_at=SEEN_AT)
    show_view(StoryView.of(story(STORY, title=hostile, articles=(member,)), {one.article_id: one}))
    show_stories([story(STORY, title=hostile)])
    show_found(ArticleFound("raw", None, hostile, {"title": hostile, "content": hostile}, detail=hostile))
    out = capsys.readouterr().out
    assert not set(out) & set("\x1b\x9b\u202e")
    assert out.count("\\x1b[2J\\x9b31m\\u202e[bold]") >= 6
