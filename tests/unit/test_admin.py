"""What is asked of a cluster that has nothing to say yet."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import InvalidReplicationFactorError

from streams.edge.admin import cluster_id, create_topics, topic_configs
from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.settings import Settings
from tests.virtual_time import in_virtual_time


class Fenced:
    """A client whose only broker names itself when it is asked for the third time."""

    def __init__(self) -> None:
        self.cluster = self
        self.asked = 1

    def brokers(self) -> set[str]:
        """Those it knows."""
        return {"1"} if self.asked == 3 else set()

    async def force_metadata_update(self) -> None:
        """Ask again."""
        self.asked += 1


class Admin:
    """Asks nobody, as the real one does, while it knows nobody."""

    refusals = 2

    def __init__(self, **_: object) -> None:
        self._client = Fenced()
        self.made: list[str] = []

    async def start(self) -> None:
        """Connect."""

    async def describe_topics(self) -> list[dict[str, Any]]:
        """What was created."""
        return [{"topic": name, "partitions": [0]} for name in self.made]

    async def create_topics(self, new: list[Any], **_: object) -> Any:
        """Refuse as often as it is told to: the broker does not count until its heartbeat comes."""
        self.refusals -= 1
        code = InvalidReplicationFactorError.errno if self.refusals >= 0 else 0
        self.made = [] if code else [each.name for each in new]
        return SimpleNamespace(topic_errors=[(each.name, code, "too few") for each in new])

    async def describe_cluster(self) -> dict[str, Any]:
        """What is asked."""
        assert self._client.brokers()
        return {"cluster_id": "c"}

    async def close(self) -> None:
        """Disconnect."""


async def test_a_broker_that_does_not_name_itself_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.edge.admin.AIOKafkaAdminClient", Admin)
    assert await cluster_id(Endpoint("127.0.0.1:1")) == "c"


def test_topics_are_created_once_a_broker_counts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.edge.admin.AIOKafkaAdminClient", Admin)
    made = in_virtual_time(create_topics(Endpoint("127.0.0.1:1"), Settings(partitions=1)))
    assert made == list(topic_configs(Settings()))


def test_a_cluster_that_has_too_few_brokers_for_good_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.edge.admin.AIOKafkaAdminClient", Admin)
    monkeypatch.setattr(Admin, "refusals", 1000)
    with pytest.raises(BrokerError, match="InvalidReplicationFactorError: too few"):
        in_virtual_time(create_topics(Endpoint("127.0.0.1:1"), Settings(partitions=1)))
