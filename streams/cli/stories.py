"""`newsloom stories` and `newsloom articles`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams.cli.command import AsJson, Call, alone, command, group, run
from streams.cli.inputs import instant
from streams.cli.output import emit, remark
from streams.cli.show import show_found, show_stories, show_view

if TYPE_CHECKING:
    from schemas import Story
    from streams.observe.lookup import ArticleFound
    from streams.observe.views import StoryView

__all__ = ["register"]

PANEL = "Results"
Status = Literal["current", "active", "closed", "merged", "any"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    stories, articles = group(), group(help="What became of an article.", no_args_is_help=True)
    app.add_typer(stories, name="stories", rich_help_panel=PANEL)
    app.add_typer(articles, name="articles", rich_help_panel=PANEL)
    _list(stories)
    _show_story(stories)
    _show_article(articles)


def _list(stories: typer.Typer) -> None:
    @alone(stories)
    def listed(
        call: Call,
        limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="Most stories to list.")] = 20,
        language: Annotated[str | None, typer.Option(help="Only in this language, e.g. en.")] = None,
        status: Annotated[
            Status, typer.Option(help="Only of this status; current is active or closed, merged are redirects.")
        ] = "current",
        entity: Annotated[str | None, typer.Option(help="Only those that name this entity, by name or id.")] = None,
        since: Annotated[str | None, typer.Option(help="Only those that grew since this ISO 8601 time.")] = None,
        articles: Annotated[int, typer.Option(min=1, help="Only those of at least so many articles.")] = 1,
        json: AsJson = False,
    ) -> None:
        """List stories, those that grew last first; `newsloom stories show ID` shows one with its articles.

        ```
        newsloom stories --articles 3 --entity 'United Nations'
        ```
        """
        from streams.app import connected
        from streams.observe.lookup import read_stories
        from streams.observe.views import newest_first

        settings = call.settings()
        after = instant(since) if since else None

        async def work() -> "dict[str, Story]":
            return await read_stories(await connected(settings), settings)

        found = [
            story
            for story in newest_first(run(work()).values())
            if status in ("any", story.status, *(("current",) if story.status != "merged" else ()))
            and (language is None or story.language == language)
            and (after is None or story.last_seen_at >= after)
            and (entity is None or _names(story, entity))
            and story.article_count >= articles
        ]
        if json:
            for story in found[:limit]:
                emit(story.model_dump(mode="json", exclude_none=True))
            return
        show_stories(found[:limit])
        if len(found) > limit:
            remark(f"{len(found) - limit} more; --limit shows them")


def _names(story: "Story", entity: str) -> bool:
    wanted = entity.casefold()
    return any(wanted in (each.name.casefold(), each.entity_id) for each in story.entities)


def _show_story(stories: typer.Typer) -> None:
    @command(stories, "show")
    def show(
        call: Call,
        story_id: Annotated[str, typer.Argument(metavar="ID", help="Story id, or the beginning of one.")],
        json: AsJson = False,
    ) -> None:
        """Show a story with its articles. The id of a story that was merged into another one leads there."""
        from streams.app import connected
        from streams.observe.lookup import show_story

        settings = call.settings()

        async def work() -> "tuple[StoryView, tuple[str, ...]]":
            return await show_story(await connected(settings), settings, story_id)

        view, way = run(work())
        if json:
            emit(view.as_json())
        else:
            show_view(view, way)


def _show_article(articles: typer.Typer) -> None:
    @command(articles, "show")
    def show(
        call: Call,
        article_id: Annotated[
            str, typer.Argument(metavar="ID", help="Article id or document id, or the beginning of one.")
        ],
        json: AsJson = False,
    ) -> None:
        """Show what became of an article: clean text, entities and story; or the original, or the reason."""
        from streams.app import connected
        from streams.observe.lookup import find_article

        settings = call.settings()

        async def work() -> "ArticleFound":
            return await find_article(await connected(settings), settings, article_id)

        found = run(work())
        if json:
            emit(found.as_json())
        else:
            show_found(found)
