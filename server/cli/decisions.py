"""`picshare decisions`: what was decided by moderators, the service and the operator."""

import asyncio

import typer

from schema.moderation import KINDS
from schema.nodes import global_id
from server import parts
from server.cli import checks
from server.settings import Settings
from storage import decisions
from storage.cases import LogRow
from storage.rows import PageRequest

NOBODY = "-"


def run(settings: Settings, *, most: int) -> None:
    """Print the latest ones, a line each, the latest first."""
    checks.are_set(settings, *checks.DATABASE)
    asyncio.run(checks.reach_database(settings))
    for row in asyncio.run(_latest(settings, most)):
        who = global_id("user", row.decider_id) if row.decider_id else NOBODY
        subject = global_id(KINDS[row.kind], row.subject_id)
        at = f"{row.at:%Y-%m-%d %H:%M:%S}"
        typer.echo(f"{at}  {row.decider:<9}  {who}  {row.action:<17}  {subject}  {row.reason}")


async def _latest(settings: Settings, most: int) -> list[LogRow]:
    database = parts.database(settings, "picshare-decisions")
    try:
        async with database.connect() as connection:
            return (await decisions.newest(connection, PageRequest(most))).rows
    finally:
        await database.close()
