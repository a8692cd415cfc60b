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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of a run on a container what only embedded brokers can show; pytest says how many."""
    if config.getoption("--broker") != "testcontainers":
        return
    for item in items:
        own = "broker" not in getattr(item, "fixturenames", ())
        if item.get_closest_marker("embedded") or (own and item.get_closest_marker("kafka")):
            item.add_marker(pytest.mark.skip(reason="starts embedded brokers of its own, or looks into their process"))
