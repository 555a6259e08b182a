"""Where webhooks may go: to the public internet, over TLS, and nowhere inside.

The rules follow OWASP's Server-Side Request Forgery Prevention Cheat Sheet,
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html:
an address is judged as it is written, and once more when it is connected to.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

HTTPS_PORT: Final = 443
# Names of this machine and of networks inside, RFC 6761, RFC 6762, RFC 8375, and ICANN's .internal.
INSIDE: Final = ("localhost", "local", "internal", "home.arpa", "test", "invalid", "onion")
# All addresses of IPv6 that anybody routes, RFC 4291.
UNICAST: Final = ipaddress.IPv6Network("2000::/3")
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_HOST: Final = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.ASCII | re.IGNORECASE,
)
_PATH: Final = re.compile(r"[!-~]*", re.ASCII)


class BadTarget(ValueError):
    """Nothing may be sent there; the text says why, without quoting the address."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook is sent."""

    url: str
    is_tls: bool
    host: str
    port: int


def target(url: str, *, allow_loopback: bool = False) -> Target:
    """The target that *url* names. Raises BadTarget.

    *allow_loopback*: addresses of this machine are good, too, on any port and without TLS.
    """
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        raise BadTarget("is no address") from None
    if not _PATH.fullmatch(url) or "\\" in url:
        raise BadTarget("must hold visible ASCII alone (a name of other letters as xn--)")
    if split.username is not None or split.password is not None or "@" in split.netloc:
        raise BadTarget("must hold no user and no password")
    if split.fragment or split.scheme not in {"https", "http"} or not split.hostname:
        raise BadTarget("must be an address like https://host/path")
    is_tls, host = split.scheme == "https", split.hostname
    found = Target(url, is_tls, host, port or (HTTPS_PORT if is_tls else 80))
    if allow_loopback and _is_loopback(host):
        return found
    _require_public_host(host)
    if not is_tls or found.port != HTTPS_PORT:
        raise BadTarget(f"must begin with https:// and use port {HTTPS_PORT}")
    return found


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, and hides none that is not."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return _is_global(parsed)
    if parsed in NAT64:
        return _is_global(ipaddress.IPv4Address(parsed.packed[12:]))
    # Tunnels (6to4, Teredo) and IPv4 in IPv6 lead to other addresses than they show.
    if parsed.ipv4_mapped or parsed.sixtofour or parsed.teredo or "%" in address:
        return False
    return parsed in UNICAST and _is_global(parsed)


def is_loopback(address: str) -> bool:
    """Whether an IP address is one of this machine's own."""
    return address == "::1" or (address.startswith("127.") and not is_public(address))


def _is_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host in {"127.0.0.1", "::1"}


def _require_public_host(host: str) -> None:
    if ":" in host or re.fullmatch(r"[0-9.]+", host, re.ASCII):
        if not is_public(host):
            raise BadTarget("must lead to the public internet")
        return
    name = host.lower().removesuffix(".")
    # A last label of digits, or 0x and digits, is an IPv4 address in one of its old notations.
    if not _HOST.fullmatch(name):
        raise BadTarget("must name a host of the public internet")
    if any(name == inside or name.endswith(f".{inside}") for inside in INSIDE):
        raise BadTarget("must name a host of the public internet")
