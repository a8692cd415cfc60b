"""Which addresses may be fetched from."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import UsageError
from streams.feeds.addresses import Allowance, allowance

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "2a00:1450:4001::8"]
PRIVATE = [
    "0.0.0.1", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1",
    "3fff::1", "100::1", "2001:2::1",
]  # fmt: skip
CARRIED = [
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo, client 127.0.0.1
]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_web_is_open_on_its_two_ports(address: str) -> None:
    assert Allowance().refusal(address, 80) is None
    assert Allowance().refusal(address, 443) is None
    assert Allowance().refusal(address, 8080) == "port 8080 is not allowed"


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert Allowance().refusal(address, 80) is not None


@pytest.mark.parametrize("address", CARRIED)
def test_an_address_that_carries_a_private_one_is_refused(address: str) -> None:
    assert Allowance().refusal(address, 80) is not None


@pytest.mark.parametrize("address", ["::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"])
def test_an_address_that_carries_a_public_one_is_not(address: str) -> None:
    assert Allowance().refusal(address, 443) is None


def test_what_is_no_address_is_refused() -> None:
    assert Allowance().refusal("127.1", 80) == "127.1 is no address"


@pytest.mark.parametrize(
    ("text", "address", "port", "allowed"),
    [
        ("127.0.0.0/8", "127.0.0.9", 80, True),
        ("127.0.0.0/8", "127.0.0.9", 8080, False),
        ("127.0.0.0/8:8080", "127.0.0.9", 8080, True),
        ("127.0.0.0/8:8080", "127.0.0.9", 80, False),
        ("127.0.0.1:9", "127.0.0.1", 9, True),
        ("10.0.0.0/8, 127.0.0.1:9", "127.0.0.1", 9, True),
        ("127.0.0.1:9", "::ffff:127.0.0.1", 9, True),
        ("fd00::/8", "fd00::1", 443, True),
        ("[fd00::/8]:8080", "fd00::1", 8080, True),
        ("[fd00::/8]:8080", "fd00::1", 443, False),
        ("[::1]", "::1", 80, True),
        ("0.0.0.0/0", "::1", 80, False),
        ("93.184.216.0/24:8443", "93.184.216.34", 8443, True),
    ],
)
def test_an_operator_allows_networks_and_ports(text: str, address: str, port: int, allowed: bool) -> None:  # noqa: FBT001
    assert (allowance(text).refusal(address, port) is None) is allowed


def test_an_operator_may_trust_a_name() -> None:
    rules = allowance("News.internal:8080")
    assert rules.refusal("10.0.0.5", 8080, name="news.internal.") is None
    assert rules.refusal("10.0.0.5", 8080, name="other.internal") is not None
    assert rules.refusal("10.0.0.5", 80, name="news.internal") is not None
    assert rules.refusal("10.0.0.5", 8080) is not None


@pytest.mark.parametrize(
    "text", ["10.0.0.0/99", "a b", "host:port", "host:0", "host:65536", "[::1]:x", "http://x/", "*"]
)
def test_an_allowance_that_cannot_be_read_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="fetch_allow"):
        allowance(text)


@given(st.ip_addresses(v=4), st.integers(1, 0xFFFF))
def test_no_carrier_is_allowed_where_its_load_is_not(load: ipaddress.IPv4Address, port: int) -> None:
    plain = Allowance().refusal(str(load), port) is None
    for carrier in (0xFFFF << 32, 0x64FF9B << 96):
        assert (Allowance().refusal(str(ipaddress.IPv6Address(carrier | int(load))), port) is None) is plain
    sixtofour = ipaddress.IPv6Address(0x2002 << 112 | int(load) << 80)
    assert (Allowance().refusal(str(sixtofour), port) is None) is plain


@given(st.ip_addresses().map(str))
def test_nothing_is_allowed_that_python_knows_as_private(text: str) -> None:
    address = ipaddress.ip_address(text)
    if not address.is_global or address.is_multicast:
        assert Allowance().refusal(text, 80) is not None


@given(st.text(max_size=40))
def test_no_text_is_an_address_or_a_rule_by_accident(text: str) -> None:
    Allowance().refusal(text, 80)
    try:
        rules = allowance(text)
    except UsageError:
        return
    assert rules.refusal("127.0.0.1", 22, name="localhost") is not None or text.strip()
