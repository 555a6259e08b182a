"""`picshare held`: the photos that await a verdict, and why nobody has given one."""

import asyncio

import typer

from schema.nodes import global_id
from server import parts
from server.cli import checks
from server.settings import Settings
from storage import moderation

MOST = 1_000


def run(settings: Settings, *, ask_again: bool) -> None:
    """Print a line for each; exit code 1 when the service was given up for any of them."""
    checks.are_set(settings, *checks.DATABASE)
    asyncio.run(checks.reach_database(settings))
    if asyncio.run(_given_up(settings, ask_again=ask_again)):
        raise typer.Exit(1)


async def _given_up(settings: Settings, *, ask_again: bool) -> int:
    database = parts.database(settings, "picshare-held")
    try:
        if ask_again:
            async with database.begin() as tx:
                typer.echo(f"asking again about {await moderation.ask_again(tx)} photos")
        async with database.connect() as connection:
            rows = await moderation.every_held(connection, MOST)
    finally:
        await database.close()
    for row in rows:
        state = "given up" if row.given_up_at else "waits"
        why = f"  {row.last_error}" if row.last_error else ""
        id = global_id("photo", row.photo_id)
        typer.echo(f"{id}  {row.held_at:%Y-%m-%d %H:%M}  asked {row.asked} times  {state}{why}")
    if not rows:
        typer.echo("no photo is held")
    return sum(row.given_up_at is not None for row in rows)
