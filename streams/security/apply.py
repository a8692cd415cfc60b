"""Bringing a cluster's permissions to the rules: what differs, what is missing made, what is too much removed."""

from collections.abc import Iterable
from dataclasses import dataclass

from streams.endpoint import Endpoint
from streams.security.acl import Acl, acls, concerns, in_lane, rules
from streams.security.permissions import open_permissions
from streams.settings import Settings

__all__ = ["Difference", "add_missing", "compared", "difference", "remove"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Permissions on names of the lane, each sorted.

    A rule wants what is `missing`; none wants what of our roles' principals is `excess`. The `others` are not ours
    to remove: those of other principals, denials, and whatever reaches beyond the lane.
    """

    missing: tuple[Acl, ...]
    excess: tuple[Acl, ...]
    others: tuple[Acl, ...]


def compared(known: Iterable[Acl], settings: Settings, *, prefix: str) -> Difference:
    """What a cluster that knows these permissions has otherwise than the rules."""
    wanted = set(acls(settings, prefix=prefix))
    principals = {f"{prefix}{role}" for role in rules(settings)}
    here = {acl for acl in known if concerns(acl, settings)}
    ours = {
        acl for acl in here if acl.principal in principals and acl.permission == "ALLOW" and in_lane(acl.name, settings)
    }
    return Difference(
        *(tuple(sorted(several)) for several in (wanted - ours, ours - wanted, here - ours)),
    )


async def difference(endpoint: Endpoint, settings: Settings, *, prefix: str) -> Difference:
    """The same of the cluster at `endpoint`; BrokerError unless we are a super user, or when it keeps no ACLs."""
    async with open_permissions(endpoint) as permissions:
        return compared(await permissions.known(), settings, prefix=prefix)


async def add_missing(endpoint: Endpoint, settings: Settings, *, prefix: str) -> Difference:
    """Have every permission of `acls`, and change nothing else; what differed before. Errors as of `difference`."""
    async with open_permissions(endpoint) as permissions:
        found = compared(await permissions.known(), settings, prefix=prefix)
        await permissions.create(found.missing)
        return found


async def remove(endpoint: Endpoint, several: Iterable[Acl]) -> None:
    """Remove exactly these permissions. Errors as of `difference`."""
    async with open_permissions(endpoint) as permissions:
        await permissions.delete(several)
