"""A system at work tells of itself: metrics, logs, and one trace from a push to the stories.

One run serves all tests: `newsloom up` with a poller and the API, and a watched folder, on the shared broker.
"""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from streams.app import STAGES
from streams.codec import Message, Record, header
from streams.edge.outbox import Outbox
from streams.edge.reader import read_topic
from streams.local.broker import Broker
from streams.settings import Settings
from streams.telemetry.metrics import DECLARED, LABELS
from streams.topics import DUPLICATE, RAW, STORY_EVENT
from tests.integration.collector import Collector, collecting
from tests.integration.harness import LIMIT_S, until

pytestmark = pytest.mark.timeout(300)

TOKEN = "a token of some length"  # noqa: S105 - nobody else's
TRACE_ID, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{CALLER}-01"
NAME = "Zebedee"
TEXT = (
    f"Mayor {NAME} Quill opened the harbour bridge at Tarnmouth on Monday after a winter of repairs, it was said. "
    "Traffic was light, pupils of two schools walked across first, and a ferry that had served the town meanwhile blew "
    "its horn three times before it left for the yard, where it will be painted before the summer."
)
PUSHED = ({"id": "1", "source": "gazette", "text": TEXT}, {"id": "2", "source": "herald", "text": TEXT})
DROPPED = (
    "Farmers in the Elmet valley are cutting their hay two weeks early this year because of the dry spring, said "
    "Gerda Holm of the growers' union. Prices for fodder have risen by a fifth since March, and some herds are sold."
)


@dataclass(frozen=True, slots=True)
class Told:
    """What the run has said: metrics by endpoint, log lines by file, spans, and the topics as they were at the end."""

    metrics: dict[str, str]
    logs: dict[str, list[str]]
    collector: Collector
    topics: dict[str, list[Record]]

    def samples(self, endpoint: str) -> list[Sample]:
        """All samples of an endpoint."""
        families: Iterable[Metric] = text_string_to_metric_families(self.metrics[endpoint])
        return [sample for found in families for sample in found.samples]

    def of(self, name: str, **labels: str) -> float:
        """The sum of the samples of `newsloom up` by that name and with these labels."""
        found = [each for each in self.samples("up") if each.name == name and labels.items() <= each.labels.items()]
        return sum(each.value for each in found)


@contextmanager
def running(settings: Settings, log: Path, *command: str) -> Iterator[None]:
    """A `newsloom` command that logs to a file, stopped in order at the end."""
    environment = settings.environment(api_token=TOKEN) | {"OTEL_BSP_SCHEDULE_DELAY": "200"}
    with log.open("wb") as target:
        arguments = [sys.executable, "-m", "streams", *command]
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=target, env=environment)
    try:
        yield
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    finally:
        process.kill()
        process.wait()


async def said(log: Path, pattern: str) -> str:
    """Wait for a log to match; the first group."""
    found: list[str] = []

    def look() -> bool:
        found.extend(re.findall(pattern, log.read_text() if log.exists() else ""))
        return bool(found)

    await until(look, f"{pattern} in {log}")
    return found[0]


async def push(settings: Settings, broker: Broker, api: str) -> None:
    """Two articles of one text and a record that is none, by one caller."""
    headers = {"authorization": f"Bearer {TOKEN}", "traceparent": TRACEPARENT}
    async with httpx.AsyncClient(base_url=api, headers=headers, timeout=LIMIT_S) as client:
        for article in PUSHED:
            assert (await client.post("/v1/documents", json=article)).status_code == 202
    async with Outbox(broker.endpoint, settings) as outbox:
        bad = Message(RAW.name, b"doc_bad", NAME.encode(), (("traceparent", TRACEPARENT.encode()),))
        await outbox.send([bad])


async def scraped(urls: dict[str, str]) -> dict[str, str]:
    async with httpx.AsyncClient(timeout=LIMIT_S) as client:
        return {name: (await client.get(url)).text for name, url in urls.items()}


def settled(metrics: dict[str, str]) -> bool:
    """Whether everything that was pushed has come to its end, and all have noticed."""
    if not metrics:
        return False
    cluster = re.search(r'newsloom_records_total\{[^}]*outcome="ok"[^}]*stage="cluster"\} (\S+)', metrics["up"])
    lags = re.findall(r"newsloom_lag_records\{.*\} (\S+)", metrics["up"])
    letter = 'newsloom_dead_letters{reason="bad_json",stage="normalize"} 1.0' in metrics["api"]
    taken = 'newsloom_drop_files_total{state="done"} 1.0' in metrics["watch"]
    polled = re.search(r'newsloom_feed_polls_total\{[^}]*outcome="failed"\} 1.0', metrics["up"])
    level = "newsloom_read_model_lag_records 0.0" in metrics["api"]
    worked = cluster is not None and float(cluster[1]) == 2 and set(lags) == {"0.0"}
    return worked and letter and taken and level and polled is not None


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    folder = tmp_path_factory.mktemp("observe")
    (folder / "feeds.toml").write_text('[[feed]]\nid = "gone"\nurl = "http://127.0.0.1:9/feed"\n')
    logs = {name: folder / f"{name}.log" for name in ("up", "watch")}
    with collecting() as collector, ExitStack() as roles:
        settings = Settings(
            broker=broker.bootstrap, lane=f"t-{uuid4().hex[:12]}", state_dir=folder / "state", partitions=2,
            processes=1, api_port=0, metrics_port=0, log_format="json", trace_ratio=1, otlp_endpoint=collector.endpoint,
        )  # fmt: skip
        roles.enter_context(running(settings, logs["up"], "up", "--serve", "--feeds", str(folder / "feeds.toml")))
        api = await said(logs["up"], r"serving (http://[^/]+)/")
        (folder / "drop").mkdir()
        (folder / "drop" / "story.txt").write_text(DROPPED)
        roles.enter_context(running(settings, logs["watch"], "watch", str(folder / "drop"), "--every", "0.2"))
        await push(settings, broker, api)
        ports = {name: await said(log, r"metrics on port (\d+)") for name, log in logs.items()}
        urls = {name: f"http://127.0.0.1:{port}/metrics" for name, port in ports.items()} | {"api": f"{api}/metrics"}
        metrics: dict[str, str] = {}
        give_up = time.monotonic() + 2 * LIMIT_S
        while time.monotonic() < give_up and not settled(metrics):
            metrics = await scraped(urls)
        roles.close()  # spans are sent before a process ends
        names = (RAW.name, RAW.dead_letters, DUPLICATE.name, STORY_EVENT.name)
        topics = {name: [each async for each in read_topic(broker.endpoint, settings.topic(name))] for name in names}
    logs["workers"] = settings.state_dir / "logs" / f"{settings.topic('workers')}.log"
    yield Told(metrics, {name: log.read_text().splitlines() for name, log in logs.items()}, collector, topics)


def test_the_run_came_to_its_end(told: Told) -> None:
    assert settled(told.metrics), told.metrics["up"] + told.metrics["api"] + "\n".join(told.logs["workers"][-20:])


@pytest.mark.parametrize(
    ("endpoint", "roles"), [("up", {"up", "worker", "poller"}), ("api", {"api"}), ("watch", {"watch"})]
)
def test_what_is_exported_is_declared_and_what_is_declared_is_exported(
    told: Told, endpoint: str, roles: set[str]
) -> None:
    declared = {sample for each in DECLARED if roles & set(each.roles) for sample in each.samples}
    assert {sample.name for sample in told.samples(endpoint)} == declared


def test_labels_have_no_value_that_a_document_or_a_host_chose(told: Told) -> None:
    known = {"stage": set(STAGES), "process": {"up", "worker-0", "poller"}, "partition": {"0", "1"}}
    for endpoint in told.metrics:
        for sample in told.samples(endpoint):
            assert sample.labels.keys() <= {*LABELS, "le"}
            assert all(value in known.get(label, {value}) for label, value in sample.labels.items())
        assert not re.search(f"{NAME}|gazette|doc_|127.0.0.1", told.metrics[endpoint])


def test_records_are_counted_by_outcome_and_reason(told: Told) -> None:
    counts = {stage: told.of("newsloom_records_total", stage=stage, outcome="ok") for stage in STAGES}
    assert counts == {"normalize": 3, "dedupe": 3, "enrich": 2, "cluster": 2}
    assert told.of("newsloom_records_total", stage="normalize", outcome="dead", reason="bad_json") == 1
    assert told.of("newsloom_records_total", outcome="dead") == 1


def test_each_stage_tells_its_latency_its_batches_and_its_partitions(told: Told) -> None:
    for stage, count in {"normalize": 3, "dedupe": 3, "enrich": 2, "cluster": 2}.items():
        assert told.of("newsloom_latency_seconds_count", stage=stage) == count
        assert told.of("newsloom_batch_records_sum", stage=stage) >= count
        assert told.of("newsloom_partitions", stage=stage) == 2
    assert told.of("newsloom_table_keys", table=f"{STORY_EVENT.name}") == 0
    assert told.of("newsloom_table_keys", table="news.story.state.v1") > 0


@pytest.mark.parametrize("name", ["up", "watch", "workers"])
def test_every_line_of_every_log_is_an_object_with_its_fields(told: Told, name: str) -> None:
    lines = [json.loads(line) for line in told.logs[name]]
    assert lines
    assert all(line.keys() >= {"time", "level", "logger", "message"} for line in lines)


def test_no_log_has_text_of_an_article(told: Told) -> None:
    assert not [
        line for lines in told.logs.values() for line in lines if NAME in line or "harbour" in line or "Elmet" in line
    ]


def test_the_log_names_the_record_that_was_parked(told: Told) -> None:
    (line,) = [line for line in map(json.loads, told.logs["workers"]) if line.get("reason") == "bad_json"]
    (letter,) = told.topics[RAW.dead_letters]
    place = [header(letter.headers, f"__connect.errors.{name}") for name in ("partition", "offset")]
    assert [str(line["partition"]), str(line["offset"])] == place
    assert (line["stage"], line["trace_id"]) == ("normalize", TRACE_ID)


def test_a_story_has_the_trace_of_the_push_with_a_span_for_each_stage_on_the_way(told: Told) -> None:
    written = [(header(each.headers, "traceparent") or "").split("-") for each in told.topics[STORY_EVENT.name]]
    (span_id,) = [span_id for _, trace_id, span_id, _ in written if trace_id == TRACE_ID]
    assert told.collector.way(span_id) == ["cluster", "enrich", "dedupe", "normalize", "push", CALLER]


def test_a_duplicate_and_a_dead_letter_keep_the_trace(told: Told) -> None:
    (duplicate,) = told.topics[DUPLICATE.name]
    _, trace_id, span_id, _ = (header(duplicate.headers, "traceparent") or "").split("-")
    assert trace_id == TRACE_ID
    assert told.collector.way(span_id) == ["dedupe", "normalize", "push", CALLER]
    (letter,) = told.topics[RAW.dead_letters]
    assert header(letter.headers, "traceparent") == TRACEPARENT
    parked = [span for span in told.collector.spans.values() if span.parent_span_id.hex() == CALLER]
    assert sorted((span.name, span.status.code) for span in parked) == [("normalize", 2), ("push", 0), ("push", 0)]


def test_a_push_without_a_caller_begins_a_trace_where_it_is_told_to(told: Told) -> None:
    roots = [span for span in told.collector.spans.values() if not span.parent_span_id]
    assert [span.name for span in roots] == ["push"]
    events = {(header(each.headers, "traceparent") or "").split("-")[1] for each in told.topics[STORY_EVENT.name]}
    assert events == {TRACE_ID, roots[0].trace_id.hex()}
