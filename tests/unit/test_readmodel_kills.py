"""SIGKILL at any moment: what is left goes on to what a fresh build comes to."""

import math
import os
import random
import signal
import time
from itertools import count
from pathlib import Path

from streams.codec import Record
from streams.readmodel.database import dump, open_writer
from streams.readmodel.followed import FOLLOWED
from streams.readmodel.store import apply, positions
from tests.readmodel_builders import built, of_documents, records_of

KILLS = 40
BATCH = 5


def follow(path: Path, logs: dict[str, list[Record]]) -> None:
    """Apply what is left of each log, a few records at a time, topics in turns."""
    db = open_writer(path)
    while True:
        at = positions(db)
        left = [short for short in FOLLOWED if at.get((short, 0), 0) < len(logs[short])]
        if not left:
            return
        for short in left:
            start = at.get((short, 0), 0)
            batch = logs[short][start : start + BATCH]
            apply(db, [(short, record) for record in batch], {(short, 0): start + len(batch)})


def timed(path: Path, logs: dict[str, list[Record]]) -> float:
    """Follow to the end; the seconds it took."""
    started = time.monotonic()
    follow(path, logs)
    return time.monotonic() - started


def killed(path: Path, logs: dict[str, list[Record]], after_s: float) -> bool:
    """Follow in a child that is killed; whether it was before its end."""
    child = os.fork()
    if child == 0:
        follow(path, logs)
        os._exit(0)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_read_model_killed_at_random_equals_a_fresh_one(tmp_path: Path) -> None:
    logs = records_of(of_documents())
    draw = random.Random(5)
    whole_s, kills, models = math.inf, 0, count()
    while kills < KILLS:
        path = tmp_path / f"model-{next(models)}"
        # Measured each time: after a busy moment children would all come to their end, and none be killed.
        whole_s = min(whole_s, timed(path.with_suffix(".timing"), logs))
        # Until one comes to its end by itself, each kill a little further.
        while kills < KILLS and killed(path, logs, draw.uniform(0, whole_s / 2)):
            kills += 1
        follow(path, logs)
        db, fresh = open_writer(path), built(path.with_suffix(".fresh"))
        assert dump(db) == dump(fresh)
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        db.execute("INSERT INTO article_fts (article_fts) VALUES ('integrity-check')")
        db.close()
        fresh.close()
