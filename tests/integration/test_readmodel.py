"""The read model on a real broker: killed while it follows, handed over, and answered from."""

import asyncio
import random
import sys
from pathlib import Path

import pytest

from streams.codec import Message
from streams.edge.admin import cluster_id, create_topics
from streams.edge.outbox import Outbox
from streams.endpoint import Endpoint
from streams.local.broker import Broker
from streams.readmodel import queries
from streams.readmodel.database import dump, made_for, only_writer, open_reader, open_writer, path_of, reset
from streams.readmodel.follow import Follower, caught_up
from streams.settings import Settings
from tests.integration.harness import until
from tests.readmodel_builders import of_documents

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

KILLS = 6
"""With a process each; tests/unit/test_readmodel_kills.py has more, without a broker."""
PARTITIONS = 2


def messages() -> list[Message]:
    """All that the pipeline wrote on our small day of news, topics mingled."""
    pipeline = of_documents()
    logs = [
        [Message(record.topic, record.key, record.value, record.headers) for record in log]
        for log in pipeline.topics.values()
    ]
    return [log[place] for place in range(max(map(len, logs))) for log in logs if place < len(log)]


def settings_in(folder: Path, lane: str) -> Settings:
    return Settings(lane=lane, state_dir=folder, partitions=PARTITIONS, read_model_records=1_000_000)


async def fresh(endpoint: Endpoint, settings: Settings, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a read model built anew holds."""
    return dump(open_reader(await caught_up(endpoint, settings.model_copy(update={"state_dir": folder}))))


async def test_a_follower_killed_at_random_equals_a_fresh_one(broker: Broker, lane: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "killed", lane)
    await create_topics(broker.endpoint, settings)
    load, draw = messages(), random.Random(3)
    async with Outbox(broker.endpoint, settings) as outbox:
        for number in range(KILLS):
            # Each life gets a part of the day and some of the part before once more, as after a worker's kill.
            start, end = (len(load) * at // KILLS for at in (number, number + 1))
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.integration.follower", broker.bootstrap),
                env=settings.environment(),
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                assert child.stdout is not None
                assert await child.stdout.readline() == b"following\n"
                await outbox.send(load[max(0, start - 2) : end])
                await asyncio.sleep(draw.uniform(0, 0.6))
            finally:
                child.kill()
                await child.wait()
    path = await caught_up(broker.endpoint, settings)
    found = dump(open_reader(path))
    assert found == await fresh(broker.endpoint, settings, tmp_path / "fresh")
    assert len(found["article"]) == 7
    assert len(found["record"]) > len([each for each in load if each.topic != "news.story.state.v1"])


async def test_another_process_takes_over_where_one_is_killed(broker: Broker, lane: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, lane)
    await create_topics(broker.endpoint, settings)
    load = messages()
    path = path_of(settings)
    follower = Follower(broker.endpoint, settings)
    async with Outbox(broker.endpoint, settings) as outbox:
        with only_writer(path) as mine:
            assert mine
            following = asyncio.create_task(follower.run())
            await outbox.send(load[:10])
            await until(lambda: follower.standing.lag == 10 or not path.exists(), "it sees what it may not write")
            assert not follower.standing.writes
        await until(lambda: follower.standing.writes and follower.standing.lag == 0, "it writes when it may")
        await outbox.send(load[10:])
        await until(lambda: follower.standing.applied == len(load), "it follows")
        # The second asker waits for the first, which keeps the file.
        assert await caught_up(broker.endpoint, settings) == path
    assert queries.totals(open_reader(path))["articles"] == 7
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    with only_writer(path) as free:
        assert free


async def test_a_read_model_of_another_cluster_is_built_anew(broker: Broker, lane: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, lane)
    await create_topics(broker.endpoint, settings)
    async with Outbox(broker.endpoint, settings) as outbox:
        await outbox.send(messages())
    path = await caught_up(broker.endpoint, settings)
    before = dump(open_reader(path))
    db = open_writer(path)
    reset(db, cluster="elsewhere")
    db.close()
    assert await caught_up(broker.endpoint, settings) == path
    assert dump(open_reader(path)) == before
    assert made_for(open_reader(path)) == {"cluster": await cluster_id(broker.endpoint)}
