"""Photos that are held until somebody lets them go live, and those that are taken down.

A held photo has its variants in the store, and no rows of them: to its owner it is PROCESSING, to
everybody else it is not there. The first verdict counts; what comes after it finds nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import decisions, events, jobs, replaced, reports, shots, variants
from storage import photos as photo_rows
from storage.cases import (
    CaseKind,
    CaseOutcome,
    Decider,
    LogAction,
    SubjectKind,
    Verdict,
)
from storage.database import Writing, fetch, fetch_one, values
from storage.reports import Subject
from storage.rows import (
    AttemptRow,
    PhotoFailureCode,
    PhotoId,
    PhotoRow,
    PhotoStatus,
    VariantName,
    VariantRow,
)
from storage.shots import Shot
from storage.tables import cases, holds, photos, remakings
from storage.tables import variants as variant_table

REJECTED: Final = "The photo was rejected by moderation."


@dataclass(frozen=True, slots=True)
class Question:
    """What the moderation service is asked: the same id each time it is asked again."""

    id: UUID
    photo_id: PhotoId
    asked: int
    made: list[VariantRow]


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A held photo as the operator sees it."""

    photo_id: PhotoId
    held_at: datetime
    asked: int
    last_error: str | None
    given_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Hold:
    photo_id: PhotoId
    attempt: int
    media_token: str
    made: list[dict[str, Any]]
    width: int
    height: int
    blurhash: str
    dominant_color: str

    @property
    def as_attempt(self) -> AttemptRow:
        # Whatever its audience is: what is held lies where only signed addresses lead.
        return AttemptRow(self.photo_id, self.attempt, 0, self.media_token, is_public=False)


async def hold(
    tx: Writing,
    attempt: AttemptRow,
    made: Sequence[VariantRow],
    *,
    width: int,
    height: int,
    blurhash: str,
    dominant_color: str,
    shot: Shot | None = None,
    is_asked: bool,
) -> bool:
    """Keep what was made until there is a verdict; False when the attempt came too late.

    Takes what `variants.finish` takes. *is_asked*: the moderation service is to be asked.
    """
    beginning = update(photos).where(variants.is_current(attempt)).values(crashes=0)
    if not await values(tx, beginning.returning(photos.c.id)):
        return False
    holding = upsert(holds).values(
        photo_id=attempt.photo_id,
        made=[row._asdict() for row in made],
        width=width,
        height=height,
        blurhash=blurhash,
        dominant_color=dominant_color,
    )
    # Two attempts that began at one moment have written the same objects.
    first = holding.on_conflict_do_nothing().returning(holds.c.photo_id)
    if not await values(tx, first):
        return True
    await shots.note(tx, attempt.photo_id, shot or Shot())
    await reports.open_case(tx, CaseKind.HELD_PHOTO, Subject(photo_id=attempt.photo_id))
    if is_asked:
        await jobs.ask_moderation(tx, attempt.photo_id)
    return True


async def decide(
    tx: Writing, id: PhotoId, verdict: Verdict, decider: Decider, reason: str = ""
) -> bool:
    """Let a held photo go live, or fail it for good; False when it is not held (any more)."""
    held = await _taken(tx, id)
    if held is None:
        return False
    if verdict is Verdict.ALLOW:
        await variants.finish(
            tx,
            held.as_attempt,
            _made(held.made),
            width=held.width,
            height=held.height,
            blurhash=held.blurhash,
            dominant_color=held.dominant_color,
        )
    else:
        code = PhotoFailureCode.REJECTED_BY_MODERATION
        await variants.fail(tx, held.as_attempt, code, _message(reason))
        await jobs.remove_for_good(tx, _keys(held.media_token, _made(held.made)))
    is_allowed = verdict is Verdict.ALLOW
    await _close(tx, id, is_removed=not is_allowed)
    action = LogAction.ALLOWED if is_allowed else LogAction.REJECTED
    await decisions.add(tx, decider, action, SubjectKind.PHOTO, id, reason=reason)
    return True


async def take_down(tx: Writing, id: PhotoId, decider: Decider, reason: str = "") -> bool:
    """Fail a photo that is live, with all its variants removed; False when it is not live."""
    live = select(*photo_rows.COLUMNS).where(
        photos.c.id == id, photos.c.status == PhotoStatus.READY
    )
    before = await fetch_one(tx, live.with_for_update(key_share=True), PhotoRow)
    if before is None:
        return False
    made = (await variants.of_photos(tx, [id])).get(id, [])
    await tx.execute(delete(variant_table).where(variant_table.c.photo_id == id))
    await tx.execute(delete(remakings).where(remakings.c.photo_id == id))
    failed = update(photos).where(photos.c.id == id).values(_rejected(reason))
    after = (await fetch(tx, failed.returning(*photo_rows.COLUMNS), PhotoRow))[0]
    token = (await values(tx, select(photos.c.media_token).where(photos.c.id == id)))[0]
    await photo_rows.count(tx, before, after)
    await replaced.withdraw(tx, [id])
    await jobs.remove_for_good(tx, _keys(token, made))
    await events.photo_changed(tx, id)
    await _close(tx, id, is_removed=True)
    await decisions.add(tx, decider, LogAction.TAKEN_DOWN, SubjectKind.PHOTO, id, reason=reason)
    return True


async def begin_asking(tx: Writing, id: PhotoId) -> Question | None:
    """What to ask the service about a photo, and counted as asked; None when it is not held."""
    asking = (
        update(holds)
        .where(holds.c.photo_id == id, holds.c.given_up_at.is_(None))
        .values(asked=holds.c.asked + 1)
        .returning(holds.c.message_id, holds.c.asked, holds.c.made)
    )
    row = (await tx.execute(asking)).first()
    return Question(row.message_id, id, row.asked, _made(row.made)) if row else None


async def asked_in_vain(tx: Writing, id: PhotoId, why: str, again_in: timedelta | None) -> None:
    """Note why the service gave no answer; ask it again then, or never."""
    given_up_at = func.now() if again_in is None else None
    noting = update(holds).where(holds.c.photo_id == id)
    noted = noting.values(last_error=why, given_up_at=given_up_at).returning(holds.c.photo_id)
    if await values(tx, noted) and again_in is not None:
        await jobs.ask_moderation(tx, id, after=again_in)


async def ask_again(tx: Writing) -> int:
    """Ask the service anew about all photos that it was given up for; how many they are."""
    again = update(holds).where(holds.c.given_up_at.is_not(None))
    ids = await values(tx, again.values(asked=0, given_up_at=None).returning(holds.c.photo_id))
    for id in ids:
        await jobs.ask_moderation(tx, id)
    return len(ids)


async def every_held(connection: AsyncConnection, at_most: int) -> list[HeldRow]:
    """Held photos, those first that have waited longest."""
    listed = select(
        holds.c.photo_id, holds.c.held_at, holds.c.asked, holds.c.last_error, holds.c.given_up_at
    )
    return await fetch(connection, listed.order_by(holds.c.held_at).limit(at_most), HeldRow)


async def made_for(
    connection: AsyncConnection, ids: Sequence[PhotoId]
) -> dict[PhotoId, list[VariantRow]]:
    """The variants of held photos, the narrowest first; for those alone who judge them."""
    held = select(holds.c.photo_id, holds.c.made).where(holds.c.photo_id.in_(ids))
    return {id: _made(made) for id, made in await connection.execute(held)}


async def _taken(tx: Writing, id: PhotoId) -> _Hold | None:
    # The photo is locked first, as whoever deletes it does.
    here = photos.c.id == id, photos.c.status == PhotoStatus.PROCESSING
    locked = select(photos.c.attempt, photos.c.media_token).where(*here)
    photo = (await tx.execute(locked.with_for_update(key_share=True))).first()
    row = (await tx.execute(delete(holds).where(holds.c.photo_id == id).returning(holds))).first()
    if photo is None or row is None:
        return None
    return _Hold(
        photo_id=id,
        attempt=photo.attempt,
        media_token=photo.media_token,
        made=row.made,
        width=row.width,
        height=row.height,
        blurhash=row.blurhash,
        dominant_color=row.dominant_color,
    )


async def _close(tx: Writing, id: PhotoId, *, is_removed: bool) -> None:
    outcome = CaseOutcome.REMOVED if is_removed else CaseOutcome.DISMISSED
    await reports.close(tx, cases.c.photo_id == id, outcome)


def _made(kept: Sequence[dict[str, Any]]) -> list[VariantRow]:
    # Older ones say also whose they are.
    told = [{name: each[name] for name in VariantRow._fields} for each in kept]
    rows = [VariantRow(**each | {"name": VariantName(each["name"])}) for each in told]
    return sorted(rows, key=lambda row: (row.width, row.byte_size))


def _keys(token: str, made: Sequence[VariantRow]) -> set[str]:
    return {*variants.every_key(token), *(row.key for row in made)}


def _message(reason: str) -> str:
    return f"{REJECTED} {reason}".strip()


def _rejected(reason: str) -> dict[str, object]:
    return {
        "status": PhotoStatus.FAILED,
        "failure_code": PhotoFailureCode.REJECTED_BY_MODERATION,
        "failure_message": _message(reason),
        "width": None,
        "height": None,
        "blurhash": None,
        "dominant_color": None,
    }
