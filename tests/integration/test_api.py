"""The API on a real broker: a document posted becomes a story; a server that is killed loses nothing."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.edge.admin import total_lag
from streams.local.broker import Broker
from streams.readmodel.database import dump, open_reader
from streams.readmodel.follow import caught_up
from streams.settings import Settings
from tests.api_builders import TOKEN
from tests.integration.harness import until
from tests.topology.corpus import documents

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

BEARER = {"authorization": f"Bearer {TOKEN}"}
LINES = {"content-type": "application/x-ndjson"}


class Up:
    """A `newsloom up --serve` in a lane of the test's broker, and a client of it."""

    def __init__(self, process: "subprocess.Popen[str]", client: httpx.AsyncClient) -> None:
        self.process = process
        self.client = client

    async def get(self, path: str) -> Any:
        """The JSON at `path`, redirects followed."""
        return (await self.client.get(path, follow_redirects=True)).json()

    async def sees(self, path: str, what: Callable[[Any], bool]) -> None:
        """Wait until the JSON at `path` is as wanted."""

        async def seen() -> bool:
            return what(await self.get(path))

        await until(seen, path, within_s=120)


@asynccontextmanager
async def up(environment: dict[str, str]) -> AsyncIterator[Up]:
    process = _started(environment)
    try:
        assert process.stderr is not None
        said = await asyncio.to_thread(_address, process)
        async with httpx.AsyncClient(base_url=said, headers=BEARER, timeout=60) as client:
            server = Up(process, client)
            # The server listens before its read model can be asked.
            await server.sees("/readyz", lambda found: found.get("status") == "ok")
            yield server
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _started(environment: dict[str, str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "streams", "up", "--serve"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True)


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    lines = []
    while line := process.stderr.readline():
        if line.startswith("serving "):
            return line.split()[1]
        lines.append(line)
    raise AssertionError("".join(lines))


async def test_what_is_posted_becomes_a_story_whatever_is_killed(broker: Broker, lane: str, tmp_path: Path) -> None:
    settings = Settings(broker=broker.bootstrap, lane=lane, state_dir=tmp_path / "state", partitions=2, processes=1)
    environment = settings.environment(api_port=0) | {"NEWSLOOM_API_TOKEN": TOKEN}
    lines = [document.model_dump_json(exclude_none=True) for document in documents()]
    async with up(environment) as first:
        answer = await first.client.post("/v1/documents", content="\n".join(lines[:6]), headers=LINES)
        receipt = answer.json()
        assert (answer.status_code, receipt["accepted"], receipt["refused"]) == (202, 6, 0)
        assert {item["topic"] for item in receipt["items"]} == {settings.topic("news.raw.v1")}
        # A second before the broker's acknowledgement was not enough; now they are there, whoever is killed.
        await first.sees("/v1/stories", lambda found: len(found["items"]) >= 1)
    async with up(environment) as second:
        answer = await second.client.post("/v1/documents", content="\n".join(lines[6:]), headers=LINES)
        assert answer.status_code == 202
        await second.sees("/v1/stories?articles=2", lambda found: len(found["items"]) == 3)
        await until(partial(_through, broker, settings), "all have come to their end")
        await second.sees("/readyz", lambda found: found.get("lag_records") == 0)
        await _answers(second)
    # Both were killed with all they had started; nothing was put in order.
    kept = dump(open_reader(await caught_up(broker.endpoint, settings)))
    anew = settings.model_copy(update={"state_dir": tmp_path / "fresh"})
    assert kept == dump(open_reader(await caught_up(broker.endpoint, anew)))
    assert len(kept["article"]) == 7


async def _through(broker: Broker, settings: Settings) -> bool:
    return not any((await total_lag(broker.endpoint, settings)).values())


async def _answers(api: Up) -> None:
    """One story, from its list down to the record that arrived."""
    (story,) = (await api.get("/v1/stories?q=ferry"))["items"]
    members = (await api.get(f"/v1/stories/{story['story_id']}/members"))["items"]
    assert len(members) == 2
    line = (await api.get(f"/v1/stories/{story['story_id']}/timeline"))["items"]
    assert [entry["kind"] for entry in line] == ["created", "article_added"]
    trace = await api.get(f"/v1/trace/{members[0]['article_id']}")
    assert trace["stories"] == [story["story_id"]]
    topics = [step["topic"] for step in trace["steps"]]
    assert topics[0] == "news.raw.v1"
    assert "news.story.event.v1" in topics
    assert all(step["latency_ms"] is None or step["latency_ms"] >= 0 for step in trace["steps"])
    metrics = (await api.client.get("/metrics")).text
    assert 'newsloom_documents_total{outcome="accepted"} 6.0' in metrics
    assert "newsloom_read_model_lag_records 0.0" in metrics
