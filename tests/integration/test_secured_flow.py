"""The pipeline on three secured brokers: one is killed, a password changes, and no secret shows."""

import asyncio
import secrets
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import SecretStr

from schemas import RawDocument
from streams.chaos.documents import generate
from streams.local.runtime import ready_runtime
from streams.security.acl import PRINCIPAL_PREFIX, rules
from streams.settings import Settings
from streams.topics import RAW
from streams.topology import TOPOLOGY
from tests.integration.certificates import rewritten
from tests.integration.harness import until
from tests.integration.scram import set_password
from tests.integration.secured import ADMIN, Secured, secured_cluster
from tests.integration.secured_flow import SecuredFlow, holders, secured_flow
from tests.integration.secured_node import Node

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

THROUGH_S = 120
COUNT = 60
OUT_OF_USE: set[str] = set()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def flow(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SecuredFlow]:
    """The live lane, at work."""
    users = [ADMIN, *(f"{PRINCIPAL_PREFIX}{role}" for role in rules(Settings()))]
    runtime, folder = ready_runtime(Settings(), print), tmp_path_factory.mktemp("secured")
    passwords = {user: secrets.token_hex(8) for user in users}
    async with (
        secured_cluster(runtime, folder, passwords, brokers=3) as cluster,
        secured_flow(cluster, tmp_path_factory.mktemp("flow"), secrets.token_hex(16)) as started,
    ):
        yield started


async def test_the_demo_flow_passes_with_a_principal_for_each_stage(flow: SecuredFlow) -> None:
    code, said = await flow.run("reader", "stories", "--json")
    assert (code, [orjson.loads(line)["article_count"] for line in said.splitlines()]) == (0, [2]), said
    code, said = await flow.run("operator", "topics", "describe", "--json")
    found = orjson.loads(said)
    assert all(topic["exists"] for topic in found["topics"])
    assert {stage["stage"]: stage["lag"] for stage in found["stages"]} == {stage.name: 0 for stage in TOPOLOGY}
    code, said = await flow.run("operator", "doctor")
    assert f"{flow.cluster.bootstrap} answers (given)\n" in said, said


async def test_a_broker_killed_in_the_middle_of_a_push_loses_nothing_and_stops_nobody(flow: SecuredFlow) -> None:
    leader = await leader_of(flow.cluster, RAW.name)

    def documents() -> Iterator[RawDocument]:
        for number, document in enumerate(generate(COUNT, seed=11)):
            if number == COUNT // 2:
                leader.kill()
            yield document

    assert len(await flow.push(documents())) == COUNT
    await until(flow.is_through, "the end of the lag", within_s=THROUGH_S)
    assert not leader.alive
    assert flow.at_work()
    leader.start()
    await until(lambda: in_sync(flow.cluster), "replicas in sync", within_s=THROUGH_S)
    code, said = await flow.run("operator", "audit", "--json")
    report = orjson.loads(said.splitlines()[-1])
    assert (code, report["raw_ids"], report["lost"]) == (0, COUNT + 2, []), said  # and the two samples


async def test_a_password_changes_while_a_worker_runs_and_the_next_start_takes_the_new_one(flow: SecuredFlow) -> None:
    cluster, user, word = flow.cluster, f"{PRINCIPAL_PREFIX}enrich", secrets.token_hex(8)
    await set_password(cluster.of(ADMIN), user, word, "SCRAM-SHA-512")
    await flow.push(generate(5, seed=12))
    await until(flow.is_through, "who is connected goes on", within_s=THROUGH_S)
    code, said = await flow.run("enrich", "worker", "--stage", "enrich", state_dir=flow.folder / "late")
    assert (code, said.count("\n")) == (3, 1), said
    assert f"{user} is not let in: no such user, or another password" in said
    OUT_OF_USE.add(cluster.passwords[user])
    cluster.passwords[user] = word
    rewritten(flow.password_file("enrich"), word)
    assert await flow.stop("enrich") == {"enrich": 0}
    await flow.work("enrich")
    await flow.push(generate(5, seed=13))
    await until(flow.is_through, "who was started again goes on", within_s=THROUGH_S)
    assert flow.at_work()


async def test_no_secret_shows_whatever_goes_wrong(flow: SecuredFlow) -> None:
    wrong = secrets.token_hex(8)
    runs: list[tuple[str, tuple[str, ...], dict[str, Any], int, str]] = [
        ("push", ("doctor",), {"sasl_password": SecretStr(wrong)}, 1, "newsloom-push is not let in"),
        ("push", ("stories", "--debug"), {"sasl_password": SecretStr(wrong)}, 3, "Traceback"),
        ("push", ("tail", "raw", "--debug"), {"ssl_ca_file": Path(__file__)}, 2, "Traceback"),
        ("reader", ("worker", "--stage", "normalize", "--debug"), {}, 3, "Traceback"),
        ("api", ("worker", "--stage", "normalize"), {}, 1, "stage normalize failed: GroupAuthorizationFailedError"),
    ]
    ends = await asyncio.gather(*(flow.run(role, *command, **changes) for role, command, changes, *_ in runs))
    for (code, said), (*_, expected, words) in zip(ends, runs, strict=True):
        assert (code, words in said) == (expected, True), said
    lines = {process.pid: " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])}
    hidden = {*flow.cluster.passwords.values(), flow.api_token, wrong, *OUT_OF_USE}
    for worker in flow.workers.values():  # we have looked at those that it is about, who do have secrets
        assert "streams worker --stage" in lines[worker.pid]
        assert hidden & set(psutil.Process(worker.pid).environ().values())
    assert not [line for line in lines.values() if any(secret in line for secret in hidden)]
    meant = {flow.password_file("enrich"), flow.password_file("cluster")}
    assert holders(hidden, flow.folder) == meant
    assert {stat.S_IMODE(path.stat().st_mode) for path in meant} == {0o600}


async def leader_of(cluster: Secured, topic: str) -> Node:
    """The node that takes what is written to the one partition of `topic`."""
    ((partition,),) = [each["partitions"] for each in await described(cluster) if each["topic"] == topic]
    leader: int = partition["leader"]
    return cluster.nodes[leader - 1]


async def in_sync(cluster: Secured) -> bool:
    """Whether every replica has what its leader has."""
    return all(
        len(each["isr"]) == len(cluster.nodes) for topic in await described(cluster) for each in topic["partitions"]
    )


async def described(cluster: Secured) -> list[dict[str, Any]]:
    """All topics, as a super user sees them."""
    admin = AIOKafkaAdminClient(**cluster.of(ADMIN).client())
    await admin.start()
    try:
        found: list[dict[str, Any]] = await admin.describe_topics()
    finally:
        await admin.close()
    return found
