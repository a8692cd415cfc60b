"""`newsloom acl print`: what each role may, for people and for programs, with no broker."""

import json

import pytest

from streams.cli import main
from streams.security.acl import PRINCIPAL_PREFIX, acls
from streams.settings import Settings


@pytest.fixture(autouse=True)
def _live_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEWSLOOM_BROKER", "NEWSLOOM_LANE"):
        monkeypatch.delenv(name, raising=False)


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["acl", "print", *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_people_see_a_line_for_each_topic_or_group_of_a_role(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in printed(capsys)]
    assert lines[0] == "principal may on"
    assert f"{PRINCIPAL_PREFIX}normalize read topic news.raw.v1" in lines
    assert f"{PRINCIPAL_PREFIX}dedupe read write topic news.dedupe.changelog.v1" in lines
    assert f"{PRINCIPAL_PREFIX}reader read group reader.*" in lines


def test_programs_get_a_line_for_each_permission_as_kafka_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    found = [json.loads(line) for line in printed(capsys, "--json", "--lane", "v2", "--principal-prefix", "news-")]
    wanted = acls(Settings(lane="v2"), prefix="news-")
    assert [tuple(each.values()) for each in found] == [
        (f"User:{acl.principal}", acl.resource, acl.name, acl.pattern, acl.operation) for acl in wanted
    ]
    assert list(found[0]) == ["principal", "resource", "name", "pattern", "operation"]


def test_permissions_are_not_asked_of_a_broker_that_keeps_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEWSLOOM_SECURITY_PROTOCOL", "SASL_SSL")
    for command in (["acl", "apply"], ["chaos"]):
        assert main(command) == 2
        assert "NEWSLOOM_SECURITY_PROTOCOL is set, but the embedded broker" in capsys.readouterr().err
