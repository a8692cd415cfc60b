"""The in-memory pipeline over files, and the stories it comes to."""

from collections.abc import Iterable

from schemas import EnrichedArticle, Story
from streams.ingest import IngestOptions, Refused, documents
from streams.memory import MemoryPipeline
from streams.observe.views import StoryView, newest_first
from streams.topics import ENRICHED, STORY_STATE

__all__ = ["run_in_memory", "story_views"]


def run_in_memory(paths: Iterable[str], options: IngestOptions) -> tuple[MemoryPipeline, list[Refused]]:
    """Run everything under `paths` through all stages; the pipeline, and what was not taken."""
    pipeline, refused = MemoryPipeline(), []
    for item in documents(paths, options=options):
        if isinstance(item, Refused):
            refused.append(item)
        else:
            pipeline.push((item,))
    pipeline.run()
    return pipeline, refused


def story_views(pipeline: MemoryPipeline) -> list[StoryView]:
    """The stories of a pipeline with their articles, newest first; redirects of merged ones left out."""
    enriched = (EnrichedArticle.model_validate_json(record.value or b"") for record in pipeline.topics[ENRICHED.name])
    articles = {article.article_id: article for article in enriched}
    stories = (Story.model_validate_json(value) for value in pipeline.latest(STORY_STATE.name).values())
    return [StoryView.of(story, articles) for story in newest_first(s for s in stories if s.status != "merged")]
