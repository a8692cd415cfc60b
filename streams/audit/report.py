"""What an audit has found."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

__all__ = ["SHOWN", "AuditReport", "StageAudit", "first"]

SHOWN = 20
"""Ids that a list of a stage shows."""


@dataclass(slots=True)
class StageAudit:
    """One stage against its recomputation; the lists show at most `SHOWN` ids each."""

    stage: str
    inputs: int = 0
    outputs: int = 0
    repeated: int = 0
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    unfaithful: list[str] = field(default_factory=list)
    table_keys: int = 0
    table_differences: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        outputs = self.missing or self.unexpected or self.different or self.disordered or self.unfaithful
        return not (outputs or self.table_differences)


@dataclass(slots=True)
class AuditReport:
    """The whole system; `lost`, `in_two` and `unknown` (in the end of no raw document) are document ids."""

    raw_records: int = 0
    raw_ids: int = 0
    enriched: int = 0
    duplicate: int = 0
    dead_letter: int = 0
    lost: list[str] = field(default_factory=list)
    in_two: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    lag: dict[str, int] = field(default_factory=dict)
    stages: list[StageAudit] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is lost, doubled, different or still waiting."""
        documents = self.lost or self.in_two or self.unknown
        return not (documents or any(self.lag.values())) and all(s.ok for s in self.stages)

    def as_json(self) -> dict[str, object]:
        """The report as plain data."""
        return {"ok": self.ok, **asdict(self)}


def first(ids: Iterable[str]) -> list[str]:
    """The first `SHOWN` of `ids` in order, each once."""
    return sorted(set(ids))[:SHOWN]
