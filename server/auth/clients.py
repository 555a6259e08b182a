"""From a connection to what it comes from."""

from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.requests import HTTPConnection

from resolvers.context import Client

# One household has at least a whole /64 of addresses.
_IPV6_PREFIX: Final = 64


def of(connection: HTTPConnection) -> Client:
    """The client; its address is that of the last proxy unless uvicorn trusts the proxy."""
    host = connection.client.host if connection.client else ""
    return Client(_shortened(host), connection.headers.get("user-agent", ""))


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
