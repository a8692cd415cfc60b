"""Settings come from `NEWSLOOM_*`, reach child processes whole, and cannot be changed."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from streams.settings import Settings

CHANGED: dict[str, Any] = {
    "broker": "kafka.example:9092",
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "PLAIN",
    "sasl_username": "newsloom-normalize",
    "sasl_password": SecretStr("a password of some length"),
    "sasl_password_file": Path("/run/secrets/password"),
    "ssl_ca_file": Path("/etc/newsloom/ca.pem"),
    "ssl_certificate_file": Path("/etc/newsloom/client.pem"),
    "ssl_key_file": Path("/etc/newsloom/client.key"),
    "lane": "trial-1",
    "state_dir": Path("/var/lib/news loom"),
    "cache_dir": Path("cache"),
    "maven_repository": "https://mirror.example/maven2",
    "java": Path("/opt/java/bin/java"),
    "java_home": Path("/opt/java"),
    "partitions": 9,
    "replication": 3,
    "max_document_bytes": 4096,
    "workers": 2,
    "processes": 5,
    "batch_records": 11,
    "batch_wait_s": 0.125,
    "document_deadline_s": 1.5,
    "document_memory_mb": 512,
    "dead_ratio": 0.25,
    "dead_window": 50,
    "session_timeout_s": 12.0,
    "stall_timeout_s": 60.0,
    "shutdown_s": 3.0,
    "fetch_contact": "news@desk.example",
    "fetch_allow": "10.0.0.0/8, feeds.local:8080",
    "fetch_spacing_s": 1.5,
    "api_host": "::1",
    "api_port": 9000,
    "api_hosts": "news.example",
    "api_token": SecretStr("a token of some length"),
    "api_token_file": Path("/run/secrets/token"),
    "api_open_reads": True,
    "api_rate": 7.0,
    "api_streams": 3,
    "api_body_bytes": 4096,
    "read_model_records": 5000,
    "feed_floor_s": 60.0,
    "feed_cap_s": 7200.0,
    "feed_polls": 4,
    "metrics_port": 9464,
    "metrics_host": "::1",
    "log_format": "json",
    "trace_ratio": 0.5,
    "otlp_endpoint": "http://collector.example:4318/v1/traces",
    "failpoint": "dedupe:table:1",
}
SECRETS = {"api_token", "sasl_password"}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*(f"NEWSLOOM_{field.upper()}" for field in Settings.model_fields), "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_the_list_above_has_every_setting_and_no_default() -> None:
    assert CHANGED.keys() == Settings.model_fields.keys()
    default = Settings()
    assert all(getattr(default, name) != value for name, value in CHANGED.items())


@pytest.mark.parametrize("name", CHANGED)
def test_each_setting_is_read_from_its_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = CHANGED[name]
    monkeypatch.setenv(f"NEWSLOOM_{name.upper()}", value.get_secret_value() if name in SECRETS else str(value))
    assert getattr(Settings(), name) == CHANGED[name]


def test_a_variable_that_is_empty_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLOOM_API_TOKEN", "")
    monkeypatch.setenv("NEWSLOOM_PARTITIONS", "")
    assert Settings() == Settings(api_token=None, partitions=4)


def test_a_child_process_has_the_same_settings_and_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(**CHANGED)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_a_child_process_may_differ_in_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in Settings(**CHANGED).environment(broker="127.0.0.1:1", processes=1).items():
        monkeypatch.setenv(name, value)
    assert Settings() == Settings(**CHANGED | {"broker": "127.0.0.1:1", "processes": 1})


def test_java_home_is_heard_but_ours_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", "/usr/lib/jvm/any")
    assert Settings().java_home == Path("/usr/lib/jvm/any")
    monkeypatch.setenv("NEWSLOOM_JAVA_HOME", "/opt/java")
    assert Settings().java_home == Path("/opt/java")


def test_folders_follow_xdg_and_fall_back_to_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/srv/state")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", "/nowhere/ada")
    settings = Settings()
    assert settings.state_dir == Path("/srv/state/newsloom")
    assert settings.cache_dir == Path("/nowhere/ada/.cache/newsloom")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().partitions = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("partitions", "0"),
        ("partitions", "many"),
        ("lane", "Upper"),
        ("lane", "a.b"),
        ("lane", "x" * 41),
        ("batch_wait_s", "0"),
        ("max_document_bytes", str(64 * 1024 * 1024)),
    ],
)
def test_nonsense_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"NEWSLOOM_{name.upper()}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_a_lane_prefixes_topics_and_groups_and_the_live_one_has_none() -> None:
    assert Settings().topic("news.x.v1") == "news.x.v1"
    assert Settings().group("dedupe") == "newsloom.dedupe"
    assert Settings(lane="b").topic("news.x.v1") == "b.news.x.v1"
    assert Settings(lane="b").group("dedupe") == "b.newsloom.dedupe"


def test_each_setting_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
