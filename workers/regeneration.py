"""Makes variants anew, in the background: the old ones are served until then, and a while after."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from storage import jobs, photos, regeneration, remakings, variants
from storage.database import Database, Writing
from storage.objects import ObjectMissing, Objects
from storage.reached import Unavailable
from storage.remakings import Remaking
from storage.rows import (
    OriginalRow,
    PhotoFailureCode,
    PhotoId,
    VariantName,
    VariantRow,
)
from workers import attempts
from workers.attempts import Reports
from workers.images import Picture, Rendered
from workers.outcomes import Outcome
from workers.variants import Workshop

log = structlog.get_logger("regeneration")

# How long until it is looked again whether more photos can be taken up.
PAUSE: Final = timedelta(seconds=1)


async def take_up(database: Database, id: UUID) -> Outcome:
    """Take up the next photos, and see to it that this goes on until all are done."""
    try:
        async with database.begin() as tx:
            goes_on = await regeneration.take_up(tx, id)
            if goes_on:
                await jobs.regenerate(tx, id, after=PAUSE)
    except Unavailable as error:
        log.warning("dependency failed", error=str(error))
        return Outcome.AGAIN
    return Outcome.DONE if goes_on else Outcome.NOTHING


async def remake(workshop: Workshop, id: PhotoId, kept: timedelta) -> Outcome:
    """Make the variants of a photo anew, and let them take the place of the old ones at once.

    The photo stays as it is until then, and for ever when it cannot be done. Run twice, it does
    the same once. The old objects can be read for the time *kept*.
    """
    try:
        async with workshop.database.begin() as tx:
            attempt = await remakings.begin_attempt(tx, id)
            original = (await photos.originals(tx, [id])).get(id)
    except Unavailable:
        return Outcome.AGAIN
    if attempt is None or original is None:
        return Outcome.NOTHING
    structlog.contextvars.bind_contextvars(photo=str(id), remaking=attempt.attempt)
    work = _attempted(workshop, attempt, original, kept)
    return await attempts.reported(work, _reports(workshop.database, attempt))


def _reports(database: Database, attempt: Remaking) -> Reports:
    async def fail(tx: Writing, code: PhotoFailureCode, message: str) -> None:
        await remakings.fail(tx, attempt, code, message)

    async def give_back(tx: Writing) -> None:
        await remakings.give_back(tx, attempt)

    return Reports(database, fail, give_back)


async def _attempted(
    workshop: Workshop, attempt: Remaking, original: OriginalRow, kept: timedelta
) -> Outcome:
    attempts.require_hope(attempt.crashes)
    data = await attempts.read(
        workshop.objects, original.key, original.byte_size, original.checksum_sha256
    )
    rendered = await attempts.made(workshop.studio.render(data), attempt.crashes)
    if rendered is None:
        return Outcome.AGAIN
    made = await _stored(workshop, attempt, rendered)
    async with workshop.database.begin() as tx:
        is_current = await remakings.finish(
            tx,
            attempt,
            made,
            blurhash=rendered.blurhash,
            dominant_color=rendered.dominant_color,
            kept=kept,
        )
    if is_current:
        return Outcome.DONE
    return await _too_late(workshop, attempt, made)


async def _too_late(workshop: Workshop, attempt: Remaking, made: list[VariantRow]) -> Outcome:
    """Remove what nobody else will ever use; again, if the photo's audience has changed."""
    for row in made:
        await workshop.objects.delete(row.key)
    async with workshop.database.begin() as tx:
        await remakings.give_back(tx, attempt)
        is_open = await remakings.is_open(tx, attempt.photo_id)
    return Outcome.AGAIN if is_open else Outcome.NOTHING


async def _stored(workshop: Workshop, attempt: Remaking, rendered: Rendered) -> list[VariantRow]:
    """Write every variant before any row speaks of it; those that are not asked for are copied."""
    async with workshop.database.connect() as connection:
        found = await variants.of_photos(connection, [attempt.photo_id])
    old = {(row.name, row.content_type): row for row in found.get(attempt.photo_id, [])}
    made = []
    for picture in rendered.pictures:
        name = VariantName(picture.name)
        kind = picture.content_type
        key = variants.key(attempt.token, name, kind, is_public=attempt.is_public)
        before = None if attempt.only_size in {None, name} else old.get((name, kind))
        row = await _copied(workshop.objects, before, key)
        made.append(row or await _written(workshop.objects, picture, key))
    return made


async def _copied(objects: Objects, row: VariantRow | None, key: str) -> VariantRow | None:
    """The row of a copy at *key*; None when there is nothing to copy, or it is lost."""
    if row is None:
        return None
    try:
        await objects.copy(row.key, key)
    except ObjectMissing:
        return None
    return row._replace(key=key)


async def _written(objects: Objects, picture: Picture, key: str) -> VariantRow:
    await objects.write(key, picture.data, picture.content_type)
    return VariantRow(
        name=VariantName(picture.name),
        key=key,
        width=picture.width,
        height=picture.height,
        content_type=picture.content_type,
        byte_size=len(picture.data),
    )
