"""Which addresses may be fetched from: public ones on ports 80 and 443, and what the operator allows.

Addresses that carry another one (IPv4-mapped, NAT64, 6to4, Teredo) count as the one they carry. The rule for the
rest is a list of what is public, from the IANA registries, and not `ipaddress.is_global`, which changes between
releases of Python and calls NAT64 and 6to4 addresses of private hosts global.
"""

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from streams.errors import UsageError

__all__ = ["PORTS", "Allowance", "allowance"]

_MAX_PORT = 65535

PORTS = frozenset({80, 443})
"""Ports that need no allowance."""

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_PRIVATE_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_PUBLIC_V6 = IPv6Network("2000::/3")
_PRIVATE_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20", "2620:4f:8000::/48")))
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class _Rule:
    """One part of NEWSLOOM_FETCH_ALLOW: a network or a host name, on one port or on the usual two."""

    network: _Network | None
    name: str | None
    port: int | None

    def covers(self, address: _Address, port: int, name: str | None) -> bool:
        if port != self.port if self.port is not None else port not in PORTS:
            return False
        if self.network is None:
            return name == self.name
        return address.version == self.network.version and address in self.network


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be connected to."""

    rules: tuple[_Rule, ...] = ()

    def refusal(self, address: str, port: int, *, name: str | None = None) -> str | None:
        """Why a connection to `address` is refused, None when it may be made.

        `name` is the host name that resolved to it: an operator may trust a name.
        """
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return f"{address} is no address"
        carried = _carried(found)
        host = name.rstrip(".").lower() if name else None
        if any(rule.covers(each, port, host) for rule in self.rules for each in (found, *carried[:1])):
            return None
        if port not in PORTS:
            return f"port {port} is not allowed"
        return None if all(map(_public, carried)) else f"{address} is not a public address"


def allowance(text: str) -> Allowance:
    """Read NEWSLOOM_FETCH_ALLOW: a comma list of NETWORK, NETWORK:PORT, HOST or HOST:PORT; UsageError when it is none.

    An IPv6 network with a port stands in brackets: `[fd00::/8]:8080`. Without a port, 80 and 443 are meant.
    """
    return Allowance(tuple(_rule(part.strip()) for part in text.split(",") if part.strip()))


def _rule(part: str) -> _Rule:
    host, port = part, None
    if part.startswith("["):
        host, _, rest = part[1:].partition("]")
        port = _port(part, rest.removeprefix(":")) if rest else None
    elif part.count(":") == 1:
        host, _, number = part.partition(":")
        port = _port(part, number)
    try:
        return _Rule(ipaddress.ip_network(host, strict=False), None, port)
    except ValueError:
        name = host.rstrip(".").lower()
    if not name or not name.replace("-", "a").replace(".", "a").replace("_", "a").isalnum():
        raise UsageError(f"fetch_allow: {part!r} is no network and no host name")
    return _Rule(None, name, port)


def _port(part: str, number: str) -> int:
    if not number.isdecimal() or not 0 < int(number) <= _MAX_PORT:
        raise UsageError(f"fetch_allow: {part!r} has no port number after its colon")
    return int(number)


def _carried(address: _Address) -> tuple[_Address, ...]:
    """The addresses that a packet to `address` ends at: itself, or the IPv4 ones inside it."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        server, client = address.teredo
        return (client, server)
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    return (address,)


def _public(address: _Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _PRIVATE_V4)
    return address in _PUBLIC_V6 and not any(address in network for network in _PRIVATE_V6)
