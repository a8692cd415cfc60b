"""How to reach the Kafka cluster: its addresses and, on a secured one, how to trust it and as whom to log in."""

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from streams.errors import BrokerError, UsageError
from streams.settings import Settings

__all__ = ["Endpoint", "Login", "Security", "endpoint_at", "is_loopback", "without_security"]

_LOGIN = ("sasl_username", "sasl_password", "sasl_password_file")
_FILES = ("ssl_ca_file", "ssl_certificate_file", "ssl_key_file")


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are to the cluster; its text shows no password."""

    username: str
    password: SecretStr
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class Security:
    """TLS, and a login over it where the cluster wants one.

    Without `ca_file` the system's authorities are trusted. `certificate` and `key` are PEM files of ours, the
    key not encrypted, for a cluster that knows its clients by certificate.
    """

    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    login: Login | None = None

    def context(self) -> ssl.SSLContext:
        """The TLS side of it, host names checked; UsageError when one of the files will not do."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:  # an ssl.SSLError is one
            raise UsageError(f"NEWSLOOM_SSL_CA_FILE: {self.ca_file}: {error.strerror or error}") from error
        if self.certificate is not None:
            try:
                # An empty password: OpenSSL would ask the terminal for that of an encrypted key.
                context.load_cert_chain(self.certificate, self.key, password="")
            except OSError as error:
                files = f"{self.certificate}, {self.key}"
                raise UsageError(f"NEWSLOOM_SSL_CERTIFICATE_FILE: {files}: {error.strerror or error}") from error
        return context

    def client(self) -> dict[str, Any]:
        """Keyword arguments of any aiokafka client."""
        if self.login is None:
            return {"security_protocol": "SSL", "ssl_context": self.context()}
        return {
            "security_protocol": "SASL_SSL",
            "ssl_context": self.context(),
            "sasl_mechanism": self.login.mechanism,
            "sasl_plain_username": self.login.username,
            "sasl_plain_password": self.login.password.get_secret_value(),
        }


@dataclass(frozen=True, slots=True)
class Endpoint:
    """HOST:PORT[,HOST:PORT...] of some brokers of the cluster, and its security; plaintext without any.

    It reads as its addresses, so that messages can name it.
    """

    bootstrap: str
    security: Security | None = None

    def __str__(self) -> str:
        return self.bootstrap

    @property
    def exposed(self) -> bool:
        """Whether all goes in the clear, over more than the loopback interface.

        That is said, not refused: a network of containers has names of its own, and nobody else in it.
        """
        hosts = (address.rpartition(":")[0] for address in self.bootstrap.split(","))
        return self.security is None and not all(map(is_loopback, hosts))

    def failure(self, error: BaseException) -> BrokerError:
        """The error of one of its clients as people are told of it; a refusal names who was refused."""
        said = str(error) or type(error).__name__
        if self.security and type(error).__name__.endswith("AuthorizationFailedError"):
            who = self.security.login.username if self.security.login else "this client"
            said = f"{who} may not do this ({said}); `newsloom acl print` shows what each role may"
        return BrokerError(f"broker {self}: {said}")

    def client(self) -> dict[str, Any]:
        """Keyword arguments of any aiokafka client; UsageError when a file of the security will not do."""
        return {"bootstrap_servers": self.bootstrap} | (self.security.client() if self.security else {})


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`, an address or `localhost`."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:  # a name
        return host == "localhost"


def endpoint_at(bootstrap: str, settings: Settings) -> Endpoint:
    """How to reach a cluster that is not ours, at `bootstrap`; UsageError when its security is set by halves."""
    if settings.security_protocol == "PLAINTEXT":
        without_security(settings, "NEWSLOOM_SECURITY_PROTOCOL is PLAINTEXT; set it to SASL_SSL or SSL")
        return Endpoint(bootstrap)
    if (settings.ssl_certificate_file is None) != (settings.ssl_key_file is None):
        raise UsageError("a client certificate takes both NEWSLOOM_SSL_CERTIFICATE_FILE and NEWSLOOM_SSL_KEY_FILE")
    login = None
    if settings.security_protocol == "SASL_SSL":
        login = _login(settings)
    elif name := _first_set(settings, _LOGIN):
        raise UsageError(
            f"{name} is set, but NEWSLOOM_SECURITY_PROTOCOL is SSL, which has no login; set it to SASL_SSL"
        )
    files = settings.ssl_ca_file, settings.ssl_certificate_file, settings.ssl_key_file
    return Endpoint(bootstrap, Security(*files, login))


def without_security(settings: Settings, but: str) -> None:
    """UsageError when security is set for a cluster that has none; `but` says why it has none, and what to do."""
    protocol = () if settings.security_protocol == "PLAINTEXT" else ("security_protocol",)
    if name := _first_set(settings, protocol + _LOGIN + _FILES):
        raise UsageError(f"{name} is set, but {but}")


def _login(settings: Settings) -> Login:
    password = settings.password()
    if not settings.sasl_username:
        raise UsageError("NEWSLOOM_SECURITY_PROTOCOL=SASL_SSL needs NEWSLOOM_SASL_USERNAME")
    if not password:
        raise UsageError(
            "NEWSLOOM_SECURITY_PROTOCOL=SASL_SSL needs NEWSLOOM_SASL_PASSWORD or NEWSLOOM_SASL_PASSWORD_FILE"
        )
    return Login(settings.sasl_username, password, settings.sasl_mechanism)


def _first_set(settings: Settings, names: tuple[str, ...]) -> str | None:
    """The first of these settings that has a value, as the environment calls it."""
    return next((f"NEWSLOOM_{name.upper()}" for name in names if getattr(settings, name)), None)
