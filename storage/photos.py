"""Photos: what is known of them; their bytes are in `objects`, their sizes in `variants`."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, columns, fetch, fetch_one, values
from storage.pages import each, newest_first, page, page_of_each, pages
from storage.refusals import Conflict, Missing, NotAllowed
from storage.rows import (
    Cursor,
    OriginalRow,
    Page,
    PageRequest,
    PhotoId,
    PhotoRow,
    PhotoStatus,
    UploadId,
    UploadRow,
    UserId,
    Visibility,
)
from storage.tables import avatars, photos, uploads, users
from storage.visibility import visible_to

COLUMNS = columns(photos, PhotoRow)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the owner says about a photo."""

    title: str
    caption: str
    alt_text: str
    tags: list[str]
    latitude: float | None
    longitude: float | None
    location_name: str | None
    visibility: Visibility


async def by_ids(
    connection: AsyncConnection, ids: Sequence[PhotoId], viewer: UserId | None
) -> dict[PhotoId, PhotoRow]:
    """The photos among *ids* that *viewer* may see."""
    seen = select(*COLUMNS).where(photos.c.id.in_(ids), visible_to(viewer))
    return {row.id: row for row in await fetch(connection, seen, PhotoRow)}


async def require_visible(
    connection: AsyncConnection, id: PhotoId, viewer: UserId | None
) -> PhotoRow:
    """The photo, or Missing when *viewer* may not see it."""
    found = await by_ids(connection, [id], viewer)
    if id not in found:
        raise Missing("there is no such photo", "id")
    return found[id]


async def lock(tx: Writing, id: PhotoId, viewer: UserId) -> PhotoRow | None:
    """The photo as it stays until the transaction ends; None when *viewer* may not see it.

    Whoever changes what is counted on a photo locks it first: counts stay exact, and two never
    wait for each other.
    """
    seen = select(*COLUMNS).where(photos.c.id == id, visible_to(viewer))
    return await fetch_one(tx, seen.with_for_update(key_share=True, of=photos), PhotoRow)


async def lock_live(tx: Writing, id: PhotoId, viewer: UserId, *path: str) -> PhotoRow:
    """Like `lock`, for what others respond to.

    Raises Missing, and NotAllowed for one's own photo that is not READY.
    """
    row = await lock(tx, id, viewer)
    if row is None:
        raise Missing("there is no such photo", *path)
    if row.status is not PhotoStatus.READY:
        raise NotAllowed("the photo is not live yet; likes and comments wait for READY", *path)
    return row


async def by_upload(connection: AsyncConnection, id: UploadId) -> PhotoRow | None:
    """The photo that was published from that upload, to be shown to its owner only."""
    return await fetch_one(connection, select(*COLUMNS).where(photos.c.upload_id == id), PhotoRow)


async def newest_public(
    connection: AsyncConnection, request: PageRequest, viewer: UserId | None
) -> Page[PhotoRow]:
    """The public photos that *viewer* may see, newest first."""
    public = select(*COLUMNS).where(
        photos.c.status == PhotoStatus.READY,
        photos.c.visibility == Visibility.PUBLIC,
        visible_to(viewer),
    )
    statement = newest_first(public, photos.c.created_at, photos.c.id, request)
    rows = await fetch(connection, statement, PhotoRow)
    return page(request, rows, [Cursor(row.created_at, row.id) for row in rows])


async def by_owners(
    connection: AsyncConnection,
    owners: Sequence[UserId],
    request: PageRequest,
    viewer: UserId | None,
) -> dict[UserId, Page[PhotoRow]]:
    """For each owner one page of the photos that *viewer* may see, newest first."""
    parents = each(owners)
    one_page = newest_first(
        select(*COLUMNS).where(photos.c.owner_id == parents.c.id, visible_to(viewer)),
        photos.c.created_at,
        photos.c.id,
        request,
    )
    rows = [PhotoRow(*row) for _, *row in await connection.execute(page_of_each(parents, one_page))]
    return pages(
        request, owners, ((row.owner_id, row, Cursor(row.created_at, row.id)) for row in rows)
    )


async def add(
    tx: Writing, upload: UploadRow, draft: Draft, *, original_key: str, media_token: str
) -> tuple[PhotoRow, bool]:
    """A photo that awaits its variants, and True.

    An upload becomes one photo: for one that was published before, that photo and False.
    Raises Missing when the upload is gone, as it is once its photo was deleted, and Conflict
    when it became an avatar.
    """
    here = select(uploads.c.id).where(uploads.c.id == upload.id)
    if not await values(tx, here.with_for_update(read=True, key_share=True)):
        raise Missing("there is no such upload", "input", "uploadId")
    if await values(tx, select(avatars.c.id).where(avatars.c.upload_id == upload.id)):
        became = "the upload became an avatar; create another one for the photo"
        raise Conflict(became, "input", "uploadId")
    making = (
        upsert(photos)
        .values(
            owner_id=upload.user_id,
            upload_id=upload.id,
            title=draft.title,
            caption=draft.caption,
            alt_text=draft.alt_text,
            tags=draft.tags,
            latitude=draft.latitude,
            longitude=draft.longitude,
            location_name=draft.location_name,
            visibility=draft.visibility,
            status=PhotoStatus.PROCESSING,
            original_key=original_key,
            content_type=upload.content_type,
            byte_size=upload.byte_size,
            checksum_sha256=upload.checksum_sha256,
            filename=upload.filename,
            media_token=media_token,
        )
        .on_conflict_do_nothing(index_elements=["upload_id"])
        .returning(*COLUMNS)
    )
    made = await fetch_one(tx, making, PhotoRow)
    if made is None:
        first = await by_upload(tx, upload.id)
        if first is None:
            raise Missing("there is no such photo", "input", "uploadId")
        return first, False
    await count(tx, None, made)
    return made, True


async def originals(
    connection: AsyncConnection, ids: Sequence[PhotoId]
) -> dict[PhotoId, OriginalRow]:
    """Where the untouched bytes of each photo are. For their owner and the worker only."""
    kept = select(
        photos.c.id,
        photos.c.owner_id,
        photos.c.original_key,
        photos.c.content_type,
        photos.c.byte_size,
        photos.c.checksum_sha256,
        photos.c.filename,
    ).where(photos.c.id.in_(ids))
    return {row.photo_id: row for row in await fetch(connection, kept, OriginalRow)}


async def count(tx: Writing, before: PhotoRow | None, after: PhotoRow | None) -> None:
    """Keep the owner's counts in step with a photo; None where it is not there yet, or any more.

    The photo's row is locked first, and then its owner's: two never wait for each other.
    """
    row = after or before
    if row is None:
        return
    owner = users.c.id == row.owner_id
    then, now = _counted(before), _counted(after)
    changed = {column: users.c[column] + now[column] - then[column] for column in now}
    await tx.execute(update(users).where(owner).values(changed))


def _counted(row: PhotoRow | None) -> dict[str, int]:
    is_ready = row is not None and row.status is PhotoStatus.READY
    visibility = row.visibility if row and is_ready else Visibility.PRIVATE
    return {
        "public_photo_count": int(visibility is Visibility.PUBLIC),
        "followers_photo_count": int(visibility is not Visibility.PRIVATE),
        "own_photo_count": int(row is not None),
    }
