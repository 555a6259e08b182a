"""What passes by itself is tried again, later each time and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from random import SystemRandom
from typing import TypeVar

import httpx

Answer = TypeVar("Answer")

LONGEST_ASKED_S = 60.0
PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class Transient(Exception):
    """A fault that may be gone the next time; the server may have said how long to wait."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to try, and how long to wait in between."""

    attempts: int = 10
    first_delay_s: float = 0.25
    longest_delay_s: float = 10.0
    random: Callable[[], float] = SystemRandom().random

    async def insist(self, once: Callable[[], Awaitable[Answer]]) -> Answer:
        """What *once* answers, called again after Transient; the last call may raise that too."""
        for attempt in range(1, self.attempts):
            try:
                return await once()
            except Transient as fault:
                await asyncio.sleep(self.delay_s(attempt, fault.retry_after_s))
        return await once()

    def delay_s(self, attempt: int, retry_after_s: float) -> float:
        """Doubled with each attempt, half of it by chance, and never less than was asked for."""
        longest = min(self.first_delay_s * 2.0 ** (attempt - 1), self.longest_delay_s)
        return retry_after_s + longest * (1 + self.random()) / 2


async def sent(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The response to *request*. Raises Transient for what may pass: no answer, or not now."""
    try:
        response = await http.send(request)
    except httpx.TransportError as error:
        place = f"{request.url.scheme}://{request.url.netloc.decode()}"
        reason = str(error) or type(error).__name__
        raise Transient(f"{place} cannot be reached: {reason}") from error
    if response.status_code in PASSING:
        fault = f"{request.url.host} answered {response.status_code}"
        raise Transient(fault, _retry_after_s(response))
    return response


def _retry_after_s(response: httpx.Response) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_ASKED_S) if asked.isdecimal() else 0.0
