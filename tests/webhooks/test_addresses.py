"""Webhooks reach partners and nothing inside."""

import asyncio
from collections.abc import Sequence

import pytest

from kontor.webhooks.addresses import AddressRefused, Destination, Endpoint, NameNotResolved, read_url, resolve


def go(url: str, *found: str, allow_private: bool = False) -> Destination:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return found

    return asyncio.run(resolve(url, resolver=resolver, allow_private=allow_private))


def test_public_name_is_pinned_to_the_address_found() -> None:
    destination = go("https://hooks.example.com:8443/orders?shop=1", "93.184.216.34", "2606:2800:220:1::1")

    assert destination.endpoint == Endpoint("https", "hooks.example.com", 8443, "/orders?shop=1")
    assert destination.url == "https://93.184.216.34:8443/orders?shop=1"
    assert destination.host_header == "hooks.example.com:8443"


def test_ipv6_address_is_bracketed() -> None:
    destination = go("http://hooks.example.com", "2606:2800:220:1::1")

    assert destination.url == "http://[2606:2800:220:1::1]:80/"
    assert destination.host_header == "hooks.example.com"


def test_literal_address_is_not_looked_up() -> None:
    assert go("https://[2606:2800:220:1::1]/a").host_header == "[2606:2800:220:1::1]"
    assert go("https://93.184.216.34/a").address == "93.184.216.34"


INWARD = [
    "127.0.0.1",
    "127.8.9.10",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.0.1",
    "100.64.0.1",
    "198.18.0.1",
    "203.0.113.5",
    "240.0.0.1",
    "::1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:53aa:64c::1",
]
NEVER = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "0.0.0.0",
    "::",
    "::ffff:0.0.0.0",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
]


@pytest.mark.parametrize("address", [*INWARD, *NEVER])
def test_inward_address_is_refused_by_name_and_by_number(address: str) -> None:
    literal = f"[{address}]" if ":" in address else address

    with pytest.raises(AddressRefused) as by_name:
        go("https://hooks.example.com/", address)
    with pytest.raises(AddressRefused):
        go(f"https://{literal}/")

    assert by_name.value.code == "WEBHOOK_ADDRESS_REFUSED"
    assert by_name.value.path == ("url",)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.0.1", "::1", "fd12:3456::1"])
def test_private_address_is_allowed_when_configured(address: str) -> None:
    assert go("http://erp.internal/hook", address, allow_private=True).address == address


@pytest.mark.parametrize("address", NEVER)
def test_machine_credentials_stay_closed_whatever_is_configured(address: str) -> None:
    with pytest.raises(AddressRefused):
        go("http://erp.internal/hook", address, allow_private=True)


def test_one_inward_address_refuses_the_whole_name() -> None:
    with pytest.raises(AddressRefused):
        go("https://hooks.example.com/", "93.184.216.34", "10.0.0.1")


@pytest.mark.parametrize("number", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_other_spellings_of_loopback_are_refused_after_look_up(number: str) -> None:
    with pytest.raises(AddressRefused):
        asyncio.run(resolve(f"http://{number}/"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://user@hooks.example.com/",
        "https://user:password@hooks.example.com/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:port/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://hooks example.com/",
        "https://hooks.example.com/\nHost: inner",
        "https://hööks.example.com/",
    ],
)
def test_anything_but_a_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        read_url(url)

    assert refused.value.path == ("url",)


def test_final_dot_of_a_name_does_not_hide_it() -> None:
    with pytest.raises(AddressRefused):
        go("http://127.0.0.1./")


def test_name_without_address_may_be_tried_later() -> None:
    with pytest.raises(NameNotResolved) as refused:
        go("https://hooks.example.com/")

    assert refused.value.params == {"host": "hooks.example.com"}
