"""`picshare suspensions`: keeps somebody out, lets them in again, or lists who is kept out."""

import asyncio
from typing import Literal

import typer

from server import parts
from server.cli import checks
from server.embedded.processes import CannotStart
from server.settings import Settings
from storage import suspensions, users
from storage.cases import Decider, Judge
from storage.database import Database
from storage.refusals import Refusal

Action = Literal["list", "add", "lift"]


def run(settings: Settings, *, action: Action, username: str, reason: str) -> None:
    """Do it, and say so in a line. Raises CannotStart when it cannot be done."""
    checks.are_set(settings, *checks.DATABASE)
    asyncio.run(checks.reach_database(settings))
    asyncio.run(_run(settings, action, username, reason))


async def _run(settings: Settings, action: Action, username: str, reason: str) -> None:
    database = parts.database(settings, "picshare-suspensions")
    try:
        if action == "list":
            async with database.connect() as connection:
                for row in await suspensions.every(connection):
                    typer.echo(f"{row.username:<30} {row.reason}".rstrip())
        elif not username:
            raise CannotStart(f"whom? picshare suspensions {action} USERNAME")
        else:
            typer.echo(await _changed(database, username, reason, is_added=action == "add"))
    finally:
        await database.close()


async def _changed(database: Database, username: str, reason: str, *, is_added: bool) -> str:
    change = suspensions.suspend if is_added else suspensions.reinstate
    async with database.begin() as tx:
        user = await users.by_username(tx, username, None)
        if user is None:
            raise CannotStart(f"there is no user {username}")
        try:
            await change(tx, user.id, Decider(Judge.OPERATOR), reason)
        except Refusal as error:
            raise CannotStart(error.message) from error
    return f"{user.username} {'is suspended' if is_added else 'can come in'}"
