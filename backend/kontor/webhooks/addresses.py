"""Where webhooks may go: public addresses only, checked after name resolution, so that nobody points us inward."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from kontor.core.errors import InvalidInput, Unavailable

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# Answer with credentials of the machine; some lie in public or private ranges, and none is ever a partner's endpoint.
_METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)


class AddressRefused(InvalidInput):
    """Webhooks do not go there."""

    default_code = "WEBHOOK_ADDRESS_REFUSED"


class NameNotResolved(Unavailable):
    """The name has no address at the moment; a later attempt may succeed."""

    default_code = "WEBHOOK_NAME_NOT_RESOLVED"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL taken apart: `host` without brackets, for the Host header and the certificate; `target` path and query."""

    scheme: str
    host: str
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked endpoint and the address to connect to. A second look-up could give another address: use this one."""

    endpoint: Endpoint
    address: str

    @property
    def url(self) -> str:
        """The URL with the address in place of the name."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.endpoint.scheme}://{host}:{self.endpoint.port}{self.endpoint.target}"

    @property
    def host_header(self) -> str:
        """What the endpoint is called, for the Host header."""
        host = f"[{self.endpoint.host}]" if ":" in self.endpoint.host else self.endpoint.host
        default = self.endpoint.port == _DEFAULT_PORTS[self.endpoint.scheme]
        return host if default else f"{host}:{self.endpoint.port}"


def read_url(url: str) -> Endpoint:
    """Take an endpoint's URL apart; raises `AddressRefused` for anything but plain http and https."""
    if not url.isascii() or any(character.isspace() or not character.isprintable() for character in url):
        raise AddressRefused("The URL has characters that do not belong there.", path=("url",))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exception:
        raise AddressRefused("This is not a URL.", path=("url",)) from exception
    if parts.scheme not in _DEFAULT_PORTS:
        raise AddressRefused("Webhooks go to http or https only.", path=("url",))
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise AddressRefused("A webhook URL holds no user, password or backslash.", path=("url",))
    host = (parts.hostname or "").rstrip(".")
    if not host or "%" in host or port == 0:
        raise AddressRefused("The URL names no host.", path=("url",))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], target)


async def resolve(url: str, *, resolver: Resolver | None = None, allow_private: bool = False) -> Destination:
    """Look the name up once and return where to connect to.

    One inward address among several refuses the whole name: which one is used must not be left to chance. With
    `allow_private` private, loopback and link-local networks are allowed; addresses that hand out the credentials
    of the machine stay closed. Raises `AddressRefused`, or `NameNotResolved` when trying later may help.
    """
    endpoint = read_url(url)
    literal = _literal(endpoint.host)
    found = [str(literal)] if literal else await (resolver or look_up)(endpoint.host, endpoint.port)
    if not found:
        raise NameNotResolved("The name of the endpoint has no address.", host=endpoint.host)
    for text in found:
        refuse_inward(text, allow_private=allow_private)
    return Destination(endpoint, found[0])


def refuse_inward(text: str, *, allow_private: bool = False) -> None:
    """Raise `AddressRefused` for an address that does not lie in the public network."""
    address = _reached(ip_address(text))
    never = address in _METADATA or address.is_multicast or address.is_unspecified or text == "255.255.255.255"
    if never or not (allow_private or _is_public(address)):
        raise AddressRefused("Webhooks do not go to private or internal addresses.", path=("url",), address=text)


async def look_up(host: str, port: int) -> list[str]:
    """The system's resolver, off the event loop; IPv4 and IPv6, as it orders them."""
    try:
        rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exception:
        raise NameNotResolved("The name of the endpoint cannot be resolved.", host=host) from exception
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def is_literal(host: str) -> bool:
    """Whether the host is an address and no name."""
    return _literal(host) is not None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _reached(address: Address) -> Address:
    """The IPv4 address that a wrapped one ends up at: mapped, NAT64 and 6to4 are other spellings of it."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        return address in _GLOBAL_UNICAST and address.is_global and address.teredo is None
    return address.is_global and not address.is_reserved
