"""Makes the squares of an avatar: reads the original, renders it, and lets it be shown."""

import structlog

from storage import avatars
from storage.database import Writing
from storage.objects import Objects
from storage.reached import Unavailable
from storage.rows import AvatarId, AvatarRow, PhotoFailureCode
from workers import attempts
from workers.attempts import Reports
from workers.images import Squares
from workers.outcomes import Outcome
from workers.variants import Workshop


async def make(workshop: Workshop, id: AvatarId) -> Outcome:
    """Have a chosen picture shown as the avatar, or let its user know why not.

    Run twice, it does the same once. What was shown before stays until then.
    """
    try:
        async with workshop.database.begin() as tx:
            attempt = await avatars.begin_attempt(tx, id)
    except Unavailable:
        return Outcome.AGAIN
    if attempt is None:
        return Outcome.NOTHING
    structlog.contextvars.bind_contextvars(avatar=str(id), attempt=attempt.attempt)
    return await attempts.reported(_attempted(workshop, attempt), _reports(workshop, attempt))


async def give_up(workshop: Workshop, id: AvatarId) -> Outcome:
    """Let the user know that no avatar came of the picture; what was shown before stays."""
    try:
        async with workshop.database.begin() as tx:
            attempt = await avatars.begin_attempt(tx, id)
    except Unavailable:
        return Outcome.AGAIN
    if attempt is None:
        return Outcome.NOTHING
    return await attempts.given_up(_reports(workshop, attempt))


def _reports(workshop: Workshop, attempt: AvatarRow) -> Reports:
    async def fail(tx: Writing, code: PhotoFailureCode, message: str) -> None:
        await avatars.fail(tx, attempt, code, message)

    async def give_back(tx: Writing) -> None:
        await avatars.give_back(tx, attempt)

    return Reports(workshop.database, fail, give_back)


async def _attempted(workshop: Workshop, attempt: AvatarRow) -> Outcome:
    attempts.require_hope(attempt.crashes)
    data = await attempts.read(
        workshop.objects, attempt.original_key, attempt.byte_size, attempt.checksum_sha256
    )
    rendered = await attempts.made(workshop.studio.squares(data), attempt.crashes)
    if rendered is None:
        return Outcome.AGAIN
    await _store(workshop.objects, attempt, rendered)
    async with workshop.database.begin() as tx:
        if await avatars.finish(tx, attempt, rendered.squares[-1].rung):
            return Outcome.DONE
        is_gone = not await avatars.exists(tx, attempt.id)
    # Another attempt may have finished; only the objects of an avatar that is gone are nobody's.
    if is_gone:
        for key in avatars.every_key(attempt.token):
            await workshop.objects.delete(key)
    return Outcome.NOTHING


async def _store(objects: Objects, attempt: AvatarRow, rendered: Squares) -> None:
    """Write every square before any row speaks of it."""
    for square in rendered.squares:
        key = avatars.key(attempt.token, square.rung)
        await objects.write(key, square.data, square.content_type)
