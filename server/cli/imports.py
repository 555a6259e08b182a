"""`picshare import DIR`: a folder of pictures through the public API, each of them once."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import typer
from rich.filesize import decimal
from rich.progress import Progress

from server.cli import shown
from server.client.accounts import Account
from server.client.api import Api, Refused
from server.client.uploads import CONTENT_TYPES, Draft, announced, printable, share
from server.client.waiting import Settled, Waiting
from server.settings import Settings

MAX_TITLE: Final = 100
INTERRUPTED: Final = "Interrupted. Run the same command again: it goes on where this one stopped."


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line."""

    directory: Path
    url: str
    login: str
    password: str
    sign_up: str
    visibility: str
    jobs: int
    is_recursive: bool


@dataclass(slots=True)
class Outcome:
    """What became of every file."""

    ready: int = 0
    were_there: int = 0
    repeated: int = 0
    failures: list[tuple[Path, str, str]] = field(default_factory=list)
    """Each with its code and message."""


def run(
    settings: Settings,
    *,
    directory: Path,
    url: str,
    login: str,
    password: str,
    sign_up: str,
    visibility: str,
    jobs: int,
    recursive: bool,
) -> None:
    """Return when every picture is READY; else exit with 1 and say which is not, and why."""
    order = Order(
        directory, url or settings.api_url, login, password, sign_up, visibility, jobs, recursive
    )
    shown.run(lambda: _import(order), INTERRUPTED)


async def _import(order: Order) -> None:
    pictures, others = _sorted_out(order.directory, is_recursive=order.is_recursive)
    if others:
        typer.echo(f"Skipping {others} files that by their names are no pictures.")
    if not pictures:
        raise shown.Failed(f"there are no pictures in {order.directory}")
    async with shown.client() as http:
        account = await _account(await shown.reached(http, order.url), order)
        with shown.bars() as bars:
            outcome = await _Import(account, order, pictures, bars).run()
    _tell(outcome, len(pictures))


async def _account(api: Api, order: Order) -> Account:
    if order.sign_up:
        try:
            return await Account.signed_up(
                api, username=order.login, email=order.sign_up, password=order.password
            )
        except Refused as refusal:
            # The same command run again means the account of the first time.
            if refusal.code != "TAKEN":
                raise
    return await Account.logged_in(api, order.login, order.password)


class _Import:
    def __init__(
        self, account: Account, order: Order, pictures: list[Path], bars: Progress
    ) -> None:
        self._account = account
        self._order = order
        self._left = iter(pictures)
        self._paths: dict[str, Path] = {}
        self._outcome = Outcome()
        self._sent = shown.Bar(bars, "Uploaded", sum(map(_size, pictures)), decimal)
        self._done = shown.Bar(bars, "Done", len(pictures))
        self._waiting = Waiting(account, self._settle)

    async def run(self) -> Outcome:
        """Return when every picture is a photo or has failed."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._waiting.run())
            group.create_task(self._send_all())
        return self._outcome

    async def _send_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._order.jobs):
                group.create_task(self._send_some())
        self._waiting.close()

    async def _send_some(self) -> None:
        for path in self._left:
            try:
                await self._send(path)
            except Refused as refusal:
                self._fail(path, refusal.code, refusal.message)
            except OSError as error:
                self._fail(path, "UNREADABLE", error.strerror or str(error))

    async def _send(self, path: Path) -> None:
        draft = Draft(_title(path), visibility=self._order.visibility)
        file = await announced(path)
        shared = await share(self._account, file, draft, self._sent.advance)
        if shared.photo_id in self._paths:
            self._outcome.repeated += 1
            self._done.advance()
            return
        self._outcome.were_there += not shared.was_sent
        self._paths[shared.photo_id] = path
        self._waiting.add(shared.photo_id)

    def _settle(self, settled: Settled) -> None:
        if settled.code:
            self._fail(self._paths[settled.photo_id], settled.code, settled.message)
            return
        self._outcome.ready += 1
        self._done.advance()

    def _fail(self, path: Path, code: str, message: str) -> None:
        self._outcome.failures.append((path, code, message))
        self._done.advance()


def _tell(outcome: Outcome, total: int) -> None:
    typer.echo(f"{outcome.ready} of {total} photos are READY.")
    if outcome.were_there:
        typer.echo(f"{outcome.were_there} of them had been uploaded before.")
    if outcome.repeated:
        typer.echo(f"{outcome.repeated} files have the same bytes as another and count once.")
    for path, code, message in sorted(outcome.failures):
        typer.echo(f"FAILED {printable(str(path))}: {code}: {message}", err=True)
    if outcome.failures:
        raise shown.Failed(f"{len(outcome.failures)} of {total} files did not become photos")


def _sorted_out(directory: Path, *, is_recursive: bool) -> tuple[list[Path], int]:
    """The pictures by their names, in an order that stays, and how many other files there are."""
    files = [path for path in _walked(directory, is_recursive=is_recursive) if path.is_file()]
    pictures = [path for path in files if path.suffix.lower() in CONTENT_TYPES]
    return pictures, len(files) - len(pictures)


def _walked(directory: Path, *, is_recursive: bool) -> Iterator[Path]:
    """All that is not hidden; links to folders are not followed, for they can lead in circles."""
    for parent, folders, names in os.walk(directory):
        shown_folders = sorted(name for name in folders if not name.startswith("."))
        folders[:] = shown_folders if is_recursive else []
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _title(path: Path) -> str:
    return printable(path.stem.replace("_", " "))[:MAX_TITLE].strip()
