"""Bringing a cluster's permissions to the rules: what is missing is made, and on demand what is gone is removed.

aiokafka's admin client has no ACLs, but its protocol has them: version 1 of three requests, one permission each.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaError, SecurityDisabled, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.security.acl import Acl, Operation, acls, in_lane, rules
from streams.settings import Settings

__all__ = ["Changes", "apply_acls"]

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

    Ours are those for a role's principal on a name in the lane, from any host. What others have made is left alone,
    so is what denies. To be called as a super user of the cluster: BrokerError when it refuses, or keeps no ACLs.
    """
    wanted = set(acls(settings, prefix=prefix))
    principals = {f"{prefix}{role}" for role in rules(settings)}
    async with _client(endpoint) as client:
        known = {acl async for acl in _known(client) if acl.principal in principals and in_lane(acl.name, settings)}
        created, gone = tuple(sorted(wanted - known)), tuple(sorted(known - wanted))
        for acl in created:
            await _create(client, acl)
        for acl in gone if prune else ():
            await _delete(client, acl)
    return Changes(created, gone)


@asynccontextmanager
async def _client(endpoint: Endpoint) -> AsyncIterator[Any]:
    client = AIOKafkaClient(**endpoint.client(), client_id="newsloom-acl", request_timeout_ms=_REQUEST_MS)
    try:
        await client.bootstrap()
        yield client
    except ClusterAuthorizationFailedError as error:
        raise BrokerError(f"broker {endpoint}: only a super user of the cluster may see and change ACLs") from error
    except SecurityDisabled as error:
        raise BrokerError(f"broker {endpoint}: the cluster has no authorizer, so it keeps no ACLs") from error
    except KafkaError as error:
        raise endpoint.failure(error) from error
    finally:
        await client.close()


async def _known(client: Any) -> AsyncIterator[Acl]:
    """Every permission on topics and groups that allows something from any host, whoever made it."""
    response = await _sent(client, DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY))
    _check([(response.error_code, response.error_message)])
    resources = {number: name for name, number in _RESOURCES.items()}
    patterns = {number: name for name, number in _PATTERNS.items()}
    operations = {number: name for name, number in _OPERATIONS.items()}
    for resource, name, pattern, entries in response.resources:
        for principal, host, operation, permission in entries:
            if (host, permission) == (_EVERYWHERE, _ALLOW) and resource in resources and operation in operations:
                yield Acl(
                    principal.removeprefix(_USER), resources[resource], name, patterns[pattern], operations[operation]
                )


async def _create(client: Any, acl: Acl) -> None:
    _check((await _sent(client, CreateAclsRequest(*_fields(acl)))).creation_responses)


async def _delete(client: Any, acl: Acl) -> None:
    response = await _sent(client, DeleteAclsRequest(*_fields(acl)))
    _check((code, message) for code, message, _ in response.filter_responses)


async def _sent(client: Any, request: Any) -> Any:
    return await client.send(client.get_random_node(), request)


def _fields(acl: Acl) -> tuple[int, str, int, str, str, int, int]:
    numbers = _RESOURCES[acl.resource], _PATTERNS[acl.pattern], _OPERATIONS[acl.operation]
    return (numbers[0], acl.name, numbers[1], f"{_USER}{acl.principal}", _EVERYWHERE, numbers[2], _ALLOW)


def _check(answers: Iterable[tuple[int, str | None]]) -> None:
    for code, message in answers:
        if code:
            raise for_code(code)(message)
