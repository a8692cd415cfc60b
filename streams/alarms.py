"""Stages that stand still by an alarm: one file each in the state folder, there until an operator lets the stage go on.

A file, because it has to outlive whoever raised it: a worker that is started again, by whatever supervisor, looks here
before it takes up a stage. It holds for the workers of this state folder; each of another raises its own.
"""

from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from streams.settings import Settings

__all__ = ["StageAlarm", "raise_alarm", "release", "standing"]

_FOLDER = "alarms"
_SUFFIX = ".json"


class StageAlarm(BaseModel):
    """Why a stage stands still: `dead` of its last `of` records were parked, by reason; `at` is RFC 3339."""

    model_config = ConfigDict(frozen=True)

    stage: str
    at: str
    dead: int
    of: int
    reasons: dict[str, int] = {}

    def __str__(self) -> str:
        """The alarm in a line."""
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.items())
        return f"{self.stage} stands still: {self.dead:,} of its last {self.of:,} records were parked ({reasons})"


def _path(settings: Settings, stage: str) -> Path:
    return settings.state_dir / _FOLDER / f"{settings.topic(stage)}{_SUFFIX}"


def standing(settings: Settings) -> dict[str, StageAlarm]:
    """Alarms that stand in this lane, by stage; a damaged file is an alarm all the same."""
    prefix = settings.topic("")
    found = {}
    for path in sorted((settings.state_dir / _FOLDER).glob(f"{prefix}*{_SUFFIX}")):
        stage = path.name.removeprefix(prefix).removesuffix(_SUFFIX)
        if "." in stage:  # of another lane
            continue
        try:
            found[stage] = StageAlarm.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            continue
        except (ValidationError, OSError):
            found[stage] = StageAlarm(stage=stage, at="", dead=0, of=0)
    return found


def raise_alarm(settings: Settings, alarm: StageAlarm) -> None:
    """Have it stand from now on."""
    path = _path(settings, alarm.stage)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(alarm.model_dump_json())
    partial.replace(path)


def release(settings: Settings, stage: str) -> None:
    """Let `stage` go on."""
    with suppress(FileNotFoundError):
        _path(settings, stage).unlink()
