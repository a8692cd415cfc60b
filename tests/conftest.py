"""What all tests share: property tests do not fail because the machine is busy; which broker the others get."""

import signal

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("newsloom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("newsloom")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's job in the background: commands under test inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=("embedded", "testcontainers"),
        default="embedded",
        help="the Kafka that tests share: a child process, or a container",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the long files; leave out of a run on a container what only embedded brokers can show, and say so."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)  # begun last, they would end long after all others
    if config.getoption("--broker") != "testcontainers":
        return
    for item in items:
        own = "broker" not in getattr(item, "fixturenames", ())
        if item.get_closest_marker("embedded") or (own and item.get_closest_marker("kafka")):
            item.add_marker(pytest.mark.skip(reason="starts embedded brokers of its own, or looks into their process"))
