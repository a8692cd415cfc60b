"""Who may do what on a secured cluster, as data: a role for each job, each with no more than its code does.

A role is a principal of the cluster. A process logs in as one principal, so on a secured cluster each stage has a
worker process of its own; one that runs several stages needs a principal with the rules of all of them.

Kafka 3.0 and later, with its StandardAuthorizer: READ, WRITE and DELETE imply DESCRIBE, and WRITE on a topic is all
that an idempotent producer needs. Nobody writes transactions, so nobody has a transactional id. Nothing here is about
the cluster itself: rules and users are made by one of its super users.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from streams.settings import Settings
from streams.topics import DISPOSITION, DROP_LEDGER, RAW, SOURCE_CONFIG, SOURCE_STATE, Topic
from streams.topology import BESIDE, TOPOLOGY, Stage, topics

__all__ = ["PRINCIPAL_PREFIX", "READER_GROUPS", "Acl", "Operation", "Rule", "acls", "concerns", "in_lane", "rules"]

Operation = Literal["READ", "WRITE", "CREATE", "DELETE", "DESCRIBE"]

PRINCIPAL_PREFIX = "newsloom-"
"""What the names of our principals begin with by default; the role follows: `newsloom-dedupe`."""

READER_GROUPS = "reader."
"""What the name of a subscriber's consumer group begins with, after any lane."""

_OURS = ("news.", "newsloom.", "newsloom-", READER_GROUPS)
"""What names of topics, groups and transactional ids begin with, after any lane."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be done with one topic or group, or with all whose names begin with `name` where it is `prefixed`."""

    resource: Literal["TOPIC", "GROUP"]
    name: str
    operations: tuple[Operation, ...]
    prefixed: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One permission as Kafka keeps it; `principal` is without `User:`. Ours are from any host, and none denies."""

    principal: str
    resource: Literal["TOPIC", "GROUP", "TRANSACTIONAL_ID"]
    name: str
    pattern: Literal["LITERAL", "PREFIXED"]
    operation: str
    host: str = "*"
    permission: Literal["ALLOW", "DENY"] = "ALLOW"


def rules(settings: Settings) -> dict[str, tuple[Rule, ...]]:
    """By role, what it may do in the lane of `settings`.

    Roles are the stages; `push`, `poller` and `watch`, which bring documents; `reader`, for subscribers and whoever
    looks; `api`, a reader that takes documents too; and `operator`, for everything that `newsloom` does in a lane.
    """
    reader, push = tuple(_reader(settings)), (_topic(settings, RAW, "WRITE"),)
    return {stage.name: tuple(_stage(settings, stage)) for stage in TOPOLOGY} | {
        "push": push,
        # The two look behind what they had announced when they were killed: hence READ on raw.
        "poller": (
            _topic(settings, RAW, "READ", "WRITE"),
            _topic(settings, SOURCE_CONFIG, "READ"),
            _topic(settings, SOURCE_STATE, "READ", "WRITE"),
        ),
        "watch": (_topic(settings, RAW, "READ", "WRITE"), _topic(settings, DROP_LEDGER, "READ", "WRITE")),
        "reader": reader,
        "api": _merged((*reader, *push)),
        "operator": tuple(_operator(settings)),
    }


def acls(settings: Settings, *, prefix: str = PRINCIPAL_PREFIX) -> tuple[Acl, ...]:
    """The same as Kafka's permissions, sorted, for principals called `prefix` and the role."""
    return tuple(
        sorted(
            Acl(f"{prefix}{role}", rule.resource, rule.name, "PREFIXED" if rule.prefixed else "LITERAL", operation)
            for role, allowed in rules(settings).items()
            for rule in allowed
            for operation in rule.operations
        )
    )


def in_lane(name: str, settings: Settings) -> bool:
    """Whether a topic, group or transactional id of this name is one of newsloom's in the lane of `settings`."""
    lane, dot, rest = name.partition(".")
    if dot and rest.startswith(_OURS):
        return lane == settings.lane
    return not settings.lane and name.startswith(_OURS)


def concerns(acl: Acl, settings: Settings) -> bool:
    """Whether a permission is about a name in the lane, if only among others."""
    whole = acl.name == "*" or (
        acl.pattern == "PREFIXED" and any(settings.topic(ours).startswith(acl.name) for ours in _OURS)
    )
    return whole or in_lane(acl.name, settings)


def _stage(settings: Settings, stage: Stage) -> Iterator[Rule]:
    yield _topic(settings, stage.reads, "READ")
    for topic in stage.writes:
        # A compacted output is the face of the stage's table: it is read again when the table is recovered.
        yield _topic(settings, topic, *(("READ", "WRITE") if topic.cleanup == "compact" else ("WRITE",)))
    yield Rule("TOPIC", settings.topic(stage.reads.dead_letters), ("WRITE",))
    if stage.table is not None:
        yield Rule("TOPIC", settings.topic(stage.table.name), ("READ", "WRITE"))
    yield Rule("GROUP", settings.group(stage.name), ("READ",))


def _reader(settings: Settings) -> Iterator[Rule]:
    for topic in topics():
        yield _topic(settings, topic, "READ")
    for stage in TOPOLOGY:
        yield Rule("TOPIC", settings.topic(stage.reads.dead_letters), ("READ",))
    yield _topic(settings, DISPOSITION, "READ")
    for stage in TOPOLOGY:  # how far it has come
        yield Rule("GROUP", settings.group(stage.name), ("DESCRIBE",))
    yield Rule("GROUP", settings.topic(READER_GROUPS), ("READ",), prefixed=True)


def _operator(settings: Settings) -> Iterator[Rule]:
    names = [topic.name for topic in (*topics(), *BESIDE)]
    names += [stage.reads.dead_letters for stage in TOPOLOGY]
    names += [stage.table.name for stage in TOPOLOGY if stage.table is not None]
    everything: tuple[Operation, ...] = ("READ", "WRITE", "CREATE")
    if settings.lane:  # the topics of the live lane are not to be deleted
        everything += ("DELETE",)
    for name in names:
        yield Rule("TOPIC", settings.topic(name), everything)
    for stage in TOPOLOGY:
        yield Rule("GROUP", settings.group(stage.name), ("READ",))


def _topic(settings: Settings, topic: Topic, *operations: Operation) -> Rule:
    return Rule("TOPIC", settings.topic(topic.name), operations)


def _merged(several: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """One rule for each topic or group, where several speak of one."""
    found: dict[tuple[str, str], Rule] = {}
    for rule in several:
        known = found.get((rule.resource, rule.name))
        operations = (*known.operations, *rule.operations) if known else rule.operations
        found[rule.resource, rule.name] = Rule(rule.resource, rule.name, operations, rule.prefixed)
    return tuple(found.values())
