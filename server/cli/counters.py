"""`picshare counters`: compares every kept count with what it counts."""

import asyncio

import typer

from server import parts
from server.cli import checks
from server.settings import Settings
from storage import counters
from storage.counters import COUNTERS, NO_ID, Counter
from storage.database import Database


def run(settings: Settings, *, repair: bool) -> None:
    """Print each counter's wrong rows; exit code 1 when any is left wrong."""
    checks.are_set(settings, *checks.DATABASE)
    asyncio.run(checks.reach_database(settings))
    if asyncio.run(_left_wrong(settings, repair=repair)):
        raise typer.Exit(1)


async def _left_wrong(settings: Settings, *, repair: bool) -> int:
    database = parts.database(settings, "picshare-counters")
    left = 0
    try:
        for counter in COUNTERS:
            rows, wrong, mended = await walked(database, counter, repair=repair)
            left += wrong - mended
            typer.echo(
                f"{counter.name:<28} {rows:>9,} rows  {wrong:>6,} wrong  {mended:>6,} repaired"
            )
    finally:
        await database.close()
    return left


async def walked(database: Database, counter: Counter, *, repair: bool) -> tuple[int, int, int]:
    """How many rows there are, how many were wrong, and how many of those were repaired."""
    rows = wrong = mended = 0
    after = NO_ID
    while True:
        async with database.connect() as connection:
            batch = await counters.check(connection, counter, after)
        if batch is None:
            break
        rows, wrong, after = rows + batch.looked_at, wrong + len(batch.wrong), batch.last
        if repair and batch.wrong:
            async with database.begin() as tx:
                mended += await counters.repair(tx, counter, batch.wrong)
    async with database.begin() as tx:
        await counters.note(tx, counter, wrong - mended)
    return rows, wrong, mended
