"""Sends one message to one address, and trusts nothing on the way.

The name is resolved for the connection itself, and what it resolves to is judged and then
connected to by its number: no second answer of a name server can lead elsewhere. There are no
redirects, no proxies, no cookies and no connections that are kept.
"""

import asyncio
import functools
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import httpcore

from server.webhooks.targets import HTTPS_PORT, Target, is_loopback, is_public

LONGEST_S: Final = 15.0
MOST_BYTES: Final = 64 * 1024
_RETRY_AFTER: Final = re.compile(rb"[0-9]{1,6}", re.ASCII)

_BROKEN: Final = (
    OSError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)

Resolve = Callable[[str, int], Awaitable[list[str]]]


class NotSent(Exception):
    """There is no whole answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered: at most so many bytes that they can be held."""

    status: int
    body: bytes
    retry_after_s: int | None


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, as this machine resolves it."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class Client:
    """Posts messages; *authority* is for certificates that nobody else knows."""

    allow_loopback: bool = False
    resolve: Resolve = resolved
    authority: ssl.SSLContext | None = None
    longest_s: float = LONGEST_S
    ports: frozenset[int] = field(default=frozenset({HTTPS_PORT}))

    async def post(self, target: Target, headers: dict[str, str], body: bytes) -> Reply:
        """The answer, whatever its status is. Raises NotSent."""
        try:
            async with asyncio.timeout(self.longest_s):
                return await self._posted(target, headers, body)
        except TimeoutError:
            raise NotSent(f"no whole answer within {self.longest_s:g} s") from None
        except _BROKEN as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error
        except httpcore.TimeoutException as error:
            raise NotSent(type(error).__name__) from error

    async def _posted(self, target: Target, headers: dict[str, str], body: bytes) -> Reply:
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self.authority or _authorities(),
            max_keepalive_connections=0,
            network_backend=_Guarded(self),
        )
        length = {"Content-Length": str(len(body)), "Connection": "close"}
        async with (
            pool,
            pool.stream(
                "POST", target.url, headers=list((headers | length).items()), content=body
            ) as response,
        ):
            parts = [part async for part in response.aiter_stream()]
            return Reply(response.status, b"".join(parts), _retry_after_s(response.headers))


@functools.cache
def _authorities() -> ssl.SSLContext:
    # Reading all certificates of the machine takes a tenth of a second.
    return ssl.create_default_context()


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to addresses that may be connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - The name is httpcore's.
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        del local_address
        address = await self._address(host, port)
        stream = await self._backend.connect_tcp(
            address, port, timeout=timeout, socket_options=socket_options
        )
        return _Bounded(stream, [MOST_BYTES])

    async def _address(self, host: str, port: int) -> str:
        try:
            found = await self._client.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NotSent("the name cannot be resolved") from error
        if self._client.allow_loopback and found and all(map(is_loopback, found)):
            return found[0]
        # One address inside among others outside is no accident.
        if not found or not all(map(is_public, found)):
            raise NotSent("the name does not lead to the public internet")
        if port not in self._client.ports:
            raise NotSent(f"port {port} is none that webhooks are sent to")
        return found[0]


class _Bounded(httpcore.AsyncNetworkStream):
    """A stream that gives up on whoever sends more than an answer can have."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, left: list[int]) -> None:
        self._stream = stream
        self._left = left

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        data = await self._stream.read(max_bytes, timeout)
        self._left[0] -= len(data)
        if self._left[0] < 0:
            raise NotSent(f"the answer has more than {MOST_BYTES:,} bytes")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            inner = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            # httpcore closes it after an error, but not when its time is over.
            await self._stream.aclose()
            raise
        return _Bounded(inner, self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _retry_after_s(headers: list[tuple[bytes, bytes]]) -> int | None:
    """The seconds of Retry-After; a date, which few send, is not read."""
    for name, value in headers:
        if name.lower() == b"retry-after" and _RETRY_AFTER.fullmatch(value.strip()):
            return int(value)
    return None
