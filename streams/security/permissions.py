"""The permissions that a cluster keeps: seen, made and removed.

aiokafka's admin client has no ACLs, but its protocol has them: version 1 of three requests.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaError, SecurityDisabled, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.security.acl import Acl

__all__ = ["Permissions", "open_permissions"]

_Name = TypeVar("_Name", bound=str)

# Kafka's numbers for what we speak of (org.apache.kafka.common.acl and .resource).
_ANY = 1
_RESOURCES: dict[Literal["TOPIC", "GROUP", "TRANSACTIONAL_ID"], int] = {"TOPIC": 2, "GROUP": 3, "TRANSACTIONAL_ID": 5}
_PATTERNS: dict[Literal["LITERAL", "PREFIXED"], int] = {"LITERAL": 3, "PREFIXED": 4}
_PERMISSIONS: dict[Literal["ALLOW", "DENY"], int] = {"DENY": 2, "ALLOW": 3}
# Of topics, groups and transactional ids: the others are of the cluster, of tokens and of users.
_OPERATIONS = {
    "ALL": 2,
    "READ": 3,
    "WRITE": 4,
    "CREATE": 5,
    "DELETE": 6,
    "ALTER": 7,
    "DESCRIBE": 8,
    "DESCRIBE_CONFIGS": 10,
    "ALTER_CONFIGS": 11,
    "TWO_PHASE_COMMIT": 15,
}
_USER = "User:"
_REQUEST_MS = 20_000


@asynccontextmanager
async def open_permissions(endpoint: Endpoint) -> AsyncIterator["Permissions"]:
    """The permissions of a cluster; BrokerError for whatever goes wrong with them."""
    client = AIOKafkaClient(**endpoint.client(), client_id="newsloom-acl", request_timeout_ms=_REQUEST_MS)
    try:
        await client.bootstrap()
        yield Permissions(client)
    except ClusterAuthorizationFailedError as error:
        raise BrokerError(f"broker {endpoint}: only a super user of the cluster may see and change ACLs") from error
    except SecurityDisabled as error:
        raise BrokerError(f"broker {endpoint}: the cluster has no authorizer, so it keeps no ACLs") from error
    except KafkaError as error:
        raise endpoint.failure(error) from error
    finally:
        await client.close()


class Permissions:
    """What a cluster allows and denies on topics, groups and transactional ids; see `open_permissions`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def known(self) -> list[Acl]:
        """All of them, whoever made them; not those for operations that came after Kafka 4.3."""
        response = await self._send(DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY))
        _check([(response.error_code, response.error_message)])
        resources, patterns = _names(_RESOURCES), _names(_PATTERNS)
        operations, permissions = _names(_OPERATIONS), _names(_PERMISSIONS)
        return [
            Acl(
                *(principal.removeprefix(_USER), resources[resource], name, patterns[pattern]),
                *(operations[operation], host, permissions[permission]),
            )
            for resource, name, pattern, entries in response.resources
            if resource in resources
            for principal, host, operation, permission in entries
            if operation in operations
        ]

    async def create(self, several: Iterable[Acl]) -> None:
        """Have these."""
        _check((await self._send(_Creations(several))).creation_responses)

    async def delete(self, several: Iterable[Acl]) -> None:
        """Have these no more."""
        response = await self._send(_Deletions(several))
        _check((code, message) for code, message, _ in response.filter_responses)

    async def _send(self, request: Any) -> Any:
        return await self._client.send(self._client.get_random_node(), request)


class _Several:
    """A request about any number of permissions: aiokafka's own takes one, and a controller takes its time for each."""

    def __init__(self, several: Iterable[Acl]) -> None:
        self._several = [_fields(acl) for acl in several]

    def build(self, version: Any) -> Any:
        return version(self._several)


class _Creations(_Several, CreateAclsRequest):  # type: ignore[misc]
    pass


class _Deletions(_Several, DeleteAclsRequest):  # type: ignore[misc]
    pass


def _names(numbers: dict[_Name, int]) -> dict[int, _Name]:
    return {number: name for name, number in numbers.items()}


def _fields(acl: Acl) -> tuple[int, str, int, str, str, int, int]:
    resource, pattern, operation = _RESOURCES[acl.resource], _PATTERNS[acl.pattern], _OPERATIONS[acl.operation]
    permission = _PERMISSIONS[acl.permission]
    return (resource, acl.name, pattern, f"{_USER}{acl.principal}", acl.host, operation, permission)


def _check(answers: Iterable[tuple[int, str | None]]) -> None:
    for code, message in answers:
        if code:
            raise for_code(code)(message)
