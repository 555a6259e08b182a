"""What the verbs that talk to a server say on the terminal."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from server.client.api import TIMEOUT, Api, Refused
from server.client.retries import Transient
from server.client.waiting import Stalled

FAILED = 1
INTERRUPTED = 130


class Failed(Exception):
    """What was asked for could not be done; the text says why, in one line."""


def run(work: Callable[[], Awaitable[None]], interrupted: str) -> None:
    """Do *work*; what can be foreseen to go wrong is one line on stderr and an exit code."""
    try:
        asyncio.run(_all_of(work))
    except KeyboardInterrupt:
        typer.echo(interrupted, err=True)
        raise typer.Exit(INTERRUPTED) from None
    except (Failed, Refused, Transient, Stalled) as error:
        typer.echo(f"picshare: {error}", err=True)
        raise typer.Exit(FAILED) from None


async def _all_of(work: Callable[[], Awaitable[None]]) -> None:
    """The first thing that went wrong, of several that were under way, stands for all."""
    try:
        await work()
    except BaseExceptionGroup as group:
        first: BaseException = group
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from group


def endpoint(url: str) -> str:
    """The address of the API, for an address as people write it."""
    address = url.rstrip("/")
    return address if address.endswith("/graphql") else f"{address}/graphql"


async def reached(http: httpx.AsyncClient, url: str) -> Api:
    """The API at *url*. Raises Failed when nothing answers there, without trying for long."""
    if not url.startswith(("http://", "https://")):
        raise Failed(f"{url} is no address; it should begin with http:// or https://")
    api = Api(http, endpoint(url))
    try:
        await api.ask_once("{ __typename }")
    except (Transient, httpx.InvalidURL) as error:
        raise Failed(f"{error}; start a server with `picshare dev`, or set --url") from error
    return api


def client() -> httpx.AsyncClient:
    """HTTP for the API and the store."""
    return httpx.AsyncClient(timeout=TIMEOUT)


def bars() -> Progress:
    """Bars on stderr, so that what is printed can be piped."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


class Bar:
    """One line of *bars*: how many of *total*, in whatever *shown* makes of a number."""

    def __init__(
        self, bars: Progress, name: str, total: int, shown: Callable[[int], str] = str
    ) -> None:
        self._bars = bars
        self._shown = shown
        self._total = total
        self._done = 0
        self._task = bars.add_task(name, total=total, amount=self._amount())

    def advance(self, by: int = 1) -> None:
        """Go on, or back for a negative number."""
        self._done += by
        self._bars.update(self._task, completed=self._done, amount=self._amount())

    def _amount(self) -> str:
        return f"{self._shown(self._done)} of {self._shown(self._total)}"
