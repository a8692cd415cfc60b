"""An authority of our own, and certificates by it: for as long as the tests run."""

import os
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from streams import clock

__all__ = ["Authority", "rewritten", "written"]

_LIFE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates; who trusts it has `pem`."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, name: str) -> "Authority":
        """An authority of this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        draft = _draft(subject, subject, key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        return cls(key, draft.sign(key, SHA256()))

    @property
    def pem(self) -> bytes:
        """Its own certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, name: str, *, at: str = "127.0.0.1", life: timedelta = _LIFE) -> tuple[bytes, bytes]:
        """Key and certificate, both PEM, of a server at this address or a client that is called `name`.

        A negative `life` is over.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(at))])
        draft = _draft(_name(name), self.certificate.subject, key, life).add_extension(names, critical=False)
        certificate = draft.sign(self.key, SHA256()).public_bytes(Encoding.PEM)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), certificate


def written(path: Path, content: bytes | str) -> Path:
    """`path`, with this content, for its owner alone to read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def rewritten(path: Path, content: bytes | str) -> Path:
    """The same, whether or not there is something at `path`; whoever reads it meanwhile has all of either."""
    return written(path.with_suffix(".partial"), content).replace(path)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta = _LIFE
) -> x509.CertificateBuilder:
    end = clock.now() + life
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - 2 * _LIFE)
        .not_valid_after(end)
    )
