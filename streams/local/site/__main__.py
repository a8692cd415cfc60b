"""Serve the bundled news site until Ctrl-C, and print a feeds.toml for it: python -m streams.local.site [PORT]."""

import asyncio
import sys

from streams.local.site import Site, serve

__all__ = ["feeds_toml"]

_PORT = 8970


def feeds_toml(site: Site) -> str:
    """The feeds of the site, as `newsloom up --feeds` takes them."""
    tables = (f'[[feed]]\nid = "{each}"\nname = "{name}"\nurl = "{url}"\n' for each, name, url in site.feeds)
    return "\n".join(tables)


async def main() -> None:
    """Serve."""
    async with serve(int(sys.argv[1]) if len(sys.argv) > 1 else _PORT) as site:
        print(feeds_toml(site), flush=True)  # noqa: T201 - its output
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(130)
