"""Changes of the catalogue, each acknowledged by the broker; a running poller follows within seconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas import SourceConfig
from streams.edge.admin import create_topics
from streams.edge.outbox import Outbox
from streams.endpoint import Endpoint
from streams.errors import InputError, UsageError
from streams.feeds.catalogue import MAX_BYTES, from_opml, from_toml
from streams.feeds.journal import read_configs, record_message, removal_message
from streams.settings import Settings
from streams.topics import SOURCE_CONFIG

__all__ = ["Changes", "put", "read_file", "remove"]


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids of the sources that were added, changed and taken out, and of those that were as wanted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()


def read_file(path: Path) -> list[SourceConfig]:
    """The feeds of a feeds.toml or an OPML list; InputError when it cannot be read as either."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: more than {MAX_BYTES:,} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    try:
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return from_opml(data)
        return from_toml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


async def put(
    endpoint: Endpoint, settings: Settings, configs: Sequence[SourceConfig], *, prune: bool = False
) -> Changes:
    """Have these sources in the catalogue, as they are given; with `prune`, no others. Topics are made if missing."""
    await create_topics(endpoint, settings)
    before = await read_configs(endpoint, settings)
    added = [config for config in configs if config.source_id not in before]
    changed = [config for config in configs if before.get(config.source_id, config) != config]
    given = {config.source_id for config in configs}
    removed = sorted(before.keys() - given) if prune else []
    await _send(endpoint, settings, [*added, *changed], removed)
    moved = {config.source_id for config in (*added, *changed)}
    return Changes(_ids(added), _ids(changed), tuple(removed), tuple(sorted(given - moved)))


async def remove(endpoint: Endpoint, settings: Settings, source_ids: Sequence[str]) -> None:
    """Take sources out of the catalogue; what was pushed of them stays. UsageError for an id that is not there."""
    known = await read_configs(endpoint, settings)
    if unknown := sorted(set(source_ids) - known.keys()):
        raise UsageError(f"no source {unknown[0]} in the catalogue")
    await _send(endpoint, settings, (), source_ids)


async def _send(
    endpoint: Endpoint, settings: Settings, configs: Iterable[SourceConfig], removed: Iterable[str]
) -> None:
    messages = [record_message(SOURCE_CONFIG, config) for config in configs]
    messages += [removal_message(SOURCE_CONFIG, source_id) for source_id in removed]
    if messages:
        async with Outbox(endpoint, settings) as outbox:
            await outbox.send(messages)


def _ids(configs: Iterable[SourceConfig]) -> tuple[str, ...]:
    return tuple(config.source_id for config in configs)
