"""Photos: what is known of them; their bytes are in `objects`, their sizes in `variants`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Uuid, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import reads, shots, writes
from storage.along import Along, Wide, page_of_each_along
from storage.database import Way, Writing, columns, fetch, fetch_one
from storage.edges import MOST_KEPT, Edges, Listed
from storage.pages import (
    any_page,
    asked,
    newest_first,
    page_by_time,
    pages,
)
from storage.reads import Read, among, first, listed, rows_of, value
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
from storage.shots import Sharing
from storage.tables import avatars, photos, uploads, users
from storage.visibility import Asking, Viewer, visible_to

COLUMNS = columns(photos, PhotoRow)
# What is counted on a user's row of the photos they have.
COUNTS: Final = (
    "public_photo_count",
    "followers_photo_count",
    "own_photo_count",
    "own_byte_size",
)


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
    sharing: Sharing = field(default_factory=Sharing)


async def by_ids(
    way: Way, ids: Sequence[PhotoId], viewer: UserId | None, along: Along | None = None
) -> dict[PhotoId, PhotoRow]:
    """The photos among *ids* that *viewer* may see."""
    read = _by_ids(viewer is None, len(ids) == 1, along.wanted.photos if along else ())
    found = await read.rows(way, along, viewer=viewer, **listed(ids))
    return {row.id: row for row in found}


@lru_cache(MOST_KEPT)
def _by_ids(is_guest: bool, is_one: bool, edges: Edges) -> Wide[PhotoRow]:  # noqa: FBT001 - Told apart by them.
    def chosen(viewer: Asking) -> Select[Any]:
        return select(*COLUMNS).where(among(photos.c.id, is_one=is_one), visible_to(viewer))

    return Wide(chosen, PhotoRow, edges, is_guest=is_guest)


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


_UPLOAD: Final = value("upload_id", Uuid())
_ROW: Final = rows_of(PhotoRow)
_OF_UPLOAD: Final = Read.of(select(*COLUMNS).where(photos.c.upload_id == _UPLOAD), _ROW)


async def by_upload(way: Way, id: UploadId) -> PhotoRow | None:
    """The photo that was published from that upload, to be shown to its owner only."""
    found = await reads.rows(way, _OF_UPLOAD, upload_id=id)
    return found[0] if found else None


async def newest_public(
    way: Way, request: PageRequest, viewer: UserId | None, along: Along | None = None
) -> Page[PhotoRow]:
    """The public photos that *viewer* may see, newest first."""
    edges = along.wanted.photos if along else ()
    read = _newest_public(viewer is None, request.after is None, edges)
    found = await read.rows(way, along, viewer=viewer, **asked(request))
    return page_by_time(request, found)


@lru_cache(MOST_KEPT)
def _newest_public(is_guest: bool, is_first: bool, edges: Edges) -> Wide[PhotoRow]:  # noqa: FBT001 - As above.
    request = any_page(is_first=is_first)

    def one_page(viewer: Asking) -> Select[Any]:
        public = select(*COLUMNS).where(
            photos.c.status == PhotoStatus.READY,
            photos.c.visibility == Visibility.PUBLIC,
            visible_to(viewer),
        )
        return newest_first(public, photos.c.created_at, photos.c.id, request)

    return Wide(one_page, PhotoRow, edges, is_guest=is_guest)


async def by_owners(
    way: Way,
    owners: Sequence[UserId],
    request: PageRequest,
    viewer: UserId | None,
    along: Along | None = None,
) -> dict[UserId, Page[PhotoRow]]:
    """For each owner one page of the photos that *viewer* may see, newest first."""
    edges = along.wanted.photos if along else ()
    read = _by_owners(viewer is None, request.after is None, edges)
    found = await read.rows(way, along, ids=owners, viewer=viewer, **asked(request))
    return pages(
        request, owners, ((row.owner_id, row, Cursor(row.created_at, row.id)) for row in found)
    )


@lru_cache(MOST_KEPT)
def _by_owners(is_guest: bool, is_first: bool, edges: Edges) -> Wide[PhotoRow]:  # noqa: FBT001 - As above.
    return page_of_each_along(ALONG, edges, is_guest=is_guest, is_first=is_first)


def _of_owner(owner: ColumnElement[Any], viewer: Viewer | None) -> Select[Any]:
    seen = select(*COLUMNS).where(photos.c.owner_id == owner, visible_to(viewer))
    return seen.correlate_except(photos)


# The photos of a user that the viewer sees.
ALONG: Final = Listed("photo_pages", _of_owner, PhotoRow)


_DRAFTED: Final = (
    "title",
    "caption",
    "alt_text",
    "tags",
    "latitude",
    "longitude",
    "location_name",
    "visibility",
)
_PROMISED: Final = ("content_type", "byte_size", "checksum_sha256", "filename")
_OWN: Final = ("owner_id", "upload_id", "original_key", "media_token")
_MAKING: Final = Read.of(
    upsert(photos)
    .values(
        **{name: value(name, photos.c[name].type) for name in (*_DRAFTED, *_PROMISED, *_OWN)},
        status=PhotoStatus.PROCESSING,
    )
    .on_conflict_do_nothing(index_elements=["upload_id"])
    .returning(*COLUMNS),
    _ROW,
)
_LOCK_UPLOAD: Final = (
    select(uploads.c.id).where(uploads.c.id == _UPLOAD).with_for_update(read=True, key_share=True)
)
_AVATAR: Final = Read.of(select(avatars.c.id).where(avatars.c.upload_id == _UPLOAD), first)


async def add(
    tx: Writing, upload: UploadRow, draft: Draft, *, original_key: str, media_token: str
) -> tuple[PhotoRow, bool]:
    """A photo that awaits its variants, and True.

    An upload becomes one photo: for one that was published before, that photo and False.
    Raises Missing when the upload is gone, as it is once its photo was deleted, and Conflict
    when it became an avatar.
    """
    if not (await tx.execute(_LOCK_UPLOAD, {"upload_id": upload.id})).all():
        raise Missing("there is no such upload", "input", "uploadId")
    if await writes.rows(tx, _AVATAR, upload_id=upload.id):
        became = "the upload became an avatar; create another one for the photo"
        raise Conflict(became, "input", "uploadId")
    made = await writes.rows(
        tx,
        _MAKING,
        **{name: getattr(draft, name) for name in _DRAFTED},
        **{name: getattr(upload, name) for name in _PROMISED},
        owner_id=upload.user_id,
        upload_id=upload.id,
        original_key=original_key,
        media_token=media_token,
    )
    if not made:
        before = await by_upload(tx, upload.id)
        if before is None:
            raise Missing("there is no such photo", "input", "uploadId")
        return before, False
    [row] = made
    await count(tx, None, row)
    await shots.begin(tx, row.id, draft.sharing)
    return row, True


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
    then, now = _counted(before), _counted(after)
    more = {column: now[column] - then[column] for column in now}
    await writes.rows(tx, _COUNTING, owner_id=row.owner_id, **more)


_COUNTING: Final = Read.of(
    update(users)
    .where(users.c.id == value("owner_id", Uuid()))
    .values({name: users.c[name] + value(name, users.c[name].type) for name in COUNTS}),
    first,
)


def _counted(row: PhotoRow | None) -> dict[str, int]:
    is_ready = row is not None and row.status is PhotoStatus.READY
    visibility = row.visibility if row and is_ready else Visibility.PRIVATE
    return {
        "public_photo_count": int(visibility is Visibility.PUBLIC),
        "followers_photo_count": int(visibility is not Visibility.PRIVATE),
        "own_photo_count": int(row is not None),
        "own_byte_size": row.byte_size if row else 0,
    }
