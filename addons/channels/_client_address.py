"""Whose request it is: the address that sent it, seen through the proxies that the operator trusts."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from sanic.request import Request

__all__ = ["ClientAddress", "Network", "parse_trusted_proxies"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# A household or a phone has a whole /64 of IPv6 addresses.
_IPV6_PREFIX = 64


def parse_trusted_proxies(value: object) -> int | tuple[Network, ...]:
    """Return the setting `trusted_proxies`: a number of proxies, or a list of their addresses and networks.

    :raises ValueError: for anything else.
    """
    if isinstance(value, bool):
        raise ValueError("not a number and not a list")
    if value is None or isinstance(value, int):
        if (value or 0) < 0:
            raise ValueError("a negative number")
        return value or 0
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ValueError("not a number and not a list")
    return tuple(ip_network(str(item), strict=False) for item in items)


@dataclass(frozen=True)
class ClientAddress:
    """Reads `X-Forwarded-For` as far as it can be believed, from its end: what stands before may be made up.

    :param trusted: number of proxies in front of the server, or their networks.
    """

    trusted: int | tuple[Network, ...] = 0

    def of(self, request: Request) -> str:
        """Return what stands for the sender: an IPv4 address, or the /64 network of an IPv6 address."""
        peer = _address(request.ip)
        named = [_address(part) for value in request.headers.getall("x-forwarded-for", []) for part in value.split(",")]
        if isinstance(self.trusted, int):
            address = named[-self.trusted] if 0 < self.trusted <= len(named) else peer
        else:
            address = self._first_stranger([*named, peer])
        return _group(address or peer)

    def _first_stranger(self, chain: list[Address | None]) -> Address | None:
        """Return the last address of the chain that is no trusted proxy."""
        known: Address | None = None
        for address in reversed(chain):
            if address is None:
                break
            known = address
            if not self._is_trusted(address):
                break
        return known

    def _is_trusted(self, address: Address) -> bool:
        return isinstance(self.trusted, tuple) and any(address in network for network in self.trusted)


def _address(text: str) -> Address | None:
    """Return an address as proxies write it, with or without a port; `None` for anything else."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _group(address: Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address or "unknown")
