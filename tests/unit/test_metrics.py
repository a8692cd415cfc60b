"""The metrics of a process: declared once, served on a port, and put together for `newsloom up`."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streams.errors import UsageError
from streams.feeds.agenda import Agenda
from streams.feeds.measured import measure
from streams.feeds.status import Row
from streams.settings import Settings
from streams.telemetry.endpoint import family, serving
from streams.telemetry.merged import merged
from streams.telemetry.metrics import DECLARED, FEEDS_DUE, INBOX, LABELS, RECORDS, ROLES, exposition
from streams.telemetry.spread import Spread

ONE = """# HELP a_total Things: some.
# TYPE a_total counter
a_total 1.0
# HELP b Time.
# TYPE b histogram
b_bucket{le="1"} 2.0
b_count 2.0
"""
OTHER = """# HELP a_total Things: some.
# TYPE a_total counter
a_total 3.0
# HELP c Else.
# TYPE c gauge
c{x="}"} NaN
"""


def served(settings: Settings, name: str) -> str:
    port = (settings.state_dir / "metrics" / settings.topic(name)).read_text()
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def test_names_are_unique_and_begin_alike() -> None:
    names = [sample for declared in DECLARED for sample in declared.samples]
    assert len(set(names)) == len(names)
    assert all(name.startswith(("newsloom_", "process_")) for name in names)


def test_a_name_ends_in_its_unit() -> None:
    """As Prometheus recommends: base units, the unit last but for a counter's `_total`."""
    for declared in DECLARED:
        stem = declared.name.removesuffix("_total")
        assert (declared.kind == "counter") == (stem != declared.name), declared
        if declared.unit in {"seconds", "bytes"}:
            assert stem.endswith(declared.unit), declared


def test_every_label_comes_from_a_closed_set() -> None:
    assert {label for declared in DECLARED for label in declared.labels} | {"process"} == LABELS.keys()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_exports_what_is_declared_for_it_and_nothing_else(role: str) -> None:
    found = {each.name for each in text_string_to_metric_families(exposition(role).decode())}  # type: ignore[arg-type]
    wanted = {each.name.removesuffix("_total") for each in DECLARED if role in each.roles}
    assert found == wanted


def test_a_batch_of_values_is_counted_as_the_client_library_would() -> None:
    values = [0.0, 0.5, 0.5001, 2, 7, 7, 1e9]
    registry, other = CollectorRegistry(), CollectorRegistry()
    spread = Spread("s_seconds", "Some.", "stage", (0.5, 2, 7.5))
    registry.register(spread)
    spread.add("a", values[:3])
    spread.add("a", values[3:])
    theirs = Histogram("s_seconds", "Some.", ("stage",), buckets=(0.5, 2, 7.5), registry=other).labels("a")
    for value in values:
        theirs.observe(value)
    assert generate_latest(registry) == generate_latest(other)


def test_processes_are_told_apart_and_families_stay_together() -> None:
    assert merged({"worker-0": ONE, "up": OTHER}) == (
        "# HELP a_total Things: some.\n# TYPE a_total counter\n"
        'a_total{process="worker-0"} 1.0\na_total{process="up"} 3.0\n'
        "# HELP b Time.\n# TYPE b histogram\n"
        'b_bucket{process="worker-0",le="1"} 2.0\nb_count{process="worker-0"} 2.0\n'
        "# HELP c Else.\n# TYPE c gauge\n"
        'c{process="up",x="}"} NaN\n'
    )


def test_a_sample_that_names_a_process_keeps_it() -> None:
    sample = 'r_total{process="worker-0"} 1.0\n'
    assert merged({"up": f"# TYPE r_total counter\n{sample}"}).endswith(f"\n{sample}")


def test_what_is_merged_can_be_parsed_with_the_same_values() -> None:
    RECORDS.labels("dedupe", "ok", "").inc(2)
    INBOX.labels("dedupe").set(7)
    text = merged({"worker-0": exposition("worker").decode(), "worker-1": exposition("worker").decode()})
    families = {each.name: each for each in text_string_to_metric_families(text)}
    held = [s for s in families["newsloom_inbox_records"].samples if s.labels["stage"] == "dedupe"]
    assert [(sample.labels["process"], sample.value) for sample in held] == [("worker-0", 7.0), ("worker-1", 7.0)]


def test_metrics_are_off_unless_a_port_is_set(tmp_path: Path) -> None:
    with serving(Settings(state_dir=tmp_path), "worker", "worker-0"):
        assert not (tmp_path / "metrics").exists()


def test_a_process_serves_its_metrics_and_nothing_else(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, metrics_port=0)
    FEEDS_DUE.set(3)
    with serving(settings, "poller", "poller"):
        text = served(settings, "poller")
        assert "newsloom_feeds_due 3.0\n" in text
        assert 'newsloom_info{role="poller",version=' in text
        port = (tmp_path / "metrics" / "poller").read_text()
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://127.0.0.1:{port}/", timeout=5)
    assert not (tmp_path / "metrics" / "poller").exists()


def test_a_scrape_that_fails_is_a_line_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(state_dir=tmp_path, metrics_port=0)
    monkeypatch.setattr("streams.telemetry.endpoint.exposition", lambda _: 1 // 0)
    with serving(settings, "watch", "watch"), pytest.raises(OSError, match="without response"):
        served(settings, "watch")
    assert "a scrape failed: ZeroDivisionError" in caplog.text
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of a server that is none of ours."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_up_answers_for_those_of_its_children_that_answer(
    tmp_path: Path, stranger: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.telemetry.endpoint._CHILD_S", 30.0)
    settings = Settings(state_dir=tmp_path, metrics_port=0, lane="trial", workers=3)
    with serving(settings, "worker", "worker-0"):
        (tmp_path / "metrics" / settings.topic("worker-1")).write_text("1")  # it was killed
        (tmp_path / "metrics" / settings.topic("worker-2")).write_text(str(stranger))
        text = family(settings).decode()
    assert 'newsloom_disk_free_bytes{process="worker-0"}' in text
    assert 'process_open_fds{process="up"}' in text
    assert "worker-1" not in text
    assert "worker-2" not in text


def test_the_poller_says_how_its_feeds_stand_and_what_is_before_it() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    table = [
        Row("a", "https://a.example/rss", enabled=True, outcome="new"),
        Row("b", "https://b.example/rss", enabled=True, outcome="failed", failure_score=2.0),
        Row("c", "https://c.example/rss", enabled=False),
        Row("d", "https://d.example/rss", enabled=True, outcome="unchanged"),
        Row("e", "https://e.example/rss", enabled=True, outcome="new"),
    ]
    agenda = Agenda(at_once=1, per_host=1)
    for number, minutes in enumerate((-1, 0, 3)):
        agenda.put(f"source-{number}", "host", now + timedelta(minutes=minutes))
    agenda.take(now)
    measure(table, agenda, now)
    text = exposition("poller").decode()
    for standing, count in {"new": 2, "failing": 1, "off": 1, "unchanged": 1, "gone": 0, "waiting": 0}.items():
        assert f'newsloom_feeds{{standing="{standing}"}} {count}.0\n' in text
    assert "newsloom_feeds_due 1.0\nnewsloom_feeds_running 1.0\n" in re.sub("# .*\n", "", text)
    assert "newsloom_feed_next_seconds 180.0\n" in text


def test_a_port_that_is_taken_is_an_error_of_usage(tmp_path: Path) -> None:
    first = Settings(state_dir=tmp_path, metrics_port=0)
    with serving(first, "worker", "worker-0"):
        port = int((tmp_path / "metrics" / "worker-0").read_text())
        second = Settings(state_dir=tmp_path, metrics_port=port)
        with (
            pytest.raises(UsageError, match=f"metrics on 127.0.0.1:{port}: Address already in use"),
            serving(second, "worker", "worker-1"),
        ):
            pass
