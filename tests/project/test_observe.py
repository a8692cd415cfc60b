"""Metrics, alerts and dashboard agree with each other, and with what the code exports."""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.telemetry.metrics import DECLARED, Role, exposition
from streams.topology import TOPOLOGY
from tests.project.tree import ROOT

OBSERVE = ROOT / "deploy" / "observe"
RULES = OBSERVE / "prometheus" / "alerts.yml"
DASHBOARD = json.loads((OBSERVE / "grafana" / "dashboards" / "newsloom.json").read_text(encoding="utf-8"))
CONFIG = yaml.safe_load((OBSERVE / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}
SAMPLES = {sample for declared in DECLARED for sample in declared.samples}
METRIC = re.compile(r"\b(?:newsloom|process)_\w+")

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool: apt install prometheus")


def promtool(*arguments: str, given: str = "") -> str:
    """What promtool says when it is content."""
    done = subprocess.run(["promtool", *arguments], check=False, capture_output=True, text=True, input=given)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def charted() -> Iterator[str]:
    """Every expression of the dashboard."""
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def made_by(tool: str, *arguments: str) -> str:
    command = [sys.executable, str(ROOT / "tools" / tool), *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_the_table_of_metrics_is_as_the_code_has_them() -> None:
    written = (ROOT / "deploy" / "METRICS.md").read_text(encoding="utf-8")
    assert made_by("metrics_table.py") == written, "run: python tools/metrics_table.py --write"


def test_the_dashboard_is_as_its_rows_have_it() -> None:
    assert json.loads(made_by("dashboard.py")) == DASHBOARD, "run: python tools/dashboard.py --write"


def test_the_dashboard_lies_where_its_provisioning_looks() -> None:
    folder = OBSERVE / "grafana" / "provisioning"
    (provider,) = yaml.safe_load((folder / "dashboards" / "newsloom.yml").read_text(encoding="utf-8"))["providers"]
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text(encoding="utf-8"))["datasources"]
    mounts = [str(volume).split(":")[:2] for volume in COMPOSE["services"]["grafana"]["volumes"]]
    assert ["./deploy/observe/grafana/dashboards", provider["options"]["path"]] in mounts
    assert ["./deploy/observe/grafana/provisioning", "/etc/grafana/provisioning"] in mounts
    used = {target["datasource"]["uid"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())}
    assert used == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"


@pytest.mark.parametrize("expression", [*charted(), *(rule["expr"] for rule in ALERTS.values())])
def test_only_metrics_that_exist_are_asked_for(expression: str) -> None:
    assert set(METRIC.findall(expression)) - SAMPLES == set()


def test_every_metric_of_ours_is_charted() -> None:
    shown = {name for expression in charted() for name in METRIC.findall(expression)}
    ours = [each for each in DECLARED if each.name.startswith("newsloom_")]
    assert [each.name for each in ours if not shown.intersection(each.samples)] == []


@needs_promtool
def test_every_chart_is_promql(tmp_path: Path) -> None:
    """As rules, which is how promtool reads expressions; Grafana's interval stands for a duration."""
    rules = [
        {"record": f"chart:{number}", "expr": expression.replace("$__rate_interval", "1m")}
        for number, expression in enumerate(charted())
    ]
    target = tmp_path / "charts.yml"
    target.write_text(json.dumps({"groups": [{"name": "charts", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", str(target))


@needs_promtool
def test_prometheus_takes_its_configuration() -> None:
    assert f"{len(ALERTS)} rules found" in promtool("check", "config", str(OBSERVE / "prometheus" / "prometheus.yml"))


@needs_promtool
def test_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", str(OBSERVE / "prometheus" / "alerts_test.yml"))


@needs_promtool
@pytest.mark.parametrize("role", ["worker", "poller", "watch", "api", "up"])
def test_names_and_help_are_as_prometheus_recommends(role: Role) -> None:
    promtool("check", "metrics", given=exposition(role).decode())


def test_each_alert_is_tested_to_fire_and_not_to_fire() -> None:
    fires: dict[str, set[bool]] = defaultdict(set)
    for test in yaml.safe_load((OBSERVE / "prometheus" / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]:
        ends = {case["alertname"]: bool(case["exp_alerts"]) for case in test["alert_rule_test"]}
        for alert, fired in ends.items():
            fires[alert].add(fired)
    assert fires == {alert: {True, False} for alert in ALERTS}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_it_means_and_where_its_remedy_is(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    titles = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert anchor in {title.lower().replace(" ", "-") for title in titles}
    assert anchor == name.lower()


def test_an_absent_worker_is_noticed_whatever_stage_it_ran() -> None:
    named = set(re.findall(r'stage="(\w+)"', ALERTS["NewsloomWorkerAbsent"]["expr"]))
    assert named == {stage.name for stage in TOPOLOGY}


def test_what_is_scraped_is_there_and_serves_metrics() -> None:
    workers, api, _ = CONFIG["scrape_configs"]
    (found,) = workers["dns_sd_configs"]
    for name in found["names"]:
        assert str(COMPOSE["services"][name]["environment"]["NEWSLOOM_METRICS_PORT"]) == str(found["port"])
    serving = {"worker", "poller", "watch"}
    there = {name for name, service in COMPOSE["services"].items() if serving & set(service.get("command", ())[:1])}
    assert set(found["names"]) == there
    assert [target for each in api["static_configs"] for target in each["targets"]] == ["api:8600"]
    assert COMPOSE["services"]["api"]["environment"]["NEWSLOOM_API_HOSTS"].startswith("api,")
