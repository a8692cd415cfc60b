"""Stories and articles on a terminal."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from streams.cli.output import console, counted, moment, safe

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from schemas import EnrichedArticle, Story
    from streams.observe.lookup import ArticleFound
    from streams.observe.views import StoryView

__all__ = ["show_found", "show_stories", "show_view"]

_ENTITIES = 12
_NAMED = 3
_WIDE = 120
_ID = 36
_SHORT_ID = 12
_OTHER_COLUMNS = 45
_TYPE_COLOURS = {"PERSON": "magenta", "ORG": "cyan", "PLACE": "green", "GROUP": "yellow"}
_BODY_LINES = 12


def show_stories(stories: Iterable["Story"]) -> None:
    """A table of stories, one a line; where there is little room, ids are cut to what still finds them."""
    from rich.table import Table
    from rich.text import Text

    out = console()
    wide = out.width >= _WIDE
    id_width = _ID if wide else _SHORT_ID
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("story", "articles", "sources", "last seen", "lang", "title"):
        table.add_column(name, justify="right" if name in ("articles", "sources") else "left", no_wrap=True)
    for story in stories:
        state = "" if story.status == "active" else f"[{story.status}] "
        # The text is not at hand: the table of stories is all that a list reads.
        named = ", ".join(["(no title)", *(entity.name for entity in story.entities[:_NAMED])])
        title = Text(state + safe(story.title or named))
        title.truncate(max(10, out.width - id_width - _OTHER_COLUMNS), overflow="ellipsis")
        counts = (str(story.article_count), str(story.source_count))
        table.add_row(story.story_id[:id_width], *counts, moment(story.last_seen_at), story.language, title)
    out.print(table)


def show_view(view: "StoryView", way: tuple[str, ...] = ()) -> None:
    """One story with its articles."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    from streams.text.opening import opening

    story = view.story
    out = console()
    for old in way:
        out.print(Text(f"{old} is now part of", "yellow"))
    size = f"{counted(story.article_count, 'article')} from {counted(story.source_count, 'source')}"
    facts = f"{size}, {story.status}, version {story.version}"
    seen = f"{moment(story.first_seen_at)} to {moment(story.last_seen_at)} UTC"
    head = Group(Text(story.story_id, "dim"), Text(f"{facts}\n{seen}"), _names(story.entities))
    begins = opening(view.articles[0].article.body_text) if view.articles else ""
    title = Text(safe(story.title or begins or "(no title)"), "bold")
    out.print(Panel(head, title=title, title_align="left"))
    for article in view.articles:
        out.print(_article(article, _BODY_LINES))
    shown = len(view.articles)
    if shown < story.article_count:
        out.print(Text(f"and {counted(story.article_count - shown, 'article')} more", "dim"))


def show_found(found: "ArticleFound") -> None:
    """What became of an article."""
    from rich.text import Text

    out = console()
    out.print(Text(found.state + (f": {safe(found.detail)}" if found.detail else ""), "bold"))
    out.print(Text(f"document  {safe(found.document_id)}"))
    if found.story_id:
        out.print(Text(f"story     {found.story_id}"))
    if found.enriched is not None:
        out.print(_article(found.enriched, None))
        return
    inner = found.value.get("article", found.value)
    for name in ("title", "body_text", "content"):
        if isinstance(text := inner.get(name), str):
            out.print(Text(safe(text, lines=True)))


def _article(enriched: "EnrichedArticle", body_lines: int | None) -> "RenderableType":
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from streams.text.opening import opening

    article, layers = enriched.article, enriched.layers
    published = (
        f"published {_stated(article.published_at, article.published_precision)}" if article.published_at else ""
    )
    where = article.outlet or article.source.name or article.source.id
    facts = "  ".join(filter(None, (where, published, article.byline, f"{article.word_count} words", article.language)))
    body = article.body_text.split("\n")
    cut = body_lines is not None and len(body) > body_lines
    text = "\n".join(body[:body_lines]) + ("\n..." if cut else "")
    parts: list[RenderableType] = [
        Text(safe(article.title or opening(article.body_text)), "bold"),
        Text(f"{enriched.article_id}  {safe(facts)}", "dim"),
        Text(safe(text, lines=True)),
    ]
    if layers.entities and layers.entities.entities:
        parts.append(_names(layers.entities.entities))
    if layers.dates and layers.dates.dates:
        dates = ", ".join(f"{safe(date.text)} ({safe(date.value)})" for date in layers.dates.dates)
        parts.append(Text.assemble(("dates     ", "bold"), dates))
    if layers.keywords and layers.keywords.keywords:
        terms = ", ".join(safe(each.term) for each in layers.keywords.keywords[:_ENTITIES])
        parts.append(Text.assemble(("terms     ", "bold"), terms))
    return Padding(Group(*parts), (1, 2, 0, 2))


def _names(entities: Iterable[Any]) -> "Text":
    from rich.text import Text

    text = Text.assemble(("entities  ", "bold"))
    for number, entity in enumerate(list(entities)[:_ENTITIES]):
        text.append(", " if number else "")
        text.append(safe(entity.name), _TYPE_COLOURS.get(entity.type, "white"))
        text.append(f" {entity.type.lower()}", "dim")
    return text


def _stated(time: Any, precision: str | None) -> str:
    """A date as precisely as it was stated, and no more."""
    formats = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}
    return str(time.strftime(formats.get(precision or "", "%Y-%m-%d %H:%M %Z")))
