"""A secured Kafka: what a principal has no rule for is refused, what it has one for is not; who it is can change."""

import secrets
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka.errors import TopicAuthorizationFailedError
from pydantic import SecretStr

from streams.edge.admin import create_topics
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint, Security
from streams.errors import BrokerError, RefusedError
from streams.local.probe import probe
from streams.local.runtime import ready_runtime
from streams.security.acl import PRINCIPAL_PREFIX, Acl, acls, rules
from streams.security.apply import Difference, add_missing, difference, remove
from streams.security.permissions import open_permissions
from streams.settings import Settings
from streams.topics import NORMALIZED, RAW, UNIQUE
from streams.topology import TOPOLOGY
from tests.integration.attempts import ATTEMPTS, LANE, LIMIT_S, read_from, written_to
from tests.integration.certificates import Authority, written
from tests.integration.harness import until
from tests.integration.scram import forget_password, set_password
from tests.integration.secured import ADMIN, Secured, secured_cluster

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

CHANGED = "changed"
"""A user with no rules, whose password changes."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    """A broker with a user for each role, the rules of a lane, its topics without those beside the flow, all filled."""
    users = [ADMIN, *(f"{PRINCIPAL_PREFIX}{role}" for role in (*rules(LANE), CHANGED))]
    runtime, folder = ready_runtime(Settings(), print), tmp_path_factory.mktemp("secured")
    async with secured_cluster(runtime, folder, {user: secrets.token_hex(8) for user in users}, brokers=1) as started:
        await add_missing(started.of(ADMIN), LANE, prefix=PRINCIPAL_PREFIX)
        names = await create_topics(started.of("operator"), LANE, list(TOPOLOGY))
        await written_to(started.of("operator"), *names)
        yield started


@pytest.mark.parametrize("what", ATTEMPTS)
async def test_what_no_rule_allows_is_refused_and_what_one_allows_is_not(cluster: Secured, what: str) -> None:
    attempt = ATTEMPTS[what]
    (who, name), (other, allowed) = attempt.refused, attempt.permitted
    with pytest.raises(attempt.error):
        await attempt.act(cluster.of(who), LANE.topic(name))
    await attempt.act(cluster.of(other), LANE.topic(allowed))


async def test_who_is_refused_reads_why_in_one_line(cluster: Secured) -> None:
    for role, topic, why in (
        ("normalize", NORMALIZED.name, "newsloom-normalize may not do this"),
        ("normalize", UNIQUE.name, f"no topic {LANE.topic(UNIQUE.name)} that newsloom-normalize may see"),
    ):
        with pytest.raises(BrokerError, match=why) as caught:
            _ = [record async for record in read_topic(cluster.of(role), LANE.topic(topic))]
        assert "\n" not in str(caught.value)


async def test_a_stranger_is_not_let_in_and_told_what_is_wrong(cluster: Secured, tmp_path: Path) -> None:
    stranger = written(tmp_path / "other.pem", Authority.new("another").pem)
    plain = {"security_protocol": "PLAINTEXT", "sasl_username": "", "sasl_password": None, "ssl_ca_file": None}
    changes: list[tuple[dict[str, Any], str]] = [
        ({"sasl_password": secrets.token_hex(8)}, "newsloom-push is not let in: no such user, or another password"),
        ({"sasl_username": "nobody"}, "nobody is not let in: no such user, or another password"),
        ({"sasl_mechanism": "PLAIN"}, "it has no login by PLAIN"),
        ({"ssl_ca_file": stranger}, "its certificate is not trusted, .*; NEWSLOOM_SSL_CA_FILE names authorities"),
        ({"ssl_ca_file": None}, "its certificate is not trusted, .*; NEWSLOOM_SSL_CA_FILE names authorities"),
        (plain, "does not answer as a Kafka broker: .*; a secured one wants NEWSLOOM_SECURITY_PROTOCOL"),
    ]
    for change, why in changes:
        with pytest.raises(BrokerError, match=why):
            await probe(cluster.of("push", **change), limit_s=LIMIT_S)
    await probe(cluster.of("push"), limit_s=LIMIT_S)


async def test_a_role_may_come_by_certificate(cluster: Secured) -> None:
    endpoint = cluster.certified("push")
    await written_to(endpoint, LANE.topic(RAW.name))
    with pytest.raises(TopicAuthorizationFailedError):
        await read_from(endpoint, LANE.topic(RAW.name))
    with pytest.raises(BrokerError, match="it may want a certificate of ours, NEWSLOOM_SSL_CERTIFICATE_FILE"):
        await probe(Endpoint(cluster.mutual, Security(cluster.ca_file)), limit_s=LIMIT_S)
    stranger = cluster.certified("push", by=Authority.new("another"))
    with pytest.raises(BrokerError, match="it may not take NEWSLOOM_SSL_CERTIFICATE_FILE"):
        await probe(stranger, limit_s=LIMIT_S)


async def test_permissions_are_made_once_and_only_what_is_ours_and_too_much_is_removed(cluster: Secured) -> None:
    lane, admin = LANE.model_copy(update={"lane": "rules"}), cluster.of(ADMIN)
    wanted = acls(lane)
    assert await add_missing(admin, lane, prefix=PRINCIPAL_PREFIX) == Difference(wanted, (), ())
    assert await add_missing(admin, lane, prefix=PRINCIPAL_PREFIX) == Difference((), (), ())
    stale = Acl("newsloom-enrich", "TOPIC", lane.topic(RAW.name), "LITERAL", "ALL", host="10.0.0.7")
    foreign = Acl("auditors", "TOPIC", lane.topic(RAW.name), "LITERAL", "READ")
    denied = Acl("newsloom-enrich", "TOPIC", lane.topic(RAW.name), "LITERAL", "DELETE", permission="DENY")
    elsewhere = Acl("newsloom-enrich", "TRANSACTIONAL_ID", "payments", "PREFIXED", "WRITE")
    async with open_permissions(admin) as permissions:
        await permissions.create([foreign, stale, denied, elsewhere])
    others = tuple(sorted((foreign, denied)))
    assert await add_missing(admin, lane, prefix=PRINCIPAL_PREFIX) == Difference((), (stale,), others)
    await remove(admin, [stale])
    assert await difference(admin, lane, prefix=PRINCIPAL_PREFIX) == Difference((), (), others)
    async with open_permissions(admin) as permissions:
        assert {foreign, denied, elsewhere, *wanted} <= set(await permissions.known())


async def test_only_a_super_user_sees_and_changes_permissions(cluster: Secured) -> None:
    for act in (difference, add_missing):
        with pytest.raises(BrokerError, match="only a super user of the cluster may see and change ACLs"):
            await act(cluster.of("operator"), LANE, prefix=PRINCIPAL_PREFIX)


async def test_a_user_has_a_password_for_each_mechanism_so_that_old_and_new_are_good_side_by_side(
    cluster: Secured,
) -> None:
    admin, user, word = cluster.of(ADMIN), f"{PRINCIPAL_PREFIX}{CHANGED}", secrets.token_hex(8)
    old = cluster.of(CHANGED)
    new = cluster.of(CHANGED, sasl_mechanism="SCRAM-SHA-256", sasl_password=SecretStr(word))
    with pytest.raises(RefusedError, match=f"{user} is not let in"):
        await probe(new, limit_s=LIMIT_S)
    await set_password(admin, user, word, "SCRAM-SHA-256")
    await until(partial(lets_in, new), "the new password")
    assert await lets_in(old)
    await forget_password(admin, user, "SCRAM-SHA-512")
    await until(partial(refuses, old), "the end of the old password")
    assert await lets_in(new)


async def test_a_broker_starts_again_with_a_certificate_by_the_next_authority(cluster: Secured, tmp_path: Path) -> None:
    """Clients that have both authorities, as these have elsewhere, notice nothing."""
    (node,) = cluster.nodes
    old = cluster.of("push", ssl_ca_file=written(tmp_path / "old.pem", cluster.authority.pem))
    new = cluster.of("push", ssl_ca_file=written(tmp_path / "new.pem", cluster.successor.pem))
    assert (await lets_in(old), await lets_in(new)) == (True, False)
    await node.stop()
    node.identify(cluster.successor)
    node.start()
    await cluster.ready()
    assert (await lets_in(old), await lets_in(new)) == (False, True)


async def lets_in(endpoint: Endpoint) -> bool:
    try:
        await probe(endpoint, limit_s=LIMIT_S)
    except RefusedError:
        return False
    return True


async def refuses(endpoint: Endpoint) -> bool:
    return not await lets_in(endpoint)
