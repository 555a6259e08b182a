"""Puts all data of a user into one ZIP file: a manifest, and the originals as they arrived."""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, Any, Final
from uuid import UUID
from zipfile import ZipFile, ZipInfo

import structlog

from storage import belongings, exports
from storage.belongings import SECTIONS, START, Original, Section
from storage.database import Database, Writing
from storage.objects import ObjectMissing, Objects
from storage.reached import Unavailable
from storage.rows import ExportRow, PhotoFailureCode, UserId
from workers import attempts
from workers.attempts import Reports
from workers.outcomes import Outcome

log = structlog.get_logger("exports")

MANIFEST: Final = "manifest.json"
MAX_NAME: Final = 120
# What some system cannot have in the name of a file.
_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


async def make(database: Database, objects: Objects, id: UserId) -> Outcome:
    """Make the export that a user asked for; run twice, it does the same once.

    The file grows on disk, so memory is bounded whatever the account holds.
    """
    try:
        async with database.begin() as tx:
            wanted = await exports.begin_attempt(tx, id)
    except Unavailable:
        return Outcome.AGAIN
    if wanted is None:
        return Outcome.NOTHING
    return await attempts.reported(_made(database, objects, wanted), _reports(database, wanted))


async def give_up(database: Database, id: UserId) -> Outcome:
    """Let the user know that the export failed, and may be asked for again."""
    try:
        async with database.begin() as tx:
            wanted = await exports.begin_attempt(tx, id)
    except Unavailable:
        return Outcome.AGAIN
    if wanted is None:
        return Outcome.NOTHING
    return await attempts.given_up(_reports(database, wanted))


def _reports(database: Database, wanted: ExportRow) -> Reports:
    async def fail(tx: Writing, _code: PhotoFailureCode, _message: str) -> None:
        await exports.fail(tx, wanted)

    async def give_back(tx: Writing) -> None:
        await exports.give_back(tx, wanted)

    return Reports(database, fail, give_back)


async def _made(database: Database, objects: Objects, wanted: ExportRow) -> Outcome:
    attempts.require_hope(wanted.crashes)
    key = exports.key(wanted.token)
    with tempfile.TemporaryFile() as file:
        with ZipFile(file, "w") as archive:
            lost = await _add_originals(archive, database, objects, wanted.user_id)
            await _add_manifest(archive, database, wanted, lost)
        byte_size = file.tell()
        file.seek(0)
        await objects.write_file(key, file, byte_size, exports.CONTENT_TYPE)
    async with database.begin() as tx:
        if await exports.finish(tx, wanted, byte_size):
            return Outcome.DONE
        is_gone = not await exports.exists(tx, wanted)
    # Another attempt may have finished; only the file of an export that is gone is nobody's.
    if is_gone:
        await objects.delete(key)
    return Outcome.NOTHING


async def _add_originals(
    archive: ZipFile, database: Database, objects: Objects, user: UserId
) -> list[str]:
    """Add every original; the names of those whose bytes are lost."""
    lost = []
    async for original in _originals(database, user):
        try:
            await _add_original(archive, objects, original)
        except ObjectMissing:
            log.warning("an original is lost", key=original.key)
            lost.append(_name(original))
    return lost


async def _originals(database: Database, user: UserId) -> AsyncIterator[Original]:
    after = START
    while True:
        async with database.connect() as connection:
            some = await belongings.originals(connection, user, after)
        for original in some:
            yield original
        if not some:
            return
        after = some[-1].id


async def _add_original(archive: ZipFile, objects: Objects, original: Original) -> None:
    async with objects.stream(original.key, 0, original.byte_size) as chunks:
        with archive.open(_entry(_name(original), original.created_at), "w") as entry:
            async for chunk in chunks:
                await asyncio.to_thread(entry.write, chunk)


async def _add_manifest(
    archive: ZipFile, database: Database, wanted: ExportRow, lost: list[str]
) -> None:
    """Add the rows of every section, as one JSON object with one member each."""
    with archive.open(_entry(MANIFEST, wanted.requested_at), "w") as entry:
        _write(entry, f'{{"requestedAt": {_json(wanted.requested_at)}')
        for section in SECTIONS:
            _write(entry, f',\n"{section.name}": [')
            await _add_section(entry, database, section, wanted.user_id)
            _write(entry, "]")
        _write(entry, f',\n"lostOriginals": {_json(lost)}}}\n')


async def _add_section(
    entry: IO[bytes], database: Database, section: Section, user: UserId
) -> None:
    place: UUID | None = START
    separator = "\n"
    while place is not None:
        async with database.connect() as connection:
            rows, place = await belongings.page(connection, section, user, place)
        for row in rows:
            _write(entry, separator + _json(row))
            separator = ",\n"


def _entry(name: str, at: datetime) -> ZipInfo:
    entry = ZipInfo(name, at.timetuple()[:6])
    entry.external_attr = 0o600 << 16
    return entry


def _name(original: Original) -> str:
    """Where an original lies in the file: beside nothing else, under the name it came with."""
    plain = _NOT_IN_NAMES.sub("_", original.filename or "").strip(" .")[-MAX_NAME:]
    name = plain or f"{original.kind}.{original.content_type.split('/')[-1]}"
    return f"originals/{original.kind}_{original.id.hex}/{name}"


def _write(entry: IO[bytes], text: str) -> None:
    entry.write(text.encode())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_written)


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
