"""The examples run as they stand, and kcat reads the topics like any other."""

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from streams.local.broker import Broker
from streams.settings import Settings
from streams.topics import ENRICHED, STORY_STATE
from tests.integration.newsroom import Newsroom, enriched, opened, story

ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def newsroom(broker: Broker, lane: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    settings = Settings(broker=broker.bootstrap, lane=lane, state_dir=tmp_path, partitions=2)
    async with opened(broker.endpoint, settings) as room:
        yield room


def first_lines(count: int, command: list[str], environment: dict[str, str] | None = None) -> list[str]:
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip() for _ in range(count)]
        process.kill()
    return lines


async def test_the_sdk_example_prints_stories(newsroom: Newsroom) -> None:
    await newsroom.again(STORY_STATE, story(1))
    await newsroom.put(STORY_STATE, story(1, version=2))
    lines = first_lines(2, [sys.executable, "examples/stories.py"], newsroom.settings.environment())
    assert [line.rpartition("  [")[0] for line in lines] == ["v1 1 articles  Story 1", "v2 1 articles  Story 1"]


async def test_plain_aiokafka_reads_articles(newsroom: Newsroom) -> None:
    await newsroom.articles([1])
    topic = newsroom.settings.topic(ENRICHED.name)
    command = [sys.executable, "examples/plain_aiokafka.py", newsroom.settings.broker, topic]
    (line,) = first_lines(1, command)
    assert line.split(" ", 3)[2:] == [enriched(1).article_id, enriched(1).article.title]


@pytest.mark.skipif(shutil.which("kcat") is None, reason="no kcat here: apt-get install kcat")
async def test_kcat_reads_a_topic(newsroom: Newsroom) -> None:
    await newsroom.put(STORY_STATE, story(1), story(2))
    topic = newsroom.settings.topic(STORY_STATE.name)
    command = ["kcat", "-C", "-b", newsroom.settings.broker, "-t", topic, "-o", "beginning", "-e", "-q", "-J"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: ASYNC221 - nothing runs beside it
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(json.loads(record["payload"])["title"] for record in records) == ["Story 1", "Story 2"]
    assert "ce_id" in records[0]["headers"]
