"""What the head of a request must say, so that nobody on the way understands it otherwise.

Source: RFC 9112, 3.2 and 6.1, https://www.rfc-editor.org/rfc/rfc9112.
"""

from collections.abc import Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]


def require_host(headers: Headers, url: bytes, version: str) -> None:
    """Raises ValueError when for whom the request is is not said, or in doubt."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (not hosts and version != "1.0"):
        raise ValueError("a request has one Host")
    if url.startswith((b"/", b"*")):
        return
    # A target that is a whole address names the host a second time.
    named = urlsplit(url).netloc.lower()
    if not hosts or named != hosts[0].strip().lower():
        raise ValueError("the target and Host name different hosts")


def require_chunked(headers: Headers, version: str) -> None:
    """Raises ValueError when it is in doubt where a body ends that is sent in pieces."""
    given = [value for name, value in headers if name == b"transfer-encoding"]
    is_chunked = len(given) == 1 and given[0].strip().lower() == b"chunked"
    if not is_chunked or version == "1.0":
        raise ValueError("the one transfer coding is chunked, of HTTP/1.1")
