"""Prometheus beside a running system finds every role of it, and can read what each one tells."""

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.docker.compose import Compose, docker
from tests.docker.waiting import wait

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PROMETHEUS = "prom/prometheus:v3.5.0"
ROLES = {"worker-text": 1, "worker-state": 1, "watch": 1, "poller": 1, "api": 1}


@pytest.fixture
def prometheus(core: Compose) -> str:
    """Where it answers; Grafana has no stand-in, so it is not started."""
    if not docker("images", "--quiet", PROMETHEUS):
        pytest.skip(f"no image {PROMETHEUS}; pull it, or run deploy/images.sh")
    core.run("up", "-d", "--no-build", "--no-recreate", "prometheus")
    return core.prometheus


def targets(url: str) -> list[dict[str, Any]]:
    """What it scrapes; nothing until it is ready."""
    try:
        answer = httpx.get(f"{url}/targets").raise_for_status()
    except httpx.HTTPError:
        return []
    return list(answer.json()["data"]["activeTargets"])


def test_every_role_is_a_target_that_is_up(prometheus: str) -> None:
    def all_up() -> bool:
        found = targets(prometheus)
        services = Counter(each["labels"]["service"] for each in found if "service" in each["labels"])
        return services == ROLES and {each["health"] for each in found} == {"up"}

    wait(all_up, "every target up", within_s=120)
    answer = httpx.get(f"{prometheus}/query", params={"query": "sum by (stage) (newsloom_lag_seconds)"}).json()
    stages = {each["metric"]["stage"] for each in answer["data"]["result"]}
    assert stages == {"normalize", "dedupe", "enrich", "cluster"}


def test_its_rules_are_loaded_and_none_is_broken(prometheus: str) -> None:
    wait(lambda: bool(targets(prometheus)), "Prometheus", within_s=60)
    wait(lambda: "unknown" not in health(prometheus).values(), "rules evaluated", within_s=60)
    assert health(prometheus)
    assert set(health(prometheus).values()) == {"ok"}, health(prometheus)


def health(url: str) -> dict[str, str]:
    """Of each rule, whether Prometheus could evaluate it."""
    groups = httpx.get(f"{url}/rules").json()["data"]["groups"]
    return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
