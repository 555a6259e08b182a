"""`picshare audit`: compares rows with objects, and finds what is left of a user."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.nodes import parsed
from server import parts
from server.cli import checks
from server.settings import Settings
from storage import audit
from storage.audit import Sum, Total
from storage.claims import PREFIXES
from storage.database import Database
from storage.objects import ObjectMissing, Objects

# So many of each kind of problem are looked into and shown.
MOST: Final = 1_000
# So many originals are read at the same time, a chunk of each in memory.
AT_ONCE: Final = 8


@dataclass(slots=True)
class Report:
    """What was found; it is clean when nothing in it is a problem."""

    objects: list[Total] = field(default_factory=list)
    rows: list[Total] = field(default_factory=list)
    awaiting_removal: int = 0
    new: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)
    verified: int = 0
    damaged: list[str] = field(default_factory=list)
    left_of_user: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        problems = self.missing, self.changed, self.orphaned, self.damaged, self.left_of_user
        return not any(problems)


def run(settings: Settings, *, user: str, grace_s: int, verify: bool, as_json: bool) -> None:
    """Print what was found; exit code 1 when any of it is a problem."""
    checks.are_set(settings, *checks.DATABASE, *checks.STORE)
    id = _id(user) if user else None
    asyncio.run(checks.reach_all(settings))
    report = asyncio.run(_audited(settings, timedelta(seconds=grace_s), id, verify=verify))
    typer.echo(_as_json(report) if as_json else _as_text(report))
    if not report.is_clean:
        raise typer.Exit(1)


def _id(user: str) -> UUID:
    match parsed(user):
        case "user", id:
            return id
        case _:
            wanted = "give the id as the API shows it, user_ and 32 digits"
            raise typer.BadParameter(f"{user!r} is no id of a user; {wanted}", param_hint="--user")


async def _audited(
    settings: Settings, grace: timedelta, user: UUID | None, *, verify: bool
) -> Report:
    database = parts.database(settings, "picshare-audit")
    try:
        objects = parts.objects(settings)
        report = await audited(database, objects, grace, user)
        if verify:
            await verified(database, objects, report)
        return report
    finally:
        await database.close()


async def audited(
    database: Database, objects: Objects, grace: timedelta, user: UUID | None = None
) -> Report:
    """Compare the rows with the bucket as it is; objects younger than *grace* may lack rows."""
    report = Report()
    async with database.connect() as connection:
        await audit.begin(connection)
        try:
            for prefix in PREFIXES:
                report.objects.append(await _listed(connection, objects, prefix))
            report.rows = await audit.claimed(connection)
            report.awaiting_removal, report.new = await audit.passing(connection, grace)
            report.missing = await _missing(connection, objects)
            report.changed = [claim.key for claim in await audit.changed(connection, MOST)]
            report.orphaned = await _orphaned(connection, objects, grace)
            if user is not None:
                report.left_of_user = await audit.rows_about(connection, user)
        finally:
            await audit.end(connection)
    return report


async def verified(database: Database, objects: Objects, report: Report) -> None:
    """Read every original, and note those whose bytes are not what their rows say."""
    after = UUID(int=0)
    while True:
        async with database.connect() as connection:
            sums = await audit.sums(connection, after, AT_ONCE)
        if not sums:
            return
        for sum_, is_whole in zip(
            sums, await asyncio.gather(*(_is_whole(objects, each) for each in sums)), strict=True
        ):
            report.verified += 1
            if not is_whole and len(report.damaged) < MOST and await _is_spoken_of(database, sum_):
                report.damaged.append(sum_.key)
        after = sums[-1].id


async def _is_whole(objects: Objects, original: Sum) -> bool:
    """Whether the bytes are the right ones; those that are missing are told of elsewhere."""
    found = hashlib.sha256()
    try:
        async with objects.stream(original.key, 0, original.byte_size) as chunks:
            async for chunk in chunks:
                found.update(chunk)
    except ObjectMissing:
        return True
    return found.digest() == original.checksum_sha256


async def _is_spoken_of(database: Database, original: Sum) -> bool:
    async with database.connect() as connection:
        return await audit.is_claimed(connection, original.key)


async def _listed(connection: AsyncConnection, objects: Objects, prefix: str) -> Total:
    count = byte_size = 0
    async for entries in objects.entries(prefix):
        await audit.note(connection, entries)
        count += len(entries)
        byte_size += sum(entry.byte_size for entry in entries)
    return Total(prefix, count, byte_size)


async def _missing(connection: AsyncConnection, objects: Objects) -> list[str]:
    # The service goes on meanwhile: what was written since it was listed is there, and what was
    # deleted since is no longer spoken of.
    return [
        claim.key
        for claim in await audit.missing(connection, MOST)
        if await objects.head(claim.key) is None and await audit.is_claimed(connection, claim.key)
    ]


async def _orphaned(connection: AsyncConnection, objects: Objects, grace: timedelta) -> list[str]:
    found = await audit.orphaned(connection, grace, MOST)
    return [key for key in found if await objects.head(key) is not None]


def _as_text(report: Report) -> str:
    problems = {
        "missing": report.missing,
        "of another size": report.changed,
        "of no row": report.orphaned,
        "with other bytes": report.damaged,
        "left of the user": [f"{place}: {rows}" for place, rows in report.left_of_user.items()],
    }
    lines = [
        *(_line("objects", total) for total in report.objects),
        *(_line("rows", total) for total in report.rows),
        f"{report.awaiting_removal:,} objects await removal, {report.new:,} are new",
        *([f"{report.verified:,} originals read"] if report.verified else []),
        *(line for kind, keys in problems.items() for line in _lines(kind, keys)),
        "clean" if report.is_clean else "NOT CLEAN",
    ]
    return "\n".join(lines)


def _line(what: str, total: Total) -> str:
    return f"{what:<8} {total.name:<12} {total.count:>9,} {total.byte_size:>17,} bytes"


def _lines(kind: str, keys: Sequence[str]) -> list[str]:
    more = " or more" if len(keys) == MOST else ""
    return [f"{len(keys):,}{more} {kind}:", *(f"  {key}" for key in keys)] if keys else []


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "clean": report.is_clean,
            "objects": _totals(report.objects),
            "rows": _totals(report.rows),
            "awaitingRemoval": report.awaiting_removal,
            "new": report.new,
            "missing": report.missing,
            "changed": report.changed,
            "orphaned": report.orphaned,
            "verified": report.verified,
            "damaged": report.damaged,
            "leftOfUser": report.left_of_user,
        },
        indent=2,
    )


def _totals(totals: Sequence[Total]) -> dict[str, dict[str, int]]:
    return {total.name: {"count": total.count, "bytes": total.byte_size} for total in totals}
