"""`picshare demo`: a few people, their pictures, and the feed of one of them."""

import asyncio
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import typer
from rich.filesize import decimal
from rich.progress import Progress

from server.cli import shown
from server.cli.cast import FOLLOWS, PEOPLE, WORKS, Person, Work
from server.cli.pictures import brushes, files
from server.client.accounts import Account
from server.client.api import Api, Refused
from server.client.uploads import Draft, Place, announced, share
from server.client.waiting import Settled, Waiting
from server.settings import Settings

# Anyone may know it: who runs the demo on a server that others reach can choose another.
PASSWORD: Final = "picshare-demo"  # noqa: S105
INTERRUPTED: Final = "Interrupted. Running it again begins anew, with new names."

PROFILE = """mutation Profile($input: UpdateProfileInput!) {
  updateProfile(input: $input) { errors { code message } }
}"""
FOLLOW = "mutation Follow($id: ID!) { followUser(id: $id) { errors { code message } } }"
FEED = """query Feed { feed(first: 20) { edges { node {
  title width height visibility owner { displayName } variant(minWidth: 640) { url }
} } } }"""

Accounts = dict[str, Account]


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line; *width* is the longest side of a picture."""

    url: str
    password: str
    photos: int
    width: int


def run(settings: Settings, *, url: str, password: str, photos: int, width: int) -> None:
    """Return when the feed is on the terminal; else exit with 1 and say what went wrong."""
    order = Order(url or settings.api_url, password or PASSWORD, photos, width)
    shown.run(lambda: _demo(order), INTERRUPTED)


async def _demo(order: Order) -> None:
    async with shown.client() as http:
        api = await shown.reached(http, order.url)
        accounts = await _people(api, order.password)
        with shown.bars() as bars, tempfile.TemporaryDirectory(prefix="picshare-demo-") as folder:
            await _shared(accounts, order, Path(folder), bars)
        host = accounts[PEOPLE[0].username]
        _tell(PEOPLE[0], await host.ask(FEED))
    typer.echo(f"Log in in GraphiQL at {api.url} as {host.username} / {order.password}")
    typer.echo(
        f'  mutation {{ logIn(input: {{login: "{host.username}", password: "{order.password}"}}) '
        "{ session { accessToken } errors { message } } }"
    )


async def _people(api: Api, password: str) -> Accounts:
    accounts = {person.username: await _signed_up(api, person, password) for person in PEOPLE}
    host, *others = accounts.values()
    for other in others:
        await host.ask(FOLLOW, id=other.id)
    for follower, followed in FOLLOWS:
        await accounts[follower].ask(FOLLOW, id=accounts[followed].id)
    return accounts


async def _signed_up(api: Api, person: Person, password: str) -> Account:
    """The person's account, under a longer name where the plain one is taken."""
    try:
        account = await _named(api, person, person.username, password)
    except Refused as refusal:
        if refusal.code != "TAKEN":
            raise
        name = f"{person.username}_{secrets.token_hex(3)}"
        account = await _named(api, person, name, password)
    await account.ask(PROFILE, input={"bio": person.bio})
    return account


async def _named(api: Api, person: Person, username: str, password: str) -> Account:
    return await Account.signed_up(
        api,
        username=username,
        email=f"{username}@example.org",
        password=password,
        display_name=person.display_name,
    )


async def _shared(accounts: Accounts, order: Order, folder: Path, bars: Progress) -> None:
    """Return when all pictures are READY. Raises Failed when one is not, with the reason."""
    works = WORKS[: order.photos]
    paths = await _painted(works, order.width, folder, shown.Bar(bars, "Painted", len(works)))
    sending = shown.Bar(bars, "Uploaded", sum(path.stat().st_size for path in paths), decimal)
    ready = shown.Bar(bars, "READY", len(works))
    titles: dict[str, str] = {}

    def settle(settled: Settled) -> None:
        if settled.code:
            reason = f"{settled.code}: {settled.message}"
            raise shown.Failed(f'"{titles[settled.photo_id]}" is FAILED, {reason}')
        ready.advance()

    async with asyncio.TaskGroup() as group:
        for username, account in accounts.items():
            waiting = Waiting(account, settle)
            for work, path in zip(works, paths, strict=True):
                if work.owner == username:
                    file = await announced(path)
                    shared = await share(account, file, _draft(work), sending.advance)
                    titles[shared.photo_id] = work.title
                    waiting.add(shared.photo_id)
            waiting.close()
            group.create_task(waiting.run())


async def _painted(
    works: tuple[Work, ...], width: int, folder: Path, painted: shown.Bar
) -> list[Path]:
    paths = []
    for number, work in enumerate(works):
        path = folder / f"{number + 1:02}{files.SUFFIXES[work.format]}"
        path.write_bytes(await asyncio.to_thread(_file, work, number, width))
        paths.append(path)
        painted.advance()
    return paths


def _file(work: Work, seed: int, width: int) -> bytes:
    random = Random(seed)  # noqa: S311 - The same picture each time.
    picture = work.scene((round(work.shape[0] * width), round(work.shape[1] * width)), random)
    if picture.mode == "RGB":
        picture = brushes.grain(picture, random)
    return files.encoded(
        picture,
        work.format,
        orientation=work.orientation,
        taken_at=work.taken_at,
        position=work.position,
    )


def _draft(work: Work) -> Draft:
    latitude, longitude = work.position
    place = Place(latitude=latitude, longitude=longitude, name=work.place)
    return Draft(
        title=work.title,
        caption=work.caption,
        alt_text=work.alt_text,
        tags=work.tags,
        location=place if work.place else None,
        visibility=work.visibility,
    )


def _tell(host: Person, answer: dict[str, Any]) -> None:
    """Plain columns, the link last: a terminal may break it, and it still opens."""
    photos = [edge["node"] for edge in answer["feed"]["edges"]]
    rows = [
        (photo["title"], photo["owner"]["displayName"], f"{photo['width']} x {photo['height']}")
        for photo in photos
    ]
    heads = ("Title", "By", "Pixels")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    typer.echo(f"\nThe feed of {host.display_name}:\n")
    for cells, link in zip(
        [heads, *rows], ["Link", *(photo["variant"]["url"] for photo in photos)], strict=True
    ):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        typer.echo("  ".join([*padded, link]))
    typer.echo()
