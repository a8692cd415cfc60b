"""The image of this checkout, or the reason why there is none."""

import subprocess

import pytest

from tests.docker.compose import IMAGE_TAG, ROOT, compose_command
from tests.integration.containers import refusal


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "image" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def image() -> str:
    """The image of this checkout, built; skips where no engine answers, or it has no base image."""
    if (reason := refusal()) is not None:
        pytest.skip(reason)
    if compose_command() is None:
        pytest.skip("there is no Docker Compose")
    tag = f"newsloom:{IMAGE_TAG}"
    call = ["docker", "build", "--network", "host", "--tag", tag, "--file", "deploy/Dockerfile", "."]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-2000:]} {done.stderr[-2000:]}"
    return tag
