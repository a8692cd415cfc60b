"""Questions to the read model: functions of a connection, each answered from one snapshot, with bounded work."""

from streams.readmodel.queries.articles import ArticleFilter, article, articles, search
from streams.readmodel.queries.cursor import MAX_LIMIT, CursorError
from streams.readmodel.queries.overview import dead_letters, entities, sources, throughput, totals
from streams.readmodel.queries.stories import StoryFilter, current_story, members, stories, story, timeline
from streams.readmodel.queries.trace import trace

__all__ = [
    "MAX_LIMIT",
    "ArticleFilter",
    "CursorError",
    "StoryFilter",
    "article",
    "articles",
    "current_story",
    "dead_letters",
    "entities",
    "members",
    "search",
    "sources",
    "stories",
    "story",
    "throughput",
    "timeline",
    "totals",
    "trace",
]
