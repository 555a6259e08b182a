"""`picshare jobs`: what waits for the workers, what was given up, and having it tried again."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import typer

from schema.nodes import global_id, parsed
from server import parts
from server.cli import checks
from server.embedded.processes import CannotStart
from server.settings import Settings
from storage import edits, given_up
from storage import jobs as queue
from storage.database import Database
from storage.given_up import JobRow, PhotoGivenUp
from storage.jobs import Waiting
from storage.refusals import Missing, NotAllowed
from storage.rows import PhotoId

Action = Literal["list", "retry"]

ALL: Final = "all"
# So many of each are shown, and tried again at once.
MOST: Final = 10_000


def run(settings: Settings, *, action: Action, which: str) -> None:
    """List or retry; exit code 1 when something is given up and stays so."""
    if action == "retry" and not which:
        raise CannotStart("which? picshare jobs retry ID, or picshare jobs retry all")
    checks.are_set(settings, *checks.DATABASE)
    asyncio.run(checks.reach_database(settings))
    if not asyncio.run(_run(settings, which if action == "retry" else "")):
        raise typer.Exit(1)


async def _run(settings: Settings, which: str) -> bool:
    database = parts.database(settings, "picshare-jobs")
    try:
        return await (_retried(database, which) if which else _listed(database))
    finally:
        await database.close()


async def _listed(database: Database) -> bool:
    async with database.connect() as connection:
        waiting = await queue.waiting(connection)
        rows = await given_up.jobs(connection, MOST)
        photos = await given_up.photos(connection, MOST)
    lines = [_of_kind(each) for each in waiting if each.depth]
    lines += [_of_job(row) for row in rows] + [_of_photo(row) for row in photos]
    typer.echo("\n".join(lines or ["no job waits"]))
    return not (rows or photos)


async def _retried(database: Database, which: str) -> bool:
    jobs, photos = await _chosen(database, which)
    again = 0
    if jobs is None or jobs:
        async with database.begin() as tx:
            again += len(await given_up.try_again(tx, jobs))
    for photo in photos:
        again += await _tried_again(database, photo)
    typer.echo(f"{again} tried again")
    return again > 0 or which == ALL


async def _chosen(database: Database, which: str) -> tuple[list[int] | None, list[PhotoGivenUp]]:
    """The jobs, None for all of them, and the photos."""
    if which.isdecimal():
        return [int(which)], []
    async with database.connect() as connection:
        photos = await given_up.photos(connection, MOST)
    match parsed(which):
        case "photo", id:
            return [], [photo for photo in photos if photo.id == PhotoId(id)]
        case _ if which == ALL:
            return None, photos
        case _:
            raise CannotStart(f"{which!r} is neither a number of a job, nor a photo, nor all")


async def _tried_again(database: Database, photo: PhotoGivenUp) -> bool:
    try:
        async with database.begin() as tx:
            await edits.retry(tx, photo.id, photo.owner_id)
    except (Missing, NotAllowed):
        # It was deleted, or has failed in another way meanwhile.
        return False
    return True


def _of_kind(waiting: Waiting) -> str:
    known = "" if waiting.kind in queue.KINDS else "  (a kind that this version does not know)"
    return f"{waiting.kind:<18} {waiting.depth:>9,} wait, {_age_of(waiting.age_s)}{known}"


def _of_job(row: JobRow) -> str:
    of = f" of {row.username}" if row.username else ""
    return f"{row.id}  {row.kind}{of}  given up {_since(row.given_up_at)} ago  {row.error}"


def _of_photo(row: PhotoGivenUp) -> str:
    id = global_id("photo", row.id)
    return f"{id}  of {row.username}  published {_since(row.created_at)} ago  {row.message}"


def _since(moment: datetime) -> str:
    return str(timedelta(seconds=max(0, int((datetime.now(UTC) - moment).total_seconds()))))


def _age_of(seconds: float) -> str:
    return f"the oldest for {timedelta(seconds=int(seconds))}"
