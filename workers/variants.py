"""Makes the variants of a photo: reads the original, renders it, and lets the photo go live."""

import asyncio
import hashlib
from dataclasses import dataclass

import structlog

from storage import photos, variants
from storage.database import Database, Unavailable
from storage.objects import ObjectMissing, Objects, StoreUnavailable
from storage.rows import (
    AttemptRow,
    OriginalRow,
    PhotoFailureCode,
    PhotoId,
    VariantName,
    VariantRow,
)
from workers.images import Crashed, Rejected, Rendered, Studio
from workers.outcomes import Outcome

log = structlog.get_logger("variants")

MAX_CRASHES = 3

MISMATCH = "The bytes that arrived are not those that were promised; upload the file again."
LOST = "The uploaded file could not be found; upload it again."
GAVE_UP = "The picture could not be processed, although it was tried several times."


@dataclass(frozen=True, slots=True)
class Workshop:
    """What making variants needs."""

    database: Database
    objects: Objects
    studio: Studio


class _Failed(Exception):
    def __init__(self, code: PhotoFailureCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


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
    try:
        return await _attempted(workshop, attempt, original)
    except _Failed as failure:
        return await _failed(workshop, attempt, failure)
    except (StoreUnavailable, Unavailable) as error:
        log.warning("dependency failed", error=str(error))
        await _give_back(workshop, attempt)
        return Outcome.AGAIN
    except asyncio.CancelledError:
        # Broken off from outside, as when the worker leaves; that says nothing of the picture.
        await asyncio.shield(_give_back(workshop, attempt))
        raise


async def _attempted(workshop: Workshop, attempt: AttemptRow, original: OriginalRow) -> Outcome:
    if attempt.crashes > MAX_CRASHES:
        raise _Failed(PhotoFailureCode.PROCESSING_ERROR, GAVE_UP)
    data = await _read(workshop.objects, original)
    rendered = await _rendered(workshop.studio, data, attempt)
    if rendered is None:
        return Outcome.AGAIN
    made = await _stored(workshop.objects, attempt, rendered)
    async with workshop.database.begin() as tx:
        is_current = await variants.finish(
            tx,
            attempt,
            made,
            width=rendered.width,
            height=rendered.height,
            blurhash=rendered.blurhash,
            dominant_color=rendered.dominant_color,
        )
    return Outcome.DONE if is_current else Outcome.NOTHING


async def _read(objects: Objects, original: OriginalRow) -> bytes:
    try:
        data = await objects.read(original.key, original.byte_size)
    except ObjectMissing:
        raise _Failed(PhotoFailureCode.PROCESSING_ERROR, LOST) from None
    except ValueError:
        raise _Failed(PhotoFailureCode.CHECKSUM_MISMATCH, MISMATCH) from None
    if hashlib.sha256(data).digest() != original.checksum_sha256:
        raise _Failed(PhotoFailureCode.CHECKSUM_MISMATCH, MISMATCH)
    return data


async def _rendered(studio: Studio, data: bytes, attempt: AttemptRow) -> Rendered | None:
    """What was rendered; None when the child died and the picture gets another chance."""
    try:
        return await studio.render(data)
    except Rejected as rejected:
        code = PhotoFailureCode(rejected.code)
        raise _Failed(code, rejected.message) from None
    except Crashed as crash:
        log.warning("decoder crashed", crashes=attempt.crashes, error=str(crash))
        if attempt.crashes >= MAX_CRASHES:
            raise _Failed(PhotoFailureCode.PROCESSING_ERROR, GAVE_UP) from None
        return None


async def _stored(objects: Objects, attempt: AttemptRow, rendered: Rendered) -> list[VariantRow]:
    """Write every variant before any row speaks of it."""
    made = []
    for picture in rendered.pictures:
        name = VariantName(picture.name)
        key = variants.key(attempt.media_token, name)
        await objects.write(key, picture.data, picture.content_type)
        made.append(
            VariantRow(
                photo_id=attempt.photo_id,
                name=name,
                key=key,
                width=picture.width,
                height=picture.height,
                content_type=picture.content_type,
                byte_size=len(picture.data),
            )
        )
    return made


async def _failed(workshop: Workshop, attempt: AttemptRow, failure: _Failed) -> Outcome:
    try:
        async with workshop.database.begin() as tx:
            await variants.fail(tx, attempt, failure.code, failure.message)
    except Unavailable:
        return Outcome.AGAIN
    log.info("photo failed", code=failure.code)
    return Outcome.NEVER


async def _give_back(workshop: Workshop, attempt: AttemptRow) -> None:
    try:
        async with workshop.database.begin() as tx:
            await variants.give_back(tx, attempt)
    except Unavailable:
        # The next attempt begins with one crash too many; three in a row are still needed.
        log.warning("attempt could not be given back")
