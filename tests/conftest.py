"""What all tests share: property tests do not fail because the machine is busy; which broker the others get."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("newsloom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("newsloom")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=("embedded", "testcontainers"),
        default="embedded",
        help="the Kafka that tests share: a child process, or a container",
    )
