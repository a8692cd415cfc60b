"""The image of this checkout and what runs of it, or the reason why nothing can; figures, printed at the end."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.docker.compose import IMAGE_TAG, Compose, called, compose_command, composed, docker
from tests.docker.waiting import wait
from tests.integration.containers import refusal

_FIGURES = pytest.StashKey[list[str]]()
_CORE = ("worker-text", "worker-state", "api")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "image" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.docker)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(_FIGURES, ()):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keeps a line for the end of the run."""
    return request.config.stash.setdefault(_FIGURES, []).append


@pytest.fixture(scope="session")
def image(figure: Callable[[str], None]) -> str:
    """The image of this checkout, built; skips where no engine answers, or it has no base image."""
    if (reason := refusal()) is not None:
        pytest.skip(reason)
    if (compose := compose_command()) is None:
        pytest.skip("there is no Docker Compose")
    tag = f"newsloom:{IMAGE_TAG}"
    docker("build", "--network", "host", "--tag", tag, "--file", "deploy/Dockerfile", ".")
    versions = (called([*compose, "version", "--short"]), docker("version", "--format", "{{.Server.Version}}"))
    figure("compose {}, engine {}".format(*map(str.strip, versions)))
    return tag


@pytest.fixture(scope="session")
def core(image: str, figure: Callable[[str], None]) -> Iterator[Compose]:  # noqa: ARG001 - the image must be there
    """The profiles core and feeds up and healthy; tests may kill what they start again."""
    begun = time.monotonic()
    with composed(profiles="core,feeds", brokers=1, NEWSLOOM_FETCH_ALLOW="127.0.0.1:8970") as project:
        wait(lambda: all(project.states(name) == ["healthy"] for name in _CORE), "a healthy core", within_s=180)
        figure(f"core and feeds up and healthy in {time.monotonic() - begun:.0f} s")
        yield project
