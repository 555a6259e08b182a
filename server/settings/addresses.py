"""Addresses as settings hold them."""

from urllib.parse import SplitResult, urlsplit


def web(value: str) -> str:
    """The address without a slash at its end. Raises ValueError unless it is http or https."""
    address = parts(value)
    if value and (address.scheme not in {"http", "https"} or not address.hostname):
        raise ValueError("must be an address like https://host:port")
    return value.rstrip("/")


def parts(address: str) -> SplitResult:
    """The parts of an address. Raises ValueError that quotes nothing.

    What urllib says quotes what it takes for a host or a port: perhaps a piece of a password.
    """
    try:
        found = urlsplit(address)
    except ValueError:
        raise ValueError("only an IPv6 address may stand in brackets") from None
    try:
        # A wrong port is noticed when it is asked for.
        _ = found.port
    except ValueError:
        raise ValueError("Port out of range 0-65535") from None
    return found
