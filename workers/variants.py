"""Makes the variants of a photo: reads the original, renders it, and lets the photo go live."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC

import structlog

from storage import moderation, photos, variants
from storage.database import Database, Writing
from storage.objects import Objects
from storage.reached import Unavailable
from storage.rows import (
    AttemptRow,
    OriginalRow,
    PhotoFailureCode,
    PhotoId,
    VariantName,
    VariantRow,
)
from storage.shots import Camera, Shot
from workers import attempts, images
from workers.attempts import Reports
from workers.images import Rendered, Studio
from workers.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Workshop:
    """What making variants needs."""

    database: Database
    objects: Objects
    studio: Studio
    # Whether photos await a verdict before they go live, and whether a service is to give it.
    is_holding: bool = False
    is_asking: bool = False


async def make(workshop: Workshop, id: PhotoId) -> Outcome:
    """Bring a photo from PROCESSING to READY or FAILED; run twice, it does the same once.

    A fault outside the picture (database, store) is no one's failure: AGAIN. A picture that
    takes its process down three times in a row is FAILED.
    """
    try:
        async with workshop.database.begin() as tx:
            attempt = await variants.begin_attempt(tx, id)
            original = (await photos.originals(tx, [id])).get(id)
    except Unavailable:
        return Outcome.AGAIN
    if attempt is None or original is None:
        return Outcome.NOTHING
    structlog.contextvars.bind_contextvars(photo=str(id), attempt=attempt.attempt)
    if workshop.is_holding:
        # Until there is a verdict its bytes are for nobody, whoever the photo is for.
        attempt = replace(attempt, is_public=False)
    work = _attempted(workshop, attempt, original)
    return await attempts.reported(work, _reports(workshop, attempt))


async def give_up(workshop: Workshop, id: PhotoId) -> Outcome:
    """Make a photo FAILED that still awaits its variants; its owner may have it tried again."""
    try:
        async with workshop.database.begin() as tx:
            attempt = await variants.begin_attempt(tx, id)
    except Unavailable:
        return Outcome.AGAIN
    if attempt is None:
        return Outcome.NOTHING
    return await attempts.given_up(_reports(workshop, attempt))


def _reports(workshop: Workshop, attempt: AttemptRow) -> Reports:
    async def fail(tx: Writing, code: PhotoFailureCode, message: str) -> None:
        await variants.fail(tx, attempt, code, message)

    async def give_back(tx: Writing) -> None:
        await variants.give_back(tx, attempt)

    return Reports(workshop.database, fail, give_back)


async def _attempted(workshop: Workshop, attempt: AttemptRow, original: OriginalRow) -> Outcome:
    attempts.require_hope(attempt.crashes)
    data = await attempts.read(
        workshop.objects, original.key, original.byte_size, original.checksum_sha256
    )
    rendered = await attempts.made(workshop.studio.render(data), attempt.crashes)
    if rendered is None:
        return Outcome.AGAIN
    # Rendering takes nearly all of the time, so nearly all who come late come here.
    async with workshop.database.connect() as connection:
        if not await variants.may_finish(connection, attempt):
            return Outcome.NOTHING
    made = await _stored(workshop.objects, attempt, rendered)
    async with workshop.database.begin() as tx:
        is_current = await _finisher(workshop)(
            tx,
            attempt,
            made,
            width=rendered.width,
            height=rendered.height,
            blurhash=rendered.blurhash,
            dominant_color=rendered.dominant_color,
            shot=_shot(rendered.shot),
        )
    if is_current:
        return Outcome.DONE
    await _take_back(workshop, attempt, made)
    return Outcome.NOTHING


def _finisher(workshop: Workshop) -> Callable[..., Awaitable[bool]]:
    if workshop.is_holding:
        return functools.partial(moderation.hold, is_asked=workshop.is_asking)
    return variants.finish


def _shot(read: images.Shot) -> Shot:
    at = read.taken_at
    # Nobody knows the zone of a camera that did not write one.
    taken_at = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
    camera = Camera(**{name: getattr(read, name) for name in Camera.__slots__})
    if read.latitude is None or read.longitude is None:
        return Shot(taken_at, camera)
    return Shot(taken_at, camera, (read.latitude, read.longitude))


async def _stored(objects: Objects, attempt: AttemptRow, rendered: Rendered) -> list[VariantRow]:
    """Write every variant before any row speaks of it."""
    made = []
    for picture in rendered.pictures:
        name = VariantName(picture.name)
        kind = picture.content_type
        key = variants.key(attempt.media_token, name, kind, is_public=attempt.is_public)
        await objects.write(key, picture.data, picture.content_type)
        made.append(
            VariantRow(
                name=name,
                key=key,
                width=picture.width,
                height=picture.height,
                content_type=picture.content_type,
                byte_size=len(picture.data),
            )
        )
    return made


async def _take_back(workshop: Workshop, attempt: AttemptRow, made: list[VariantRow]) -> None:
    """Remove what came too late: the photo is gone, or another attempt made its variants."""
    async with workshop.database.connect() as connection:
        keys = [variant.key for variant in made]
        left = await variants.unclaimed(connection, attempt.photo_id, keys)
    for key in left:
        await workshop.objects.delete(key)
