"""From a connection to what it comes from."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.types import Scope

from resolvers.context import Client

# One household has at least a whole /64 of addresses.
_IPV6_PREFIX: Final = 64
# What is longer is no address, whatever a proxy says.
_LONGEST: Final = 45
_MOST: Final = 4_096


def of(scope: Scope, agent: str | None) -> Client:
    """The client; its address is that of the last proxy unless uvicorn trusts the proxy."""
    host = scope["client"][0] if scope.get("client") else ""
    address = _remembered(host) if len(host) <= _LONGEST else _shortened(host)
    return Client(address, agent or "")


def _shortened(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    kept = int(address) >> _IPV6_PREFIX << _IPV6_PREFIX
    return f"{IPv6Address(kept)}/{_IPV6_PREFIX}"


_remembered = lru_cache(_MOST)(_shortened)
