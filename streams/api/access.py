"""Who may do what: hosts that a request may name, and tokens. Pure: the guard asks, these decide."""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from streams.endpoint import is_loopback

__all__ = ["Access", "host_of"]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN = frozenset({"/healthz", "/readyz"})
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")

Verdict = Literal["ok", "no_token", "token"]
"""Go on; no token is set, so this is off; the token is missing or wrong."""


def host_of(header: str) -> str:
    """The host that a Host header names, without its port, lower case."""
    text = header.strip().lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0].rstrip(".")


@dataclass(frozen=True, slots=True)
class Access:
    """Rules of one server: the `hosts` it goes by, its `token` if it has one, and whether reads need it, too."""

    hosts: frozenset[str]
    token: str | None
    reads_need_token: bool

    @classmethod
    def of(cls, bound: str, more_hosts: Iterable[str], token: str | None, *, open_reads: bool = False) -> "Access":
        """The rules of a server bound to the host `bound`; with `open_reads` reads never need a token.

        Only names it is known by are answered to: a page elsewhere whose name was pointed at
        this address (DNS rebinding) still says its own name.
        """
        names = {*_LOCAL_NAMES, *(host_of(name) for name in more_hosts)}
        if bound not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
            names.add(f"[{bound}]" if ":" in bound else bound.lower())
        return cls(frozenset(names), token, not (open_reads or is_loopback(bound)))

    def knows(self, header: str | None) -> bool:
        """Whether a request with this Host header is meant for us."""
        return header is not None and host_of(header) in self.hosts

    def verdict(self, method: str, path: str, authorization: str | None) -> Verdict:
        """Whether a request may go on.

        Writes need the token; on an address that others reach, so does everything but the health
        checks. A browser may give it as a password (HTTP Basic, any name), for reads only:
        browsers send that along with requests that other sites make.
        """
        reads = method in _READS
        if reads and (not self.reads_need_token or path in _OPEN):
            return "ok"
        if self.token is None:
            return "no_token"
        given = _given(authorization or "", basic=reads)
        return "ok" if given is not None and hmac.compare_digest(given, self.token.encode()) else "token"


def _given(authorization: str, *, basic: bool) -> bytes | None:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode()
    if basic and scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
        except (ValueError, binascii.Error):
            return None
    return None
