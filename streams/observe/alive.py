"""Whether the workers, or the poller, of this machine are alive: each writes its report anew every second."""

import time
from pathlib import Path

from streams.settings import Settings

__all__ = ["poller_report", "poller_silent_s", "silent_s"]


def silent_s(settings: Settings) -> dict[str, float]:
    """Seconds since each of the `settings.workers` workers last reported, by slot; those that never did are absent."""
    slots = [settings.topic(f"slot-{number}") for number in range(settings.workers)]
    return _ages({slot: settings.state_dir / "workers" / slot / "stats.json" for slot in slots})


def poller_silent_s(settings: Settings) -> dict[str, float]:
    """The same for the poller of the lane, under its name."""
    return _ages({"the poller": poller_report(settings)})


def poller_report(settings: Settings) -> Path:
    """Where the poller of a lane writes how it is doing."""
    return settings.state_dir / f"{settings.topic('poller')}.json"


def _ages(reports: dict[str, Path]) -> dict[str, float]:
    now = time.time()
    return {name: max(now - path.stat().st_mtime, 0.0) for name, path in reports.items() if path.exists()}
