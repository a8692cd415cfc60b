"""`newsloom demo`."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.command import AsJson, Call, command, run
from streams.cli.output import emit, remark, say
from streams.cli.show import show_view

if TYPE_CHECKING:
    from streams.observe.views import StoryView

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "demo", rich_help_panel="Start here")
    def demo(
        call: Call,
        paths: Annotated[
            list[str] | None, typer.Argument(metavar="PATH", help="Your own articles instead of the samples.")
        ] = None,
        feeds: Annotated[
            bool, typer.Option("--feeds", help="Poll the feeds of a little news site of our own, served locally.")
        ] = False,
        serve: Annotated[
            bool, typer.Option("--serve", help="With --feeds: serve the API and its page, until Ctrl-C.")
        ] = False,
        json: AsJson = False,
    ) -> None:
        """Show the whole of newsloom at once: start a broker and a worker, feed them two articles, print the story.

        A real Kafka broker is started in a temporary folder, the articles go through the real topics and stages,
        and everything is gone again at the end. With `--broker HOST:PORT` it works there, in topics of its own,
        which it deletes afterwards.

        `--feeds` goes from feed to story: twelve invented articles of three outlets, with RSS, Atom and JSON Feed.

        `--json` prints one story a line, its articles in it: title, body_text, entities, dates.
        """
        from streams.demo import demo as run_demo
        from streams.demo import demo_feeds, samples
        from streams.errors import UsageError

        def show(views: list["StoryView"]) -> None:
            for view in views:
                emit(view.as_json()) if json else show_view(view)

        if feeds:
            if paths:
                raise UsageError("--feeds brings its own articles; give no PATH")
            told = remark if serve else say
            run(demo_feeds(call.settings(), show=show, say=told, serve=serve))
            return
        if serve:
            raise UsageError("--serve goes with --feeds; for your own articles there is `newsloom up --serve`")
        run(run_demo(call.settings(), paths or [samples()], show=show, say=say))
