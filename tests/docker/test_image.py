"""The image holds newsloom and what it needs, and nothing of the machine it was built on."""

import json
import re
from collections.abc import Callable

import pytest

from tests.docker.compose import docker

pytestmark = pytest.mark.timeout(600)

MIB = 1024 * 1024
SECRET = re.compile(r"token|password|secret|credential|authorization", re.IGNORECASE)
FOREIGN = "find / -xdev ( -name .git -o -name .env -o -name .netrc -o -name .cache -o -path /build )"


def test_it_runs_without_rights(image: str) -> None:
    (known,) = json.loads(docker("image", "inspect", image))
    assert known["Config"]["User"] == "10001:10001"
    assert known["Config"]["Entrypoint"] == ["newsloom"]
    assert list(known["Config"]["Volumes"]) == ["/var/lib/newsloom"]


def test_it_keeps_no_secret_and_no_file_of_the_checkout(image: str) -> None:
    (known,) = json.loads(docker("image", "inspect", image))
    history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    assert not SECRET.search(history + json.dumps(known["Config"]))
    call = ["run", "--rm", "--user", "0", "--entrypoint"]
    assert docker(*call, "find", image, *FOREIGN.split()[1:]) == ""


def test_it_stays_small(image: str, figure: Callable[[str], None]) -> None:
    (known,) = json.loads(docker("image", "inspect", image))
    (base,) = json.loads(docker("image", "inspect", "python:3.11-slim"))
    own = (known["Size"] - base["Size"]) / MIB
    figure(f"image {known['Size'] / MIB:.0f} MiB, {own:.0f} without its base")
    assert own < 320


@pytest.mark.parametrize("role", ["topics create", "worker", "poller", "watch", "serve", "health"])
def test_it_has_every_role(image: str, role: str) -> None:
    assert role in docker("run", "--rm", "--network", "none", image, *role.split(), "--help")
