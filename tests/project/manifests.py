"""deploy/kubernetes as kustomize builds it, and what is wrong with it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator

from tests.project.strimzi import SCHEMA
from tests.project.tree import ROOT

__all__ = [
    "BUILDS",
    "HOME",
    "Manifest",
    "build",
    "container",
    "environment",
    "kustomize",
    "of_kind",
    "pods",
    "schema_fault",
    "selected",
    "settings_of",
]

Manifest = dict[str, Any]

HOME = ROOT / "deploy" / "kubernetes"
BUILDS = ("base", "overlays/existing-cluster", "overlays/strimzi")
WORKLOADS = ("Deployment", "StatefulSet", "Job")


_FIVE = re.compile(r"^Kustomize Version: v5\.", flags=re.MULTILINE)


@cache
def kustomize() -> tuple[str, ...] | None:
    """The command that builds a folder; None where there is neither kustomize nor a kubectl with its version 5."""
    if shutil.which("kustomize"):  # Debian's does not say which it is
        return ("kustomize", "build")
    if shutil.which("kubectl"):
        said = subprocess.run(["kubectl", "version", "--client"], check=False, capture_output=True, text=True).stdout
        return ("kubectl", "kustomize") if _FIVE.search(said) else None
    return None


@cache
def build(name: str) -> tuple[Manifest, ...]:
    """All resources of `deploy/kubernetes/<name>`; fails when kustomize does, or warns."""
    command = kustomize()
    assert command is not None
    done = subprocess.run([*command, str(HOME / name)], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(manifests: tuple[Manifest, ...], *kinds: str) -> list[Manifest]:
    """Those of these kinds."""
    return [each for each in manifests if each["kind"] in kinds]


def pods(manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, Manifest]]:
    """The component and the pod template of each workload."""
    for each in of_kind(manifests, *WORKLOADS):
        yield each["metadata"]["labels"]["app.kubernetes.io/component"], each["spec"]["template"]


def container(template: Manifest) -> Manifest:
    """The one container of a pod."""
    (only,) = template["spec"]["containers"]
    found: Manifest = only
    return found


def settings_of(name: str) -> dict[str, str]:
    """What the ConfigMap of a build gives all pods."""
    (config,) = of_kind(build(name), "ConfigMap")
    found: dict[str, str] = config["data"]
    return found


def environment(template: Manifest) -> dict[str, str | None]:
    """What a pod is given beside; None for a value that only a cluster knows."""
    return {each["name"]: each.get("value") for each in container(template).get("env", ())}


def selected(manifests: tuple[Manifest, ...], labels: dict[str, str]) -> set[str]:
    """Components of the pods that a selector of these labels takes."""
    return {name for name, template in pods(manifests) if labels.items() <= template["metadata"]["labels"].items()}


def schema_fault(manifest: Manifest, version: str) -> str | None:
    """What the schema of Kubernetes `version` finds wrong first; of Strimzi's kinds, what ours does."""
    if manifest["apiVersion"].startswith("kafka.strimzi.io/"):
        return next((fault.message for fault in Draft202012Validator(SCHEMA).iter_errors(manifest)), None)
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError as error:
        return str(error.message)
    except kubernetes_validate.ValidationError as error:
        return str(error.message)
    return None
