"""Passwords changed at a secured Kafka while it runs, as its own tool does; aiokafka's protocol lacks the request."""

import hashlib
import secrets
from typing import Any, ClassVar, Literal

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from streams.endpoint import Endpoint

__all__ = ["Mechanism", "forget_password", "set_password"]

Mechanism = Literal["SCRAM-SHA-256", "SCRAM-SHA-512"]

_KEY = 51
_NUMBERS: dict[Mechanism, int] = {"SCRAM-SHA-256": 1, "SCRAM-SHA-512": 2}
_ITERATIONS = 4096
_NAME, _TAGS = ("name", CompactString("utf-8")), ("tags", TaggedFields)


class _Altered(Response):  # type: ignore[misc]
    API_KEY = _KEY
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("results", CompactArray(_NAME, ("error_code", Int16), ("error_message", CompactString("utf-8")), _TAGS)),
        _TAGS,
    )


class _Alter(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION: ClassVar[bool] = True
    API_KEY = _KEY
    API_VERSION = 0
    RESPONSE_TYPE = _Altered
    SCHEMA = Schema(
        ("deletions", CompactArray(_NAME, ("mechanism", Int8), _TAGS)),
        (
            "upsertions",
            CompactArray(
                *(_NAME, ("mechanism", Int8), ("iterations", Int32)),
                *(("salt", CompactBytes), ("salted_password", CompactBytes), _TAGS),
            ),
        ),
        _TAGS,
    )


class _AlterUserScramCredentials(Request[_Alter]):  # type: ignore[misc]
    API_KEY = _KEY

    def __init__(self, deletions: list[Any], upsertions: list[Any]) -> None:
        self._fields: tuple[Any, ...] = deletions, upsertions, {}

    def build(self, request_struct_class: type[_Alter]) -> _Alter:
        return request_struct_class(*self._fields)


async def set_password(admin: Endpoint, user: str, password: str, mechanism: Mechanism) -> None:
    """Let `user` log in with this password by this mechanism, and with no other; other mechanisms keep theirs."""
    salt = secrets.token_bytes(16)
    digest = mechanism.removeprefix("SCRAM-").replace("-", "").lower()
    salted = hashlib.pbkdf2_hmac(digest, password.encode(), salt, _ITERATIONS)
    await _alter(admin, [], [(user, _NUMBERS[mechanism], _ITERATIONS, salt, salted, {})])


async def forget_password(admin: Endpoint, user: str, mechanism: Mechanism) -> None:
    """Let `user` log in by this mechanism no more."""
    await _alter(admin, [(user, _NUMBERS[mechanism], {})], [])


async def _alter(admin: Endpoint, deletions: list[Any], upsertions: list[Any]) -> None:
    client = AIOKafkaClient(**admin.client())
    try:
        await client.bootstrap()
        answer = await client.send(client.get_random_node(), _AlterUserScramCredentials(deletions, upsertions))
    finally:
        await client.close()
    ((_, code, message, _),) = answer.results
    if code:
        raise for_code(code)(message)
