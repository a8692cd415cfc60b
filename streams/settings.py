"""Settings, read once from `NEWSLOOM_*` and the command line, and passed down; nothing else reads the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from streams.errors import UsageError

__all__ = ["Settings"]

_TOKEN_LENGTH = 16
_SECRETS = {"api_token", "sasl_password"}
"""What a dump would show as stars; a child has them by its environment, which only its own user can read."""


def _xdg(variable: str, fallback: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / fallback) / "newsloom"  # noqa: TID251 - the one place


class Settings(BaseSettings):
    """Everything that can be set; README.md has the table, and a test keeps it complete."""

    model_config = SettingsConfigDict(env_prefix="NEWSLOOM_", env_ignore_empty=True, frozen=True, extra="ignore")

    broker: str = Field(default="auto", description="`auto`, `embedded` or HOST:PORT of a Kafka broker.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="How a given broker is reached: PLAINTEXT, SSL, or SASL_SSL with a login."
    )
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        default="SCRAM-SHA-512", description="How the login is made: SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN."
    )
    sasl_username: str = Field(default="", max_length=200, description="Whose login it is.")
    sasl_password: SecretStr | None = Field(default=None, description="Its password.")
    sasl_password_file: Path | None = Field(default=None, description="File that holds the password.")
    ssl_ca_file: Path | None = Field(
        default=None, description="Authorities to trust, PEM; the system's when it is not set."
    )
    ssl_certificate_file: Path | None = Field(default=None, description="Certificate of the client, PEM.")
    ssl_key_file: Path | None = Field(default=None, description="Key of that certificate, PEM, not encrypted.")
    lane: Annotated[str, Field(pattern=r"^([a-z0-9-]{1,40})?$")] = Field(
        default="", description="Prefix of topics, groups and state of a parallel run; empty for the live one."
    )
    state_dir: Path = Field(
        default_factory=lambda: _xdg("XDG_STATE_HOME", ".local/state"),
        description="Broker data and the workers' local stores.",
    )
    cache_dir: Path = Field(default_factory=lambda: _xdg("XDG_CACHE_HOME", ".cache"), description="Kafka's jars.")
    maven_repository: str = Field(
        default="https://repo1.maven.org/maven2", description="Where Kafka's jars come from; a mirror's address."
    )
    java: Path | None = Field(default=None, description="The `java` to run the embedded broker with.")
    java_home: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("newsloom_java_home", "java_home", "JAVA_HOME"),
        description="JAVA_HOME, as everywhere: a Java to try before the one on PATH.",
    )
    partitions: int = Field(default=4, ge=1, le=1000, description="Partitions of every topic when it is created.")
    replication: int = Field(default=1, ge=1, le=10, description="Replicas of every topic when it is created.")
    max_document_bytes: int = Field(
        default=5 * 1024 * 1024, ge=1024, le=6 * 1024 * 1024, description="Largest article file a producer takes."
    )
    workers: int = Field(default=1, ge=1, le=256, description="Worker processes that `up` supervises.")
    processes: int = Field(default=0, ge=0, le=256, description="CPU processes of a worker; 0 for one a core.")
    batch_records: int = Field(default=200, ge=1, le=5000, description="Most records a stage takes at a time.")
    batch_wait_s: float = Field(default=0.02, gt=0, le=10, description="Longest wait for a batch to fill, seconds.")
    document_deadline_s: float = Field(
        default=20, gt=0, le=600, description="Seconds a document may take in one stage before it is killed."
    )
    document_memory_mb: int = Field(
        default=2048, ge=256, description="Address space of a CPU process, MiB; a document that needs more is parked."
    )
    dead_ratio: float = Field(
        default=0.5, gt=0, le=1, description="A stage that parks more than this share stops with an alarm; 1 for never."
    )
    dead_window: int = Field(
        default=1000, ge=10, description="Records over which it is taken; a tenth of them must be dead at least."
    )
    session_timeout_s: float = Field(default=6, ge=2, le=300, description="A worker unheard of for so long is dead.")
    stall_timeout_s: float = Field(
        default=30, ge=2, le=3600, description="A worker with lag and no progress for so long exits."
    )
    shutdown_s: float = Field(default=8, ge=1, le=300, description="Longest orderly stop of a worker.")
    fetch_contact: str = Field(
        default="", max_length=200, description="Address where who runs this can be reached; part of the User-Agent."
    )
    fetch_allow: str = Field(
        default="",
        description="What may be fetched from beside the public web: NETWORK, NETWORK:PORT or HOST:PORT, by commas.",
    )
    fetch_spacing_s: float = Field(
        default=5, ge=0, le=3600, description="Seconds between the starts of two requests to one host."
    )
    api_host: str = Field(default="127.0.0.1", min_length=1, description="Where `serve` listens.")
    api_port: int = Field(default=8600, ge=0, le=65535, description="Port of `serve`; 0 for any that is free.")
    api_hosts: str = Field(default="", description="More names that the API answers to, by commas.")
    api_token: SecretStr | None = Field(
        default=None, description="Token for writes, and for everything on an address that others reach."
    )
    api_token_file: Path | None = Field(default=None, description="File that holds the token.")
    api_open_reads: bool = Field(
        default=False,
        description="Reads need no token on any address: for a container whose port is published on loopback only.",
    )
    api_rate: float = Field(
        default=100, ge=0, description="Requests a second of one client, four times as many at once; 0 sets no bounds."
    )
    api_streams: int = Field(default=100, ge=0, le=10_000, description="Most `/v1/stream` connections at a time.")
    api_body_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, description="Largest body of a request to the API.")
    read_model_records: int = Field(
        default=1_000_000,
        ge=1000,
        description="Offsets of a partition that the read model keeps, the last ones; of stories it keeps all.",
    )
    feed_floor_s: float = Field(
        default=3600, ge=1, le=2_592_000, description="Shortest interval between two polls of a feed, seconds."
    )
    feed_cap_s: float = Field(
        default=86_400,
        ge=1,
        le=2_592_000,
        description="Longest interval between two polls of a feed that works, seconds.",
    )
    feed_polls: int = Field(default=32, ge=1, le=1000, description="Feeds that a poller polls at a time.")
    metrics_port: int | None = Field(
        default=None, ge=0, le=65535, description="Port of /metrics of a worker, poller, watcher and `up`; 0 for any."
    )
    metrics_host: str = Field(default="127.0.0.1", min_length=1, description="The address for that.")
    log_format: Literal["text", "json"] = Field(
        default="text", description="Logs of workers, pollers, watchers and servers: lines for people, or JSON objects."
    )
    trace_ratio: float = Field(
        default=0, ge=0, le=1, description="Share of the documents pushed that begin a trace; a caller's is carried on."
    )
    otlp_endpoint: str = Field(
        default="", description="Where spans go, by OTLP over HTTP: http://HOST:4318/v1/traces; needs the extra `otel`."
    )
    failpoint: str = Field(default="", description="For tests: `STAGE:POINT:N[:SIGNAL]`, a fault for a worker.")

    def environment(self, **changes: object) -> dict[str, str]:
        """The environment of a child process that shall have these settings, with `changes`."""
        secrets = {name: secret.get_secret_value() for name in _SECRETS if (secret := getattr(self, name)) is not None}
        values = self.model_dump(mode="json", exclude_none=True, exclude=_SECRETS) | secrets | changes
        ours = {f"NEWSLOOM_{name.upper()}": str(value) for name, value in values.items()}
        return dict(os.environ) | ours  # noqa: TID251 - the one place

    def token(self) -> SecretStr | None:
        """The API's token, from the setting or its file; None when there is none. UsageError for an unfit one."""
        found = self._secret("api_token")
        if found is not None and len(found.get_secret_value()) < _TOKEN_LENGTH:
            raise UsageError(f"the API's token must have {_TOKEN_LENGTH} characters or more")
        return found

    def password(self) -> SecretStr | None:
        """The login's password, from the setting or its file; None when there is none. UsageError for no such file."""
        return self._secret("sasl_password")

    def _secret(self, name: str) -> SecretStr | None:
        """A secret, of its file where that is set."""
        path: Path | None = getattr(self, f"{name}_file")
        if path is None:
            found: SecretStr | None = getattr(self, name)
            return found
        try:
            return SecretStr(path.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"  # a decoder's error shows bytes
            raise UsageError(f"NEWSLOOM_{name.upper()}_FILE: {path}: {reason}") from error

    def topic(self, name: str) -> str:
        """`name` in this lane."""
        return f"{self.lane}.{name}" if self.lane else name

    def group(self, stage: str) -> str:
        """Consumer group of `stage` in this lane."""
        return self.topic(f"newsloom.{stage}")
