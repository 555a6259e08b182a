"""What an owner does with a photo later: change it, have it tried again, delete it."""

from typing import TypedDict

from sqlalchemy import delete, select, update

from storage import events, jobs, notifications, replaced, variants
from storage import photos as photo_rows
from storage.database import Writing, fetch, values
from storage.photos import COLUMNS
from storage.refusals import Missing, NotAllowed
from storage.rows import RETRYABLE, PhotoId, PhotoRow, PhotoStatus, UserId, Visibility
from storage.tables import photos, uploads


class Edit(TypedDict, total=False):
    """What an owner says anew about a photo; what is absent stays as it is."""

    title: str
    caption: str
    alt_text: str
    tags: list[str]
    latitude: float | None
    longitude: float | None
    location_name: str | None
    visibility: Visibility


async def lock_own(tx: Writing, id: PhotoId, viewer: UserId, *path: str) -> PhotoRow:
    """The photo as it stays until the transaction ends, of one who may change it.

    Raises Missing for a photo that *viewer* may not see, NotAllowed for somebody else's.
    """
    row = await photo_rows.lock(tx, id, viewer)
    if row is None:
        raise Missing("there is no such photo", *path)
    if row.owner_id != viewer:
        raise NotAllowed("the photo is somebody else's; only its owner may do this", *path)
    return row


async def apply(tx: Writing, before: PhotoRow, edit: Edit) -> PhotoRow:
    """The photo with an edit made; the caller has locked it.

    Its variants are moved when it is for everybody no longer, or from now on.
    """
    if not edit:
        return before
    changing = update(photos).where(photos.c.id == before.id).values(**edit)
    row = (await fetch(tx, changing.returning(*COLUMNS), PhotoRow))[0]
    if row.visibility is not before.visibility:
        await photo_rows.count(tx, before, row)
        # One that is not READY has no variants yet; who finishes it looks at the audience of then.
        if Visibility.PUBLIC in {row.visibility, before.visibility}:
            await jobs.move_variants(tx, row.id)
    return row


async def retry(tx: Writing, id: PhotoId, viewer: UserId) -> PhotoRow:
    """Have a photo that FAILED tried again; again changes nothing.

    Raises Missing, and NotAllowed where trying again cannot help.
    """
    row = await lock_own(tx, id, viewer, "id")
    if row.failure_code is None:
        return row
    if row.failure_code not in RETRYABLE:
        raise NotAllowed("trying again cannot help; upload the picture again as a new photo", "id")
    again = {"status": PhotoStatus.PROCESSING, "failure_code": None, "failure_message": None}
    trying = update(photos).where(photos.c.id == id).values(crashes=0, **again)
    row = (await fetch(tx, trying.returning(*COLUMNS), PhotoRow))[0]
    await jobs.make_variants(tx, id)
    await events.photo_changed(tx, id)
    return row


async def remove(tx: Writing, id: PhotoId, viewer: UserId) -> None:
    """Delete a photo with all that hangs on it, its upload and its objects.

    Raises Missing for a photo that *viewer* may not see, NotAllowed for somebody else's.
    """
    # Who publishes the upload once more locks it first, too, and then finds it gone.
    of_photo = select(photos.c.upload_id).where(photos.c.id == id, photos.c.owner_id == viewer)
    ending = delete(uploads).where(uploads.c.id.in_(of_photo)).returning(uploads.c.staging_key)
    staged = await values(tx, ending)
    row = await lock_own(tx, id, viewer, "id")
    made = (await variants.of_photos(tx, [id])).get(id, [])
    await photo_rows.count(tx, row, None)
    await notifications.withdraw_photos(tx, [id])
    await replaced.withdraw(tx, [id])
    removing = delete(photos).where(photos.c.id == id)
    places = removing.returning(photos.c.original_key, photos.c.media_token)
    original_key, media_token = (await tx.execute(places)).one()
    keys = {original_key, *staged, *variants.every_key(media_token), *(each.key for each in made)}
    # A worker that writes variants right now takes them back, unless it is killed before it can.
    await jobs.remove_for_good(tx, keys)
