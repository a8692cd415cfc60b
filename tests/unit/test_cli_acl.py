"""`newsloom acl`: what is said and asked, for people and for programs, with no broker."""

import io
import json
from collections.abc import Iterable

import pytest

from streams.cli import main
from streams.endpoint import Endpoint
from streams.security.acl import PRINCIPAL_PREFIX, Acl, acls
from streams.security.apply import Difference
from streams.settings import Settings

STALE = Acl("newsloom-enrich", "TOPIC", "news.", "PREFIXED", "ALL", "10.0.0.7")
MISSING = Acl("newsloom-enrich", "GROUP", "newsloom.enrich", "LITERAL", "READ")
FOREIGN = Acl("auditors", "TRANSACTIONAL_ID", "newsloom-x", "LITERAL", "WRITE", permission="DENY")


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


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[Acl]:
    """What is removed from a cluster that differs in a permission of each kind."""
    gone: list[Acl] = []

    async def connected(_: Settings) -> Endpoint:
        return Endpoint("kafka.example:9093")

    async def found(_: Endpoint, __: Settings, *, prefix: str) -> Difference:
        assert prefix == PRINCIPAL_PREFIX
        return Difference((MISSING,), (STALE,), (FOREIGN,))

    async def remove(_: Endpoint, several: Iterable[Acl]) -> None:
        gone.extend(several)

    monkeypatch.setattr("streams.app.connected", connected)
    for name, replacement in (("difference", found), ("add_missing", found), ("remove", remove)):
        monkeypatch.setattr(f"streams.security.apply.{name}", replacement)
    return gone


def test_a_difference_is_shown_and_nothing_is_changed(removed: list[Acl], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acl", "diff"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "missing newsloom-enrich: read group newsloom.enrich",
        "too much newsloom-enrich: all topic news.* from 10.0.0.7",
        "other auditors: not write transactional id newsloom-x",
    ]
    assert main(["acl", "diff", "--json"]) == 1
    _, excess, other = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert excess["too_much"]["host"] == STALE.host
    assert other["other"]["permission"] == "DENY"
    assert removed == []


def test_nothing_is_removed_without_being_asked_for(removed: list[Acl], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acl", "apply"]) == 0
    said = capsys.readouterr()
    assert said.out == "created newsloom-enrich: read group newsloom.enrich\n"
    assert "1 permission that nothing needs any more; --prune removes what is gone" in said.err
    assert removed == []


@pytest.mark.parametrize(("answer", "code", "gone"), [("n\n", 130, []), ("", 130, []), ("y\n", 0, [STALE])])
def test_what_is_to_be_removed_is_shown_and_goes_when_agreed_to(
    removed: list[Acl],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    code: int,
    gone: list[Acl],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert main(["acl", "apply", "--prune"]) == code
    said = capsys.readouterr()
    line = "newsloom-enrich: all topic news.* from 10.0.0.7\n"
    assert f"too much {line}" in said.err
    assert (f"removed {line}" in said.out) is bool(gone)
    assert removed == gone


def test_a_script_agrees_beforehand(removed: list[Acl], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acl", "apply", "--prune", "--yes", "--json"]) == 0
    created, gone = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (created["created"]["name"], gone["removed"]["name"]) == (MISSING.name, STALE.name)
    assert removed == [STALE]
