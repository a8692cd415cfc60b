"""Whether the workers of this machine are alive: each writes its report anew every second."""

import time

from streams.settings import Settings

__all__ = ["silent_s"]


def silent_s(settings: Settings) -> dict[str, float]:
    """Seconds since each of the `settings.workers` workers last reported, by slot; those that never did are absent."""
    now = time.time()
    found = {}
    for number in range(settings.workers):
        slot = settings.topic(f"slot-{number}")
        report = settings.state_dir / "workers" / slot / "stats.json"
        if report.exists():
            found[slot] = max(now - report.stat().st_mtime, 0.0)
    return found
