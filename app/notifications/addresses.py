"""Which addresses a webhook may have: those of the public internet, and no other.

Whoever sets a webhook chooses where this service connects to, and would like to reach what only it
can reach. So the form of the URL leaves one way to read it, the name is resolved once, every
address must be public, and the connection goes to the very address that was checked.
"""

from __future__ import annotations

import asyncio
import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

import httpcore

from app.notifications.events import DeliveryError, UndeliverableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable
    from ipaddress import IPv4Network, IPv6Network

    from httpcore import SOCKET_OPTION, AsyncNetworkStream

    # Gives every address of a name.
    Resolve = Callable[[str, int], Awaitable[Collection[str]]]
    Network = IPv4Network | IPv6Network

PORTS = (80, 443, 8080, 8443)
LONGEST_URL = 2000
# A name of lower-case labels whose last one begins with a letter: no number in any base and no
# address has this form, and neither has anything with a user, a fragment or a trailing dot.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])"
# Printable ASCII of a path and a query, without quotes, backslash and hash.
_REST = r"(?:/[A-Za-z0-9._~!$&()*+,;=:@%/?-]*)?"
_FORM = re.compile(rf"(https?)://({_NAME})(?::([1-9][0-9]{{0,4}}))?{_REST}")
# The same for the OpenAPI document.
URL_PATTERN = rf"^https?://{_NAME}(?::(?:{'|'.join(map(str, PORTS))}))?{_REST}$"

# Public by the registries, and yet no place for a webhook.
_REFUSED = tuple(
    ip_network(network)
    for network in (
        "192.88.99.0/24",  # relays of 6to4
        "168.63.129.16/32",  # Azure's own services, seen from its machines
        "192.0.0.0/24",  # special purposes
        "2001::/23",  # special purposes, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries an IPv4 address
        "3fff::/20",  # documentation
    )
)
# All that is handed out; what maps or translates IPv4 addresses lies outside.
_GLOBAL_UNICAST = ip_network("2000::/3")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is an ordinary one of the public internet."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if any(address.version == n.version and address in n for n in _REFUSED):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system for every address of a name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class AddressPolicy:
    """Says which URLs and addresses are good; only a program, no setting, can widen it."""

    def __init__(
        self,
        *,
        https_only: bool,
        resolver: Resolve = resolve,
        ports: Collection[int] = PORTS,
        also: Network | None = None,
    ) -> None:
        """Take the source of addresses, and a network that is good besides the public ones."""
        self._https_only = https_only
        self._resolve = resolver
        self._ports = ports
        self._also = also

    def check_url(self, url: str) -> None:
        """Raise UndeliverableError, with a sentence for its owner, when it is no webhook's."""
        found = _FORM.fullmatch(url) if len(url) <= LONGEST_URL else None
        if found is None:
            raise UndeliverableError(
                "it must be http:// or https:// with the name of a public server in lower case"
            )
        scheme, _, port = found.groups()
        if self._https_only and scheme != "https":
            raise UndeliverableError("it must be https://")
        if port is not None and int(port) not in self._ports:
            raise UndeliverableError(f"its port must be one of {', '.join(map(str, self._ports))}")

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve a name once; raises UndeliverableError when any of its addresses is no good."""
        try:
            found = [ip_address(given) for given in await self._resolve(host, port)]
        except (OSError, ValueError):
            raise DeliveryError("its name cannot be resolved") from None
        if not found:
            raise DeliveryError("its name has no address")
        if not all(self._good(address) for address in found):
            raise UndeliverableError("its name leads to an address that is not public")
        return [str(address) for address in found]

    def _good(self, address: IPv4Address | IPv6Address) -> bool:
        if self._also is not None and address in self._also:
            return True
        return is_public(address)


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to an address that the policy has just checked, whatever the name leads to next."""

    def __init__(self, policy: AddressPolicy) -> None:
        """Take the policy."""
        self._policy = policy
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Resolve, check, connect to the first address that answers."""
        for address in await self._policy.addresses(host, port):
            try:
                return await self._sockets.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise DeliveryError("it does not answer")
