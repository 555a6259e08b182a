"""`picshare moderators`: makes somebody a moderator, or one no longer, or lists them all."""

import asyncio
from typing import Literal

import typer

from server import parts
from server.cli import checks
from server.embedded.processes import CannotStart
from server.settings import Settings
from storage import decisions, roles, users
from storage.cases import Decider, Judge, LogAction, SubjectKind
from storage.database import Database

Action = Literal["list", "add", "remove"]


def run(settings: Settings, *, action: Action, username: str) -> None:
    """Do it, and say so in a line. Raises CannotStart when there is no such user."""
    checks.are_set(settings, *checks.DATABASE)
    asyncio.run(checks.reach_database(settings))
    asyncio.run(_run(settings, action, username))


async def _run(settings: Settings, action: Action, username: str) -> None:
    database = parts.database(settings, "picshare-moderators")
    try:
        if action == "list":
            async with database.connect() as connection:
                for row in await roles.every_moderator(connection):
                    typer.echo(f"{row.username:<30} since {row.since:%Y-%m-%d}")
        elif not username:
            raise CannotStart(f"whom? picshare moderators {action} USERNAME")
        else:
            typer.echo(await _changed(database, username, is_added=action == "add"))
    finally:
        await database.close()


async def _changed(database: Database, username: str, *, is_added: bool) -> str:
    async with database.begin() as tx:
        user = await users.by_username(tx, username, None)
        if user is None:
            raise CannotStart(f"there is no user {username}")
        change = roles.add if is_added else roles.remove
        if not await change(tx, user.id):
            return f"{user.username} is {'a' if is_added else 'no'} moderator already"
        action = LogAction.MODERATOR_ADDED if is_added else LogAction.MODERATOR_REMOVED
        await decisions.add(tx, Decider(Judge.OPERATOR), action, SubjectKind.USER, user.id)
    return f"{user.username} is a moderator {'now' if is_added else 'no longer'}"
