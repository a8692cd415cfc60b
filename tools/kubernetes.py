# ruff: noqa: INP001 - a script, not part of a package
"""Write the resources of `deploy/kubernetes/overlays/strimzi/kafka` from the topology: `--write`, or `--check` them.

What they depend on beside the topology is in `deploy/kubernetes/base/settings.env`: lane, partitions and replicas.
Topics and permissions that Strimzi makes from these are those of `newsloom topics create` and `newsloom acl apply`.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from streams.edge.admin import topic_configs
from streams.security.acl import PRINCIPAL_PREFIX, Rule, rules
from streams.settings import Settings

__all__ = ["base_settings", "main", "topic_resources", "user_resources"]

_HOME = Path(__file__).parents[1] / "deploy" / "kubernetes"
_SETTINGS = _HOME / "base" / "settings.env"
_KAFKA = _HOME / "overlays" / "strimzi" / "kafka"
_API = "kafka.strimzi.io/v1"
_HEAD = "# Written by tools/kubernetes.py; do not edit.\n"


def base_settings() -> Settings:
    """The settings that all pods have: those of the file, whatever the environment of this process says."""
    lines = (line for line in _SETTINGS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    values = dict(line.split("=", 1) for line in lines)
    given = {name.removeprefix("NEWSLOOM_").lower(): value for name, value in values.items()}
    return Settings.model_validate({"lane": ""} | given)


def topic_resources(settings: Settings) -> list[dict[str, Any]]:
    """A KafkaTopic for each topic of the lane: public ones, dead letters, state changelogs."""
    return [
        {
            "apiVersion": _API,
            "kind": "KafkaTopic",
            "metadata": {"name": name},
            "spec": {"partitions": settings.partitions, "replicas": settings.replication, "config": config},
        }
        for name, config in topic_configs(settings).items()
    ]


def user_resources(settings: Settings) -> list[dict[str, Any]]:
    """A KafkaUser for each role: its password comes into a Secret of its name."""
    return [
        {
            "apiVersion": _API,
            "kind": "KafkaUser",
            "metadata": {"name": f"{PRINCIPAL_PREFIX}{role}"},
            "spec": {
                "authentication": {"type": "scram-sha-512"},
                "authorization": {"type": "simple", "acls": [_permission(rule) for rule in allowed]},
            },
        }
        for role, allowed in rules(settings).items()
    ]


def _permission(rule: Rule) -> dict[str, Any]:
    pattern = "prefix" if rule.prefixed else "literal"
    resource = {"type": rule.resource.lower(), "name": rule.name, "patternType": pattern}
    return {"resource": resource, "operations": [operation.capitalize() for operation in rule.operations]}


def _files(settings: Settings) -> dict[Path, str]:
    written = {"topics.yaml": topic_resources(settings), "users.yaml": user_resources(settings)}
    return {_KAFKA / name: _text(resources) for name, resources in written.items()}


def _text(resources: list[dict[str, Any]]) -> str:
    return _HEAD + yaml.safe_dump_all(resources, sort_keys=False)


def main() -> int:
    """Do what the arguments say; 1 when `--check` finds a file that is not as it would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write the files")
    action.add_argument("--check", action="store_true", help="say which differ")
    write = parser.parse_args().write
    stale = {
        path: text for path, text in _files(base_settings()).items() if not path.exists() or path.read_text() != text
    }
    for path, text in stale.items():
        if write:
            path.write_text(text, encoding="utf-8")
        sys.stderr.write(f"{path}: {'written' if write else 'stale, run tools/kubernetes.py --write'}\n")
    return 0 if write or not stale else 1


if __name__ == "__main__":
    sys.exit(main())
