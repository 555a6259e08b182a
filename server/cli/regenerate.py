"""`picshare regenerate`: has variants made anew by the workers, and shows how far that is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import typer

from schema.nodes import global_id, parsed
from server import parts
from server.cli import checks, shown
from server.embedded.processes import CannotStart
from server.settings import Settings
from storage import regeneration
from storage.database import Database
from storage.reached import Unavailable
from storage.refusals import Conflict
from storage.regeneration import Regeneration, Selection
from storage.rows import PhotoId, VariantName

LOOK_EVERY_S: Final = 0.5
DETACHED: Final = "It goes on in the background; `picshare regenerate` shows how far it is."
NOTHING: Final = "No variants are being made anew."


def run(
    settings: Settings,
    *,
    only: str | None,
    photo: str,
    since: datetime | None,
    detach: bool,
    cancel: bool,
) -> None:
    """Begin, or attach to what is under way; exit code 1 when photos failed."""
    checks.are_set(settings, *checks.DATABASE)
    selection = Selection(
        VariantName(only) if only else None,
        _id(photo) if photo else None,
        since.replace(tzinfo=UTC) if since else None,
    )
    asyncio.run(checks.reach_database(settings))
    work = _cancelled(settings) if cancel else _shown(settings, selection, detach=detach)
    try:
        is_whole = asyncio.run(work)
    except Unavailable as error:
        raise CannotStart(f"{error}. {DETACHED}") from error
    except KeyboardInterrupt:
        typer.echo(DETACHED, err=True)
        raise typer.Exit(shown.INTERRUPTED) from None
    if not is_whole:
        raise typer.Exit(1)


def _id(photo: str) -> PhotoId:
    match parsed(photo):
        case "photo", id:
            return PhotoId(id)
        case _:
            wanted = "give the id as the API shows it, photo_ and 32 digits"
            raise typer.BadParameter(
                f"{photo!r} is no id of a photo; {wanted}", param_hint="--photo"
            )


async def _cancelled(settings: Settings) -> bool:
    database = parts.database(settings, "picshare-regenerate")
    try:
        async with database.begin() as tx:
            was_running = await regeneration.cancel(tx)
    finally:
        await database.close()
    typer.echo("Cancelled; what is made stays." if was_running else NOTHING)
    return True


async def _shown(settings: Settings, selection: Selection, *, detach: bool) -> bool:
    database = parts.database(settings, "picshare-regenerate")
    try:
        row = await _begun(database, selection)
        typer.echo(f"{row.total:,} photos to make anew, {_done(row):,} of them done")
        if detach:
            typer.echo(DETACHED)
            return True
        return await _told(database, await _followed(database, row))
    finally:
        await database.close()


async def _begun(database: Database, selection: Selection) -> Regeneration:
    """What is under way now. Raises CannotStart when that is not what is asked for."""
    with suppress(Conflict):
        async with database.begin() as tx:
            return await regeneration.begin(tx, selection)
    async with database.connect() as connection:
        running = await regeneration.running(connection)
    if running is None:
        return await _begun(database, selection)
    same = Selection(running.only_size, running.photo_id, running.since)
    if selection not in {same, Selection()}:
        raise CannotStart(
            "others are being made anew; wait for them (`picshare regenerate` shows how far that "
            "is), or end that with `picshare regenerate --cancel`"
        )
    return running


async def _followed(database: Database, row: Regeneration) -> Regeneration:
    """The regeneration as it is when it has ended, with a bar until then."""
    with _bar(row) as bar:
        done = _done(row)
        while row.ended_at is None:
            await asyncio.sleep(LOOK_EVERY_S)
            row = await _looked_at(database, row.id) or row
            bar.advance(_done(row) - done)
            done = _done(row)
    return row


@contextmanager
def _bar(row: Regeneration) -> Iterator[shown.Bar]:
    with shown.bars() as bars:
        bar = shown.Bar(bars, "photos", row.total)
        bar.advance(_done(row))
        yield bar


async def _looked_at(database: Database, id: UUID) -> Regeneration | None:
    async with database.connect() as connection:
        return await regeneration.by_id(connection, id)


async def _told(database: Database, row: Regeneration) -> bool:
    async with database.connect() as connection:
        failures = await regeneration.failures(connection, row.id)
    # Photos that were deleted meanwhile count towards neither.
    typer.echo(f"{row.made:,} made anew, {row.failed:,} failed")
    for failure in failures:
        typer.echo(f"  {global_id('photo', failure.photo_id)} {failure.code}: {failure.message}")
    if row.is_cancelled:
        typer.echo("It was cancelled; what is made stays.")
    return not row.failed and not row.is_cancelled


def _done(row: Regeneration) -> int:
    return row.made + row.failed
