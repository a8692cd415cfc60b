"""Leaving a consumer group at once, in the middle of joining it too.

aiokafka lets a join under way end first, which may have to wait for all other members, and a
member with a name of its own (`group_instance_id`) does not leave at all: it would be waited for
until its session is over. Here the join is called off, and the group is told by version 3 of the
request, which aiokafka does not have: a member that has not joined yet is known by its name only.
"""

import asyncio
from contextlib import suppress
from typing import Any

from aiokafka.errors import KafkaError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int16, Int32, Schema, String

__all__ = ["leave_group"]

_LIMIT_S = 2.0
_CONNECTION = "leaving"


class _Left(Response):  # type: ignore[misc]
    API_KEY = 13
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("members", Array(("member_id", String()), ("group_instance_id", String()), ("error_code", Int16))),
    )


class _Leave(RequestStruct):  # type: ignore[misc]
    API_KEY = 13
    API_VERSION = 3
    RESPONSE_TYPE = _Left
    SCHEMA = Schema(
        ("group", String()),
        ("members", Array(("member_id", String()), ("group_instance_id", String()))),
    )


class _LeaveRequest(Request[_Leave]):  # type: ignore[misc]
    API_KEY = 13

    def __init__(self, group: str, member_id: str, name: str | None) -> None:
        self._group = group
        self._members = [(member_id, name)]

    def build(self, request_struct_class: type[_Leave]) -> _Leave:
        return request_struct_class(self._group, self._members)


async def leave_group(consumer: Any) -> None:
    """End the membership of an AIOKafkaConsumer, whose position does not matter any more; quietly if it fails."""
    coordinator, client = consumer._coordinator, consumer._client  # noqa: SLF001 - no public way
    joining = coordinator._coordination_task  # noqa: SLF001
    if joining is not None:
        joining.cancel()
        await asyncio.wait([joining], timeout=_LIMIT_S)
    if coordinator.coordinator_id is not None:
        request = _LeaveRequest(coordinator.group_id, coordinator.member_id, coordinator._group_instance_id)  # noqa: SLF001
        # By a connection of its own: on the coordinator's the broker answers a join first, whenever that is.
        sending = client.send(coordinator.coordinator_id, request, group=_CONNECTION)
        with suppress(KafkaError, TimeoutError):
            await asyncio.wait_for(sending, _LIMIT_S)
    coordinator.reset_generation()
