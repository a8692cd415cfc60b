"""A row of the matrix, and what came of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from streams.chaos.scene import Scene
from streams.topology import TOPOLOGY, Stage

__all__ = ["ONE_PARTITION", "RECOVERY_SLACK_S", "Result", "Row"]

RECOVERY_SLACK_S = 3.0
"""A recovery may take the session timeout and this."""

ONE_PARTITION: Mapping[str, object] = {"partitions": 1, "processes": 2}
"""Changes of a row in which one worker has all the work: it gets the CPU processes of two."""


@dataclass(frozen=True, slots=True)
class Row:
    """`run` harms a scene that has a broker and topics, and starts its crew itself.

    `changes` are settings of the row; with `door` the crew comes to the broker by a proxy; with
    `in_memory` (one partition) the story table must equal that of `newsloom run --memory`.
    with `disks` the broker and the stores have disks of their own; with `own_broker` the broker is
    harmed, so that the row does not share one with others (nor do those with a door or disks);
    `bounded` says whether the recovery has a target: not where it waits for what the row does.
    """

    number: int
    title: str
    run: Callable[[Scene], Awaitable[None]]
    changes: Mapping[str, object] = field(default_factory=dict)
    flow: Sequence[Stage] = TOPOLOGY
    door: bool = False
    disks: bool = False
    own_broker: bool = False
    in_memory: bool = False
    bounded: bool = True


@dataclass(slots=True)
class Result:
    """What a row came to.

    - `lost`: acknowledged ids that are in no terminal topic, and outputs that are missing;
    - `doubled`: ids in two terminal topics, or in one without ever having been raw;
    - `duplicates`: records that stand in a topic a second time, the same bytes with the same `ce_id`;
    - `stalled`: 1 when a lag did not go back to 0, or a worker not to work, in time;
    - `table_differences`: keys of tables that differ from the sequential recomputation;
    - `recovery_s`: of the slowest recovery, the seconds from the end of the fault (from the kill, where
      that is the fault) until each partition that had records waiting has seen a commit again.
    """

    row: int
    title: str
    ids: int
    seed: int = 1
    lost: int = 0
    doubled: int = 0
    duplicates: int = 0
    raw_duplicates: int = 0
    stalled: int = 0
    table_differences: int = 0
    output_differences: int = 0
    recovery_s: float | None = None
    recovery_limit_s: float | None = None
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def harmed(self) -> bool:
        """Whether anything is lost, doubled or different, or has stalled: in whatever time."""
        differences = self.table_differences or self.output_differences or self.problems
        return bool(self.lost or self.doubled or self.stalled or differences)

    @property
    def ok(self) -> bool:
        """Whether the row hits its targets."""
        return not (self.harmed or self.late)

    @property
    def late(self) -> bool:
        """Whether the recovery took longer than it may."""
        limit, took = self.recovery_limit_s, self.recovery_s
        return limit is not None and took is not None and took > limit

    def as_json(self) -> dict[str, object]:
        """The result as plain data."""
        return {**asdict(self), "ok": self.ok}
