"""What `up` shows: counts over all workers, rates between two looks."""

from collections import Counter
from io import StringIO

from rich.console import Console

from streams.cli.live import picture
from streams.observe.status import combined


def report(records: int, *, busy_s: float = 1.0, peak_mb: float = 100.0, stage: str = "normalize") -> dict[str, object]:
    return {"pid": 1, "peak_rss_mb": peak_mb, "stages": {stage: {"busy_s": busy_s, "outcomes": {"ok": records}}}}


def test_workers_are_added_up() -> None:
    status = combined([report(30), report(10, busy_s=3.0)], {"normalize": 5}, None, at=100.0)
    normalize, dedupe = status.stages[:2]
    assert (normalize.records, normalize.ms, normalize.lag, normalize.per_s) == (40, 100.0, 5, 0.0)
    assert (dedupe.records, dedupe.ms, dedupe.lag) == (0, 0.0, None)
    assert (status.workers, status.peak_mb) == (2, 200.0)


def test_a_rate_counts_from_the_look_before() -> None:
    before = combined([report(40)], {}, None, at=100.0)
    status = combined([report(60)], {}, before, at=104.0)
    assert status.stages[0].per_s == 5.0


def test_a_worker_that_began_again_makes_no_negative_rate() -> None:
    before = combined([report(40)], {}, None, at=100.0)
    assert combined([report(3)], {}, before, at=101.0).stages[0].per_s == 0.0


def test_workers_of_different_stages_are_told_apart() -> None:
    status = combined([report(1), report(2, stage="cluster")], {}, None, at=0.0)
    assert [stage.records for stage in status.stages] == [1, 0, 0, 2]
    assert status.stages[3].outcomes == Counter(ok=2)


def test_the_picture_has_a_line_a_stage_and_the_workers_below() -> None:
    screen = Console(file=StringIO(), width=120)
    screen.print(picture(combined([report(1234)], {"normalize": 7}, None, at=0.0), restarts=2))
    assert isinstance(screen.file, StringIO)
    lines = screen.file.getvalue().splitlines()
    assert lines[1].split() == ["normalize", "1,234", "0", "0.8", "7", "ok", "1,234"]
    assert lines[2].split() == ["dedupe", "0", "0", "0.0", "?"]
    assert "1 worker, 2 restarts, 100 MB" in lines[-1]
