"""deploy/ and docker-compose.yml keep their promises; whether they run is tests/docker's business."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.app import STAGES
from streams.topics import DAY_MS
from streams.topology import topics

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PIN = re.compile(r"^([\w.-]+)==([^ ;\\]+)", flags=re.MULTILINE)


@pytest.mark.parametrize("name", list(SERVICES))
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["user"].split(":")[0] != "0"
    assert service["read_only"] or service["image"].startswith("apache/kafka:")


@pytest.mark.parametrize("name", list(SERVICES))
def test_ports_are_published_on_the_loopback_interface_only(name: str) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


@pytest.mark.parametrize("name", list(SERVICES))
def test_images_have_an_exact_tag(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"[\w./-]+:(v?\d+\.\d+\.\d+|\$\{NEWSLOOM_VERSION:-local\})", image), image


def test_stand_ins_have_the_tags_that_compose_names() -> None:
    script = (ROOT / "deploy" / "images.sh").read_text(encoding="utf-8")
    named = {str(service["image"]) for service in SERVICES.values()} - {SERVICES["api"]["image"]}
    without = {image for image in named if image not in script}
    assert {image.partition(":")[0] for image in without} <= {"grafana/grafana"}  # Debian has no Grafana


def test_every_stage_has_a_worker() -> None:
    commands = [service.get("command", []) for name, service in SERVICES.items() if name.startswith("worker")]
    run = [stage for command in commands for flag, stage in pairwise(command) if flag == "--stage"]
    assert sorted(run) == sorted(STAGES)


def test_the_file_has_nothing_that_compose_1_29_refuses() -> None:
    assert "version" not in COMPOSE
    assert "name" not in COMPOSE


def test_the_image_installs_what_is_tested() -> None:
    tested = dict(PIN.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    shipped = dict(PIN.findall((ROOT / "deploy" / "requirements.lock").read_text(encoding="utf-8")))
    assert shipped
    assert shipped.items() <= tested.items()


def test_every_block_of_the_runbook_is_run_or_says_what_it_needs() -> None:
    """`<!-- run -->` has tests/integration/test_runbook.py run it."""
    runbook = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8").partition("\n# Runbook\n")[2]
    blocks = re.findall(r"(<!-- (?:run|needs a secured cluster) -->\n)?```console\n(.*?)```", runbook, flags=re.DOTALL)
    assert blocks
    assert [block for run, block in blocks if not run and not re.search(r"\b(docker|kubectl)\b", block)] == []


def test_the_runbook_tells_how_long_topics_are_kept() -> None:
    runbook = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (`news\..+) \| (.+) \|$", runbook, flags=re.MULTILINE))
    told = {name: kept for names, kept in rows.items() for name in re.findall(r"`(news\.[\w.]+)`", names)}
    for topic in topics():
        days = f"{topic.retention_ms // DAY_MS} days"
        assert told[topic.name] == (days if topic.cleanup == "delete" else "the last record of each key, for good")


@pytest.mark.parametrize("script", ["deploy/images.sh", "deploy/standins/kafka-run"])
def test_scripts_stop_at_the_first_error(script: str) -> None:
    text = (ROOT / script).read_text(encoding="utf-8")
    assert text.startswith("#!")
    assert "set -euo pipefail" in text
    assert (ROOT / script).stat().st_mode & 0o111
