"""Stories as they grow, from the beginning and on: the SDK, with a group that remembers where it stands.

python examples/stories.py
"""

import asyncio
from contextlib import aclosing

from streams.sdk import subscribe, unique


async def main() -> None:
    """Print a line a version of a story, until Ctrl-C."""
    async with aclosing(subscribe("stories", group="story-board", since="earliest")) as items:
        async for item in unique(items):
            story = item.value
            print(f"v{story.version} {story.article_count} articles  {story.title}  [{item.envelope.id}]", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
