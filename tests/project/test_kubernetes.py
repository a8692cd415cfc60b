"""deploy/kubernetes keeps its promises, as far as that can be seen without a cluster."""

import copy
import re
from collections.abc import Callable

import pytest
import yaml

from streams.app import STAGES
from streams.settings import Settings
from streams.telemetry.metrics import DECLARED
from tests.project.commands import understood
from tests.project.manifests import (
    BUILDS,
    HOME,
    Manifest,
    build,
    container,
    environment,
    kustomize,
    of_kind,
    pods,
    schema_fault,
    selected,
    settings_of,
)
from tests.project.tree import ROOT

pytestmark = pytest.mark.skipif(kustomize() is None, reason="no kustomize here, and no kubectl that has it")

VERSIONS = ("1.32", "1.37")
"""The oldest and the newest release of Kubernetes whose schemas are asked."""

each_build = pytest.mark.parametrize("name", BUILDS)


@pytest.mark.parametrize("version", VERSIONS)
@each_build
def test_every_resource_is_what_kubernetes_takes(name: str, version: str) -> None:
    faults = {(each["kind"], each["metadata"]["name"]): schema_fault(each, version) for each in build(name)}
    assert {key: fault for key, fault in faults.items() if fault} == {}


def _misspell(each: Manifest) -> None:
    container(each["spec"]["template"])["livenesProbe"] = {}


def _mistype(each: Manifest) -> None:
    each["spec"]["replicas"] = "two"


def _forget(each: Manifest) -> None:
    del each["spec"]["selector"]


def _outdate(each: Manifest) -> None:
    each["apiVersion"] = "apps/v1beta1"


@pytest.mark.parametrize("harm", [_misspell, _mistype, _forget, _outdate])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_resource_that_kubernetes_refuses_is_found_out(harm: Callable[[Manifest], None], version: str) -> None:
    broken = copy.deepcopy(of_kind(build("base"), "Deployment")[0])
    assert schema_fault(broken, version) is None
    harm(broken)
    assert schema_fault(broken, version)


@each_build
def test_a_pod_has_no_more_rights_than_it_needs(name: str) -> None:
    for component, template in pods(build(name)):
        pod, alone = template["spec"], container(template)
        assert pod["automountServiceAccountToken"] is False, component
        assert pod["securityContext"]["runAsNonRoot"] is True, component
        assert pod["securityContext"]["runAsUser"] == 10001, component
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, component
        assert alone["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, component
        assert alone["resources"]["requests"].keys() == {"cpu", "memory"}, component
        assert alone["resources"]["limits"]["memory"], component


@each_build
def test_no_secret_is_in_the_files_but_by_name(name: str) -> None:
    assert of_kind(build(name), "Secret") == []
    told = settings_of(name).keys() | {key for _, template in pods(build(name)) for key in environment(template)}
    assert {key for key in told if re.search("PASSWORD|TOKEN|SECRET", key) and not key.endswith("_FILE")} == set()


@each_build
def test_every_stage_has_a_workload_of_its_own(name: str) -> None:
    args = [container(template)["args"] for _, template in pods(build(name))]
    assert sorted(each[2:] for each in args if each[:2] == ["worker", "--stage"]) == sorted([s] for s in STAGES)


@each_build
def test_the_image_is_this_version(name: str) -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert version is not None
    images = {container(template)["image"] for _, template in pods(build(name))}
    assert {image.rpartition(":")[2] for image in images} == {version[1]}
    assert {image.rpartition(":")[0].rpartition("/")[2] for image in images} == {"newsloom"}


@each_build
def test_settings_exist_and_are_within_bounds(name: str) -> None:
    for component, template in pods(build(name)):
        given = settings_of(name) | {key: value for key, value in environment(template).items() if value is not None}
        ours = {key.removeprefix("NEWSLOOM_").lower(): value for key, value in given.items()}
        assert sorted(ours.keys() - Settings.model_fields.keys()) == [], component
        Settings.model_validate(ours)


@each_build
def test_commands_of_pods_and_probes_are_there(name: str) -> None:
    for _, template in pods(build(name)):
        alone = container(template)
        understood(alone["args"])
        probes = [alone[kind] for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in alone]
        for probe in probes:
            if "exec" in probe:
                program, *arguments = probe["exec"]["command"]
                assert program == "newsloom"
                understood(arguments)
            else:
                assert probe["httpGet"]["path"] in {"/healthz", "/readyz"}
                assert probe["httpGet"]["httpHeaders"] == [{"name": "Host", "value": "localhost"}]
        assert probes or alone["args"][0] == "topics"


@each_build
def test_ports_are_those_that_the_api_and_the_brokers_listen_on(name: str) -> None:
    api = Settings.model_fields["api_port"].default
    metrics = int(settings_of(name)["NEWSLOOM_METRICS_PORT"])
    for component, template in pods(build(name)):
        ports = {port["name"]: port["containerPort"] for port in container(template).get("ports", ())}
        assert ports == ({"http": api} if component == "api" else {} if component == "init" else {"metrics": metrics})
    services = [port for each in of_kind(build(name), "Service") for port in each["spec"].get("ports", ())]
    assert {port["targetPort"] for port in services} == {"http"}
    (kafka,) = [each for each in of_kind(build(name), "NetworkPolicy") if each["metadata"]["name"] == "newsloom-kafka"]
    brokers = {int(address.rpartition(":")[2]) for address in settings_of(name)["NEWSLOOM_BROKER"].split(",")}
    assert {port["port"] for port in kafka["spec"]["egress"][0]["ports"]} == brokers


@each_build
def test_selectors_take_the_pods_they_mean(name: str) -> None:
    built = build(name)
    everybody = {component for component, _ in pods(built)}
    for each in of_kind(built, "Deployment", "StatefulSet", "PodDisruptionBudget"):
        component = each["metadata"]["name"].removeprefix("newsloom-")
        assert selected(built, each["spec"]["selector"]["matchLabels"]) == {component}
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(built, "NetworkPolicy")}
    reach = {key: selected(built, spec["podSelector"]["matchLabels"]) for key, spec in policies.items()}
    assert reach == {
        "newsloom-default-deny": everybody,
        "newsloom-kafka": everybody,
        "newsloom-web": {"poller"},
        "newsloom-api": {"api"},
        "newsloom-metrics": everybody,
    }
    assert policies["newsloom-default-deny"].keys() == {"podSelector", "policyTypes"}
    (resolver,) = policies["newsloom-kafka"]["egress"][1]["to"]
    assert resolver["podSelector"] == {
        "matchExpressions": [{"key": "k8s-app", "operator": "In", "values": ["kube-dns"]}]
    }
    services = {each["metadata"]["name"]: each["spec"]["selector"] for each in of_kind(built, "Service")}
    assert {key: selected(built, labels) for key, labels in services.items()} == {
        "newsloom-api": {"api"},
        "newsloom-pods": everybody,
    }
    assert {each["spec"]["serviceName"] for each in of_kind(built, "StatefulSet")} == {"newsloom-pods"}


@each_build
def test_who_runs_twice_is_drained_one_at_a_time(name: str) -> None:
    several = {
        each["metadata"]["name"]
        for each in of_kind(build(name), "Deployment", "StatefulSet")
        if each["spec"].get("replicas", 2) > 1
    }
    assert {each["metadata"]["name"] for each in of_kind(build(name), "PodDisruptionBudget")} == several


@each_build
def test_what_scales_by_itself_has_no_state_and_no_fixed_number(name: str) -> None:
    deployments = {each["metadata"]["name"]: each["spec"] for each in of_kind(build(name), "Deployment")}
    scalers = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"] for each in of_kind(build(name), "HorizontalPodAutoscaler")
    }
    assert scalers.keys() == deployments.keys()
    assert all("replicas" not in spec for spec in deployments.values())
    partitions = int(settings_of(name)["NEWSLOOM_PARTITIONS"])
    assert all(spec["maxReplicas"] <= partitions for spec in scalers.values())


@each_build
def test_scaling_asks_for_the_lag_of_its_own_stage_by_a_metric_that_there_is(name: str) -> None:
    adapter = yaml.safe_load((HOME / "prometheus-adapter.yaml").read_text())
    offered = {rule["name"]["as"]: rule for rule in adapter["rules"]["external"]}
    declared = {metric.name: metric for metric in DECLARED}
    for each in of_kind(build(name), "HorizontalPodAutoscaler"):
        (metric,) = (one["external"]["metric"] for one in each["spec"]["metrics"])
        rule = offered[metric["name"]]
        assert rule["seriesQuery"].startswith(f"{metric['name']}{{")
        assert declared[metric["name"]].labels == ("stage",)
        target = each["spec"]["scaleTargetRef"]["name"]
        assert metric["selector"]["matchLabels"] == {"stage": target.removeprefix("newsloom-")}


@each_build
def test_a_new_version_changes_nothing_that_a_stateful_set_may_not_change(name: str) -> None:
    for each in of_kind(build(name), "StatefulSet"):
        for claim in each["spec"].get("volumeClaimTemplates", ()):
            assert claim["metadata"] == {"name": "state", "labels": {"app.kubernetes.io/name": "newsloom"}}
