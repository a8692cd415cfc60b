"""deploy/kubernetes on a secured cluster: who logs in as whom, and what is written from the topology."""

import copy
import subprocess
import sys
from collections.abc import Callable

import pytest

from streams.edge.admin import topic_configs
from streams.security.acl import acls
from streams.settings import Settings
from tests.project.manifests import (
    Manifest,
    build,
    container,
    environment,
    kustomize,
    of_kind,
    pods,
    schema_fault,
    settings_of,
)
from tests.project.tree import ROOT

pytestmark = pytest.mark.skipif(kustomize() is None, reason="no kustomize here, and no kubectl that has it")

KAFKA = "overlays/strimzi/kafka"
SECURED = ("overlays/existing-cluster", "overlays/strimzi")


def base_settings() -> Settings:
    """The settings of all pods that topics and rules depend on."""
    given = {key.removeprefix("NEWSLOOM_").lower(): value for key, value in settings_of("base").items()}
    return Settings.model_validate({"lane": ""} | given)


def secrets_of(template: Manifest) -> dict[str, str]:
    """The Secrets that a pod mounts, by mount path."""
    volumes = {each["name"]: each["secret"]["secretName"] for each in template["spec"]["volumes"] if "secret" in each}
    mounts = container(template)["volumeMounts"]
    return {mount["mountPath"]: volumes[mount["name"]] for mount in mounts if mount["name"] in volumes}


@pytest.mark.parametrize("name", SECURED)
def test_each_workload_has_a_login_of_its_own_and_no_other(name: str) -> None:
    settings = settings_of(name)
    password, authority = settings["NEWSLOOM_SASL_PASSWORD_FILE"], settings["NEWSLOOM_SSL_CA_FILE"]
    for component, template in pods(build(name)):
        mounted = secrets_of(template)
        assert mounted[password.removesuffix("/password")] == environment(template)["NEWSLOOM_SASL_USERNAME"]
        assert mounted[authority.removesuffix("/ca.crt")].endswith("ca" if name == SECURED[0] else "cluster-ca-cert")
        beside = {"/run/secrets/newsloom-api"} if component == "api" else set()
        assert mounted.keys() == {"/run/secrets/kafka", "/run/secrets/kafka-ca"} | beside
        assert len(set(mounted.values())) == len(mounted)  # Strimzi owns the Secret of a login whole


def test_the_name_of_strimzi_s_cluster_is_the_same_everywhere() -> None:
    built = build("overlays/strimzi")
    labels = {each["metadata"]["labels"]["strimzi.io/cluster"] for each in of_kind(built, "KafkaTopic", "KafkaUser")}
    (cluster,) = labels
    assert settings_of("overlays/strimzi")["NEWSLOOM_BROKER"] == f"{cluster}-kafka-bootstrap:9093"
    assert {secrets_of(template)["/run/secrets/kafka-ca"] for _, template in pods(built)} == {
        f"{cluster}-cluster-ca-cert"
    }
    (kafka,) = [each for each in of_kind(built, "NetworkPolicy") if each["metadata"]["name"] == "newsloom-kafka"]
    assert kafka["spec"]["egress"][0]["to"] == [{"podSelector": {"matchLabels": {"strimzi.io/cluster": cluster}}}]


def test_topics_of_strimzi_are_those_of_newsloom() -> None:
    settings = base_settings()
    made = {each["metadata"]["name"]: each["spec"] for each in of_kind(build(KAFKA), "KafkaTopic")}
    shape = {"partitions": settings.partitions, "replicas": settings.replication}
    assert made == {topic: shape | {"config": config} for topic, config in topic_configs(settings).items()}


def test_users_of_strimzi_may_do_what_newsloom_s_rules_say_and_no_more() -> None:
    granted = [
        (user["metadata"]["name"], *(rule["resource"][key] for key in ("type", "name", "patternType")), operation)
        for user in of_kind(build(KAFKA), "KafkaUser")
        for rule in user["spec"]["authorization"]["acls"]
        for operation in rule["operations"]
    ]
    patterns = {"LITERAL": "literal", "PREFIXED": "prefix"}
    assert sorted(granted) == sorted(
        (each.principal, each.resource.lower(), each.name, patterns[each.pattern], each.operation.capitalize())
        for each in acls(base_settings())
    )


def test_each_workload_logs_in_as_a_user_that_there_is_for_its_work() -> None:
    users = {each["metadata"]["name"] for each in of_kind(build(KAFKA), "KafkaUser")}
    for name in SECURED:
        logins = {
            component: environment(template)["NEWSLOOM_SASL_USERNAME"] for component, template in pods(build(name))
        }
        assert logins.pop("init", "newsloom-operator") == "newsloom-operator"
        assert logins == {component: f"newsloom-{component}" for component in logins}
        assert set(logins.values()) <= users


@pytest.mark.parametrize(
    "harm",
    [
        lambda spec: spec.update(partitions="12"),
        lambda spec: spec.update(replica=3),
        lambda spec: spec.pop("replicas"),
        lambda spec: spec["config"].update({"retention.ms": 1}),
    ],
    ids=["type", "name", "absent", "value"],
)
def test_a_resource_that_strimzi_refuses_is_found_out(harm: Callable[[Manifest], None]) -> None:
    broken = copy.deepcopy(of_kind(build(KAFKA), "KafkaTopic")[0])
    assert schema_fault(broken, "1.32") is None
    harm(broken["spec"])
    assert schema_fault(broken, "1.32")


def test_files_that_are_written_from_the_topology_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "tools" / "kubernetes.py"), "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
