"""`picshare sweep`: removes what is left over, or tells what that would be."""

import asyncio
from typing import Final

import typer

from server import parts
from server.cli import checks
from server.embedded.processes import CannotStart
from server.settings import Settings
from storage.database import Database
from storage.objects import Objects, StoreUnavailable
from storage.reached import Unavailable
from storage.sweeping.leftovers import BATCH
from storage.sweeping.walks import Walk
from workers import sweeps
from workers.sweeps import Rules

# So many keys are shown.
MOST: Final = 1_000
HELD: Final = (
    "originals have no rows and were left alone, for they are more than "
    "PICSHARE_SWEEP_MOST_ORIGINALS: are rows lost? See `picshare audit`; `picshare sweep --force` "
    "removes them"
)
OVERTAKEN: Final = "another sweep goes on with the walk through the bucket"


def run(settings: Settings, *, dry_run: bool, force: bool) -> None:
    """Print what was removed; exit code 1 when originals were left alone."""
    checks.are_set(settings, *checks.DATABASE, *checks.STORE)
    asyncio.run(checks.reach_all(settings))
    try:
        is_done = asyncio.run(_swept(settings, dry_run=dry_run, force=force))
    except (StoreUnavailable, Unavailable) as error:
        raise CannotStart(f"{error}; run it again, it goes on where it stopped") from error
    if not is_done:
        raise typer.Exit(1)


async def _swept(settings: Settings, *, dry_run: bool, force: bool) -> bool:
    database, objects = parts.database(settings, "picshare-sweep"), parts.objects(settings)
    rules = parts.sweeping(settings)
    try:
        if dry_run:
            return await _told(database, objects, rules)
        _print_rows(await sweeps.sweep_rows(database, rules.times), "removed")
        most = rules.most_originals if not force else 2**31
        walk = await sweeps.sweep_objects(database, objects, Rules(rules.times, most))
        return _print_walk(walk)
    finally:
        await database.close()


async def _told(database: Database, objects: Objects, rules: Rules) -> bool:
    _print_rows(await sweeps.count_rows(database, rules.times), "to remove")
    listed = found = byte_size = 0
    async for count, orphans in sweeps.orphans(database, objects, rules.times.grace):
        for orphan in orphans[: max(0, MOST - found)]:
            typer.echo(f"  {orphan.key}")
        listed, found = listed + count, found + len(orphans)
        byte_size += sum(orphan.byte_size for orphan in orphans)
    typer.echo(f"{listed:,} objects, {found:,} of no row with {byte_size:,} bytes")
    return True


def _print_rows(counts: dict[str, int], what: str) -> None:
    for name, count in counts.items():
        more = " or more" if what == "to remove" and count == BATCH else ""
        typer.echo(f"{name:<18} {count:>9,} {what}{more}")


def _print_walk(walk: Walk | None) -> bool:
    if walk is None:
        typer.echo(OVERTAKEN)
        return True
    typer.echo(f"{walk.listed:,} objects, {walk.removed:,} of no row removed")
    if walk.held:
        typer.echo(f"picshare: {walk.held:,} {HELD}", err=True)
    return not walk.held
