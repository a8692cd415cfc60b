"""The command line on a real broker: the demo, and a system that is up."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from streams.cli import main
from streams.settings import Settings
from tests.builders import BODY, TITLE

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

OTHER = (
    "The chess club of Ostrava beat its rivals from the capital by five boards to three on Sunday and so won the "
    "national league for the first time since 1987, before four hundred spectators in the old mining hall.\n\n"
    "Captain Radek Novotny, who drew his own game after six hours, said that nobody in the team was paid for playing."
)
RECORDS = [
    {"id": "1", "source": "gazette", "title": TITLE, "text": BODY, "date": "2026-03-01"},
    {"id": "2", "source": "herald", "title": TITLE, "text": BODY},
    {"id": "3", "source": "herald", "title": "Chess club of Ostrava wins the national league", "text": OTHER},
    {"id": "4", "source": "herald", "text": "%PDF-1.7 no article"},
]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "streams", *arguments]


@dataclass(frozen=True)
class Up:
    """A `newsloom up`, its broker, and the articles that were pushed into it."""

    process: "subprocess.Popen[str]"
    bootstrap: str
    environment: dict[str, str]
    articles: str


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("up")
    articles = folder / "articles.jsonl"
    articles.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    environment = Settings(state_dir=folder / "state", partitions=2, processes=1, broker="auto", lane="").environment()
    with subprocess.Popen(command("up"), stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            while (line := process.stderr.readline()) and not line.startswith("up: "):
                pass
            assert line.startswith("up: embedded broker 127.0.0.1:"), "it did not come up"
            yield Up(process, line.split()[3].rstrip(","), environment, str(articles))
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


class Output:
    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def text(self, *arguments: str, code: int = 0) -> str:
        self._capfd.readouterr()
        done = main(arguments)
        out, err = self._capfd.readouterr()
        assert done == code, err
        return out

    def lines(self, *arguments: str, code: int = 0) -> list[Any]:
        return [json.loads(line) for line in self.text(*arguments, "--json", code=code).splitlines()]


@pytest.fixture
def output(up: Up, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Output:
    for name, value in up.environment.items():
        if name.startswith("NEWSLOOM_"):
            monkeypatch.setenv(name, value)
    return Output(capfd)


@pytest.fixture
def settled(up: Up, output: Output) -> Output:
    """All articles pushed, once, and through all stages."""
    if not output.lines("tail", "raw", "--from", "earliest", "-n", "1"):
        output.lines("push", up.articles)
    output.text("audit", "--wait", "120", "--json")
    return output


def test_the_demo_prints_one_story_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # Their own folder for temporary files shows what is left of them.
    environment = Settings(broker="auto").environment() | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(command("demo", "--json"), capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    story = json.loads(line)
    assert story["article_count"] == 2
    assert len(story["articles"]) == 2
    bodies = " ".join(article["body_text"] for article in story["articles"])
    assert not [
        junk for junk in ("Follow us on", "Image Source", "Leave A Reply", "Your email address") if junk in bodies
    ]
    dates = {date["value"] for article in story["articles"] for date in article["dates"]}
    assert "2024-02-18" in dates
    assert list(tmp_path.glob("newsloom*")) == []
    give_up = time.monotonic() + 30
    while left := _running_in(str(tmp_path)):  # a fork server ends once it sees that its parent has
        assert time.monotonic() < give_up, left
        time.sleep(0.1)


def test_pushing_again_changes_nothing(up: Up, settled: Output) -> None:
    stories = settled.lines("stories")
    (report,) = settled.lines("push", up.articles)
    assert (report["sent"], report["refused"]) == (4, 0)
    (audited,) = settled.lines("audit", "--wait", "120")
    assert audited["ok"]
    assert (audited["raw_ids"], audited["enriched"], audited["duplicate"], audited["dead_letter"]) == (4, 2, 1, 1)
    assert settled.lines("stories") == stories


def test_what_cannot_be_taken_is_code_4(settled: Output, tmp_path: Path) -> None:
    (report,) = settled.lines("push", str(tmp_path / "missing"), code=4)
    assert (report["sent"], report["refused"]) == (0, 1)


def test_the_books_balance(settled: Output) -> None:
    (described,) = settled.lines("topics", "describe")
    books = described["balance"]
    assert (books["raw"], books["unique"], books["duplicate"], books["dead_letter"]) == (4, 2, 1, 1)
    assert (books["enriched"], books["waiting"], books["unfinished"], books["ok"]) == (2, 0, 0, True)
    assert {stage["stage"]: stage["lag"] for stage in described["stages"]} == dict.fromkeys(
        ("normalize", "dedupe", "enrich", "cluster"), 0
    )
    assert all(topic["exists"] and topic["partitions"] == 2 for topic in described["topics"])
    assert "raw 4 = unique 2 + duplicate 1 + dead-letter 1" in settled.text("topics", "describe")


def test_tail_shows_what_is_asked_for(settled: Output) -> None:
    everything = settled.lines("tail", "raw", "--from", "earliest")
    assert {record["value"]["source"]["id"] for record in everything} == {"gazette", "herald"}
    (gazette, *again) = settled.lines("tail", "raw", "--from", "earliest", "--source", "gazette")
    assert {record["key"] for record in again} <= {gazette["key"]}
    assert settled.lines("tail", "raw", "--id", gazette["value"]["document_id"], "-n", "1")[0]["key"] == gazette["key"]
    assert len(settled.lines("tail", "raw", "-n", "2")) == 2
    assert settled.lines("tail", "raw", "--from", "2100-01-01T00:00Z") == []
    (parked,) = settled.lines("tail", "raw.dlq", "-n", "1")
    assert parked["headers"]["__connect.errors.stage"] == "normalize"
    assert "in normalize" in settled.text("tail", "raw.dlq")
    assert TITLE in settled.text("tail", "stories", "--where", f"title={TITLE}")


def test_tail_follows_until_it_has_enough(settled: Output) -> None:
    have = len(settled.lines("tail", "unique", "--from", "earliest"))
    assert len(settled.lines("tail", "unique", "--from", "earliest", "-f", "-n", str(have))) == have


def test_a_story_is_listed_and_shown_with_its_articles(settled: Output) -> None:
    listed = settled.lines("stories")
    assert {story["title"] for story in listed} == {TITLE, "Chess club of Ostrava wins the national league"}
    (bridge,) = settled.lines("stories", "--entity", "Ilse Varga")
    (shown,) = settled.lines("stories", "show", bridge["story_id"][:12])
    assert shown["story_id"] == bridge["story_id"]
    assert shown["articles"][0]["body_text"].startswith("The swing bridge over the harbour of Tarnmouth")
    assert "Ilse Varga" in settled.text("stories", "show", bridge["story_id"])
    assert settled.lines("stories", "--language", "de") == []
    settled.text("stories", "show", "sty_nothing", code=4)


def test_an_article_is_found_by_either_id_wherever_it_ended(settled: Output) -> None:
    raw = {r["value"]["source"]["id"] + r["value"]["content"][:4]: r["key"] for r in settled.lines("tail", "raw")}
    (first,) = settled.lines("articles", "show", raw["gazetteThe "])
    assert (first["state"], first["record"]["title"]) == ("enriched", TITLE)
    (by_article,) = settled.lines("articles", "show", first["article_id"])
    assert by_article == first
    assert first["story_id"] in {story["story_id"] for story in settled.lines("stories")}
    (second,) = settled.lines("articles", "show", raw["heraldThe "])
    assert second["state"] in ("duplicate", "enriched")
    (parked,) = settled.lines("articles", "show", raw["herald%PDF"])
    assert parked["state"] == "dead letter"
    assert "in stage normalize" in parked["detail"]
    settled.text("articles", "show", "doc_nothing", code=4)


def test_topics_are_dumped_as_the_memory_run_dumps_them(up: Up, settled: Output) -> None:
    live = settled.text("topics", "dump", "stories")
    assert sorted(line.split("\t")[0] for line in live.splitlines()) == [
        line.split("\t")[0] for line in live.splitlines()
    ]
    assert len(live.splitlines()) == len(settled.text("run", "--memory", up.articles, "--dump", "stories").splitlines())


def test_creating_topics_again_changes_nothing(settled: Output) -> None:
    assert settled.text("topics", "create") == ""
    settled.text("topics", "create", "--partitions", "3", code=3)


def test_the_demo_on_a_broker_that_is_there_cleans_up_after_itself(up: Up, settled: Output) -> None:
    stories = settled.lines("stories")
    done = subprocess.run(
        command("demo", "--json", "--broker", up.bootstrap, up.articles),
        capture_output=True,
        text=True,
        check=False,
        env=up.environment,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert asyncio.run(_topics(up.bootstrap)) == {
        topic["name"] for topic in settled.lines("topics", "describe")[0]["topics"]
    }
    assert settled.lines("stories") == stories


async def _topics(bootstrap: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return {name for name in await admin.list_topics() if not name.startswith("__")}
    finally:
        await admin.close()


def test_a_second_up_on_the_same_folder_is_refused(up: Up, settled: Output) -> None:
    assert settled.text("up", code=2) == ""
    assert up.process.poll() is None


@pytest.mark.usefixtures("settled")
def test_ctrl_c_ends_up_in_time_with_nothing_left_running(up: Up) -> None:
    family = psutil.Process(up.process.pid).children(recursive=True)
    assert any("java" in each.name() for each in family)
    assert len(family) >= 3
    begun = time.monotonic()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=60) == 130
    assert time.monotonic() - begun < 20
    assert up.process.stderr is not None
    assert "Traceback" not in up.process.stderr.read()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def _running_in(folder: str) -> list[str]:
    """Command lines of processes that name `folder`, or got it as their folder for temporary files."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == folder or any(folder in part for part in process.cmdline()):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found
