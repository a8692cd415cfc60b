"""How long a partition stood still, from looks at the lag."""

from streams.chaos.pulse import Pulse
from streams.edge.admin import StageLag


def lag(*places: tuple[int, int]) -> StageLag:
    """A stage with partitions of so much waiting and so much committed."""
    waiting, committed = zip(*places, strict=True)
    return StageLag("dedupe", "group", "topic", waiting, committed)


def test_a_partition_with_records_waiting_and_no_commit_stands_still() -> None:
    pulse = Pulse()
    for now, committed in enumerate((3, 4, 4, 4, 9)):
        pulse.beat([lag((0, 7), (5, committed))], float(now))
    assert (pulse.longest, pulse.where) == (3.0, ("dedupe", 1))


def test_one_with_nothing_waiting_does_not() -> None:
    pulse = Pulse()
    for now in range(10):
        pulse.beat([lag((0, 7))], float(now))
    pulse.beat([lag((1, 7))], 10.0)
    assert pulse.longest == 1.0
    pulse.beat([lag((1, 7))], 12.0)
    assert pulse.longest == 3.0


def test_no_look_is_no_news() -> None:
    pulse = Pulse()
    pulse.beat([lag((1, 7))], 0.0)
    pulse.beat([], 1.0)
    pulse.beat([lag((1, 7))], 5.0)
    assert pulse.longest == 5.0
