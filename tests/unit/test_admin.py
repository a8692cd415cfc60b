"""What is asked of a cluster that has nothing to say yet."""

from typing import Any

import pytest

from streams.edge.admin import cluster_id
from streams.endpoint import Endpoint


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

    def __init__(self, **_: object) -> None:
        self._client = Fenced()

    async def start(self) -> None:
        """Connect."""

    async def describe_cluster(self) -> dict[str, Any]:
        """What is asked."""
        assert self._client.brokers()
        return {"cluster_id": "c"}

    async def close(self) -> None:
        """Disconnect."""


async def test_a_broker_that_does_not_name_itself_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.edge.admin.AIOKafkaAdminClient", Admin)
    assert await cluster_id(Endpoint("127.0.0.1:1")) == "c"
