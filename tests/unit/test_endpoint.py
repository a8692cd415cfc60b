"""How the cluster is reached: from settings to what a client is given, and what is refused on the way."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import TopicAuthorizationFailedError
from pydantic import SecretStr

from streams.edge.hardened import new_app
from streams.endpoint import Endpoint, endpoint_at
from streams.errors import UsageError
from streams.local.broker import find_broker
from streams.sdk.connection import endpoint_of
from streams.settings import Settings

AT = "kafka.example:9093"
LOGIN: dict[str, Any] = {
    "security_protocol": "SASL_SSL",
    "sasl_username": "ada",
    "sasl_password": SecretStr("correct horse"),
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"NEWSLOOM_{field.upper()}", raising=False)


def test_without_settings_it_is_plaintext_and_nothing_but_the_addresses() -> None:
    assert endpoint_at(AT, Settings()).client() == {"bootstrap_servers": AT}


def test_a_login_goes_over_tls_that_checks_who_answers() -> None:
    options = endpoint_at(AT, Settings(**LOGIN)).client()
    context = options.pop("ssl_context")
    assert options == {
        "bootstrap_servers": AT,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "ada",
        "sasl_plain_password": "correct horse",
    }
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_tls_alone_has_no_login() -> None:
    options = endpoint_at(AT, Settings(security_protocol="SSL")).client()
    assert options.keys() == {"bootstrap_servers", "security_protocol", "ssl_context"}
    assert options["security_protocol"] == "SSL"


def test_faust_logs_in_as_we_do(tmp_path: Path) -> None:
    def credentials(**fields: Any) -> Any:
        settings = Settings(**fields)
        app = new_app("enrich", endpoint=endpoint_at(AT, settings), settings=settings, datadir=str(tmp_path))
        return app.conf.broker_credentials

    login = credentials(**LOGIN)
    assert (login.protocol.value, login.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (login.username, login.password) == ("ada", "correct horse")
    assert login.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert credentials(security_protocol="SSL").protocol.value == "SSL"
    assert credentials() is None


def test_the_password_comes_from_its_file_where_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n")
    endpoint = endpoint_at(AT, Settings(**LOGIN, sasl_password_file=file))
    assert endpoint.client()["sasl_plain_password"] == file.read_text().strip()


def test_no_text_of_it_shows_the_password() -> None:
    settings = Settings(**LOGIN)
    endpoint = endpoint_at(AT, settings)
    assert str(endpoint) == AT
    for shown in (repr(endpoint), f"{endpoint}", repr(settings), str(settings), settings.model_dump_json()):
        assert "horse" not in shown


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"security_protocol": "SASL_SSL"}, "needs NEWSLOOM_SASL_USERNAME"),
        (LOGIN | {"sasl_username": ""}, "needs NEWSLOOM_SASL_USERNAME"),
        (LOGIN | {"sasl_password": None}, "needs NEWSLOOM_SASL_PASSWORD or NEWSLOOM_SASL_PASSWORD_FILE"),
        (LOGIN | {"sasl_password": SecretStr("")}, "needs NEWSLOOM_SASL_PASSWORD or NEWSLOOM_SASL_PASSWORD_FILE"),
        (LOGIN | {"sasl_password_file": Path("/nowhere/pw")}, "NEWSLOOM_SASL_PASSWORD_FILE: /nowhere/pw: No such file"),
        (LOGIN | {"security_protocol": "PLAINTEXT"}, "NEWSLOOM_SASL_USERNAME is set, but NEWSLOOM_SECURITY_PROTOCOL"),
        (LOGIN | {"security_protocol": "SSL"}, "NEWSLOOM_SASL_USERNAME is set, but NEWSLOOM_SECURITY_PROTOCOL is SSL"),
        ({"ssl_ca_file": Path("ca.pem")}, "NEWSLOOM_SSL_CA_FILE is set, but NEWSLOOM_SECURITY_PROTOCOL is PLAINTEXT"),
        (LOGIN | {"ssl_key_file": Path("k")}, "both NEWSLOOM_SSL_CERTIFICATE_FILE and NEWSLOOM_SSL_KEY_FILE"),
        (LOGIN | {"ssl_certificate_file": Path("c")}, "both NEWSLOOM_SSL_CERTIFICATE_FILE and NEWSLOOM_SSL_KEY_FILE"),
    ],
)
def test_security_set_by_halves_is_refused_and_what_is_missing_named(fields: dict[str, Any], names: str) -> None:
    with pytest.raises(UsageError, match=names) as caught:
        endpoint_at(AT, Settings(**fields))
    assert "horse" not in str(caught.value)


def test_a_file_that_will_not_do_is_named(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")
    for file in (rubbish, tmp_path / "absent.pem"):
        with pytest.raises(UsageError, match=f"NEWSLOOM_SSL_CA_FILE: {file}: "):
            endpoint_at(AT, Settings(**LOGIN, ssl_ca_file=file)).client()
        with pytest.raises(UsageError, match=f"NEWSLOOM_SSL_CERTIFICATE_FILE: {file}, {file}: "):
            endpoint_at(AT, Settings(**LOGIN, ssl_certificate_file=file, ssl_key_file=file)).client()


@pytest.mark.parametrize("broker", ["auto", "embedded"])
async def test_security_is_not_dropped_where_the_broker_would_be_our_own(broker: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="NEWSLOOM_SECURITY_PROTOCOL is set, but the embedded broker has none"):
        await find_broker(Settings(**LOGIN, broker=broker, state_dir=tmp_path))


async def test_a_program_names_an_address_and_the_settings_the_security() -> None:
    assert await endpoint_of(Settings(), "localhost:9092") == Endpoint("localhost:9092")
    endpoint = await endpoint_of(Settings(**LOGIN), AT)
    assert endpoint == endpoint_at(AT, Settings(**LOGIN))
    assert await endpoint_of(Settings(), endpoint) is endpoint


def test_a_refusal_says_who_was_refused_and_other_errors_what_they_say() -> None:
    endpoint = endpoint_at(AT, Settings(**LOGIN))
    refused = str(endpoint.failure(TopicAuthorizationFailedError("news.raw.v1")))
    assert refused.startswith(f"broker {AT}: ada may not do this ([Error 29] TopicAuthorizationFailedError: news.raw")
    assert str(endpoint.failure(TimeoutError())) == f"broker {AT}: TimeoutError"
    assert "may not" not in str(Endpoint(AT).failure(TopicAuthorizationFailedError("news.raw.v1")))


@pytest.mark.parametrize(
    ("bootstrap", "exposed"),
    [
        ("127.0.0.1:9092", False),
        ("localhost:9092,[::1]:9092", False),
        ("kafka:9092", True),
        ("localhost:9092,10.0.0.7:9092", True),
        ("localhost.example:9092", True),
    ],
)
def test_plaintext_beyond_the_loopback_interface_is_told_of(bootstrap: str, exposed: bool) -> None:  # noqa: FBT001
    assert endpoint_at(bootstrap, Settings()).exposed is exposed
    assert not endpoint_at(bootstrap, Settings(security_protocol="SSL")).exposed
