"""Whether a broker is to be trusted, told in one line: TLS servers with all kinds of certificates, and no Kafka."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.app import connected
from streams.errors import BrokerError, RefusedError
from streams.settings import Settings
from tests.integration.certificates import Authority, rewritten, written

PASSWORD = "correct horse"  # noqa: S105 - nobody's
LIMIT_S = 10
PATIENCE_S = 60
UNTRUSTED = "its certificate is not trusted"


@asynccontextmanager
async def server(folder: Path, identity: tuple[bytes, bytes]) -> AsyncIterator[str]:
    """Where something answers that has this key and certificate, and hangs up on whoever trusts it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(rewritten(folder / "server.pem", b"".join(identity)))
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with listening:
        host, port = listening.sockets[0].getsockname()
        yield f"{host}:{port}"


def settings(at: str, ca_file: Path | None, **changes: Any) -> Settings:
    secured: dict[str, Any] = {
        "security_protocol": "SASL_SSL",
        "sasl_username": "ada",
        "sasl_password": SecretStr(PASSWORD),
        "ssl_ca_file": ca_file,
    }
    return Settings(broker=at, lane="", **secured | changes)


@pytest.fixture
def authority() -> Authority:
    return Authority.new("ours")


@pytest.fixture
def ca_file(authority: Authority, tmp_path: Path) -> Path:
    return written(tmp_path / "ca.pem", authority.pem)


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        ({"at": "127.0.0.2"}, "IP address mismatch, certificate is not valid for '127.0.0.1'."),
        ({"life": timedelta(minutes=-1)}, "certificate has expired"),
    ],
)
async def test_a_certificate_for_another_host_and_one_that_is_over_are_refused_at_once(
    authority: Authority, ca_file: Path, tmp_path: Path, identity: dict[str, Any], why: str
) -> None:
    async with server(tmp_path, authority.issue("broker", **identity)) as at, asyncio.timeout(LIMIT_S):
        with pytest.raises(RefusedError) as caught:
            await connected(settings(at, ca_file), wait_s=PATIENCE_S)
    assert str(caught.value) == f"no broker at {at}: {UNTRUSTED}, {why}"


async def test_a_bundle_trusts_brokers_of_the_old_and_of_the_new_authority(
    authority: Authority, ca_file: Path, tmp_path: Path
) -> None:
    successor = Authority.new("its successor")
    new, both = written(tmp_path / "new.pem", successor.pem), tmp_path / "both.pem"
    written(both, authority.pem + successor.pem)
    for issuer, trusted, other in ((authority, ca_file, new), (successor, new, ca_file)):
        async with server(tmp_path, issuer.issue("broker")) as at, asyncio.timeout(LIMIT_S):
            for file in (trusted, both):
                with pytest.raises(BrokerError) as caught:  # it hangs up, but not for its certificate
                    await connected(settings(at, file))
                assert UNTRUSTED not in str(caught.value)
            with pytest.raises(RefusedError, match=f"{UNTRUSTED}, .*; NEWSLOOM_SSL_CA_FILE names authorities"):
                await connected(settings(at, other), wait_s=PATIENCE_S)


async def test_a_worker_that_is_refused_ends_with_one_line_and_without_the_password(
    ca_file: Path, tmp_path: Path
) -> None:
    async with server(tmp_path, Authority.new("another").issue("broker")) as at:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "streams", "worker", "--stage", "dedupe"),
            env=settings(at, ca_file, state_dir=tmp_path).environment(),
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
    words = said.decode()
    assert (process.returncode, words.count("\n"), PASSWORD in words) == (3, 1, False), words
    assert words.startswith(f"newsloom: no broker at {at}: {UNTRUSTED}, "), words
