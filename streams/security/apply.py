"""Bringing a cluster's permissions to the rules: what is missing is made, and on demand what is gone is removed.

aiokafka's admin client has no ACLs, but its protocol has them: version 1 of three requests.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaError, SecurityDisabled, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.security.acl import Acl, Operation, acls, in_lane, rules
from streams.settings import Settings

__all__ = ["Changes", "Permissions", "apply_acls", "open_permissions"]

_Name = TypeVar("_Name", bound=str)

# Kafka's numbers for what we speak of (org.apache.kafka.common.acl and .resource).
_ANY, _ALLOW = 1, 3
_RESOURCES: dict[Literal["TOPIC", "GROUP"], int] = {"TOPIC": 2, "GROUP": 3}
_PATTERNS: dict[Literal["LITERAL", "PREFIXED"], int] = {"LITERAL": 3, "PREFIXED": 4}
_OPERATIONS: dict[Operation, int] = {"READ": 3, "WRITE": 4, "CREATE": 5, "DELETE": 6, "DESCRIBE": 8}
_USER, _EVERYWHERE = "User:", "*"
_REQUEST_MS = 20_000


@dataclass(frozen=True, slots=True)
class Changes:
    """Permissions that were made, and those of our principals in the lane that no rule needs any more."""

    created: tuple[Acl, ...]
    gone: tuple[Acl, ...]


async def apply_acls(endpoint: Endpoint, settings: Settings, *, prefix: str, prune: bool) -> Changes:
    """Have every permission of `acls`; those that are `gone` are removed with `prune`, else only told of.

    Ours are those for a role's principal on a name in the lane. What others have made is left alone.
    To be called as a super user of the cluster: BrokerError when it refuses, or keeps no ACLs.
    """
    wanted = set(acls(settings, prefix=prefix))
    principals = {f"{prefix}{role}" for role in rules(settings)}
    async with open_permissions(endpoint) as permissions:
        known = {
            acl for acl in await permissions.known() if acl.principal in principals and in_lane(acl.name, settings)
        }
        created, gone = tuple(sorted(wanted - known)), tuple(sorted(known - wanted))
        await permissions.create(created)
        if prune:
            await permissions.delete(gone)
    return Changes(created, gone)


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
    """What a cluster allows on topics and groups from any host; see `open_permissions`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def known(self) -> list[Acl]:
        """All of them, whoever made them; not those for operations that we have no use for."""
        response = await self._send(DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY))
        _check([(response.error_code, response.error_message)])
        resources, patterns, operations = _names(_RESOURCES), _names(_PATTERNS), _names(_OPERATIONS)
        return [
            Acl(principal.removeprefix(_USER), resources[resource], name, patterns[pattern], operations[operation])
            for resource, name, pattern, entries in response.resources
            for principal, host, operation, permission in entries
            if (host, permission) == (_EVERYWHERE, _ALLOW) and resource in resources and operation in operations
        ]

    async def create(self, several: Iterable[Acl]) -> None:
        """Allow these."""
        _check((await self._send(_Creations(several))).creation_responses)

    async def delete(self, several: Iterable[Acl]) -> None:
        """Allow these no more."""
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
    return (resource, acl.name, pattern, f"{_USER}{acl.principal}", _EVERYWHERE, operation, _ALLOW)


def _check(answers: Iterable[tuple[int, str | None]]) -> None:
    for code, message in answers:
        if code:
            raise for_code(code)(message)
