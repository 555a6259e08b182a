"""Uploads: promises of bytes, before they become photos."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Interval,
    LargeBinary,
    Text,
    Uuid,
    any_,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from storage import jobs, quotas, reads
from storage.database import Way, Writing, columns, fetch_one, values
from storage.quotas import UNLIMITED, Quota
from storage.reads import IDS, Read, first, rows_of, value
from storage.refusals import Conflict, Expired, Missing
from storage.rows import UploadId, UploadRow, UserId
from storage.tables import avatars, photos, uploads

COLUMNS = columns(uploads, UploadRow)
STAGING_PREFIX = "staging/"
ORIGINALS_PREFIX = "originals/"


@dataclass(frozen=True, slots=True)
class Promise:
    """What a client says it will send."""

    content_type: str
    byte_size: int
    checksum_sha256: bytes
    filename: str | None


_ROW: Final = rows_of(UploadRow)
# SQLAlchemy keeps the names of the columns for itself.
_MAKING: Final = (
    upsert(uploads)
    .values(
        user_id=value("user", Uuid()),
        staging_key=value("staging", Text()),
        content_type=value("type", Text()),
        byte_size=value("size", BigInteger()),
        checksum_sha256=value("checksum", LargeBinary()),
        filename=value("name", Text()),
        idempotency_key=value("key", Text()),
        expires_at=func.now() + value("upload_ttl", Interval()),
        publish_until=func.now() + value("publish_ttl", Interval()),
    )
    .on_conflict_do_nothing(index_elements=["user_id", "idempotency_key"])
    .returning(*COLUMNS)
)


async def add(
    tx: Writing,
    user_id: UserId,
    promise: Promise,
    idempotency_key: str | None,
    *,
    upload_ttl: timedelta,
    publish_ttl: timedelta,
    quota: Quota = UNLIMITED,
) -> UploadRow:
    """A new upload; with an idempotency key that was used before, the upload of then.

    Raises Conflict when the key was used for other bytes, and QuotaExceeded.
    """
    given = {
        "user": user_id,
        "staging": f"{STAGING_PREFIX}{secrets.token_hex(16)}",
        "type": promise.content_type,
        "size": promise.byte_size,
        "checksum": promise.checksum_sha256,
        "name": promise.filename,
        "key": idempotency_key,
        "upload_ttl": upload_ttl,
        "publish_ttl": publish_ttl,
    }
    made = [UploadRow(*row) for row in await tx.execute(_MAKING, given)]
    if not made and idempotency_key is not None:
        return await _again(tx, user_id, promise, idempotency_key, upload_ttl, quota)
    [row] = made
    await quotas.require(tx, user_id, quota, byte_size=row.byte_size, path=("input",))
    return row


async def _again(  # noqa: PLR0917 - The second half of `add`.
    tx: Writing,
    user_id: UserId,
    promise: Promise,
    idempotency_key: str,
    upload_ttl: timedelta,
    quota: Quota,
) -> UploadRow:
    same_key = (uploads.c.user_id == user_id) & (uploads.c.idempotency_key == idempotency_key)
    # A client that comes back late can still send its bytes, unless they have become a photo.
    renewed_until = func.least(func.now() + literal(upload_ttl), uploads.c.publish_until)
    is_over = uploads.c.expires_at < func.now()
    renewing = update(uploads).where(same_key, is_over, ~is_used())
    renewed = await values(tx, renewing.values(expires_at=renewed_until).returning(uploads.c.id))
    first = await fetch_one(tx, select(*COLUMNS).where(same_key), UploadRow)
    if first is None:
        raise Conflict("the upload of this idempotencyKey is gone", "input", "idempotencyKey")
    if not _promises(first, promise):
        raise Conflict("this idempotencyKey was used for another file", "input", "idempotencyKey")
    if renewed:
        await quotas.require(tx, user_id, quota, byte_size=first.byte_size, path=("input",))
    return first


def _promises(row: UploadRow, promise: Promise) -> bool:
    return (
        row.content_type == promise.content_type
        and row.byte_size == promise.byte_size
        and hmac.compare_digest(row.checksum_sha256, promise.checksum_sha256)
    )


_OWN: Final = Read.of(
    select(*COLUMNS).where(uploads.c.id == any_(IDS), uploads.c.user_id == value("user", Uuid())),
    _ROW,
)


async def by_ids(way: Way, ids: Sequence[UploadId], user_id: UserId) -> dict[UploadId, UploadRow]:
    """The uploads among *ids* that are that user's."""
    return {row.id: row for row in await reads.rows(way, _OWN, ids=ids, user=user_id)}


async def require(way: Way, id: UploadId, user_id: UserId, *path: str) -> UploadRow:
    """The upload, or Missing when it is not that user's."""
    found = await by_ids(way, [id], user_id)
    if id not in found:
        raise Missing("there is no such upload", *path)
    return found[id]


async def renew(
    tx: Writing, id: UploadId, user_id: UserId, *path: str, upload_ttl: timedelta, quota: Quota
) -> UploadRow:
    """The upload, whose bytes may come for a while from now on, as long as it can be published.

    Raises Missing, Expired, Conflict when it was used already, and QuotaExceeded.
    """
    own = (uploads.c.id == id) & (uploads.c.user_id == user_id)
    until = func.least(func.now() + literal(upload_ttl), uploads.c.publish_until)
    renewing = update(uploads).where(own, uploads.c.publish_until > func.now(), ~is_used())
    later = renewing.values(expires_at=func.greatest(uploads.c.expires_at, until))
    row = await fetch_one(tx, later.returning(*COLUMNS), UploadRow)
    if row is not None:
        await quotas.require(tx, user_id, quota, byte_size=row.byte_size, path=path)
        return row
    row = await require(tx, id, user_id, *path)
    if await is_over(tx, row, arrived=True):
        raise Expired("the upload has expired; create another one", *path)
    raise Conflict("the upload was used already", *path)


async def set_parts(
    tx: Writing, upload: UploadRow, parts_id: str, part_bytes: int
) -> UploadRow | None:
    """The upload as one that arrives in parts; None when it began to do so otherwise meanwhile."""
    is_same = uploads.c.parts_id.is_not_distinct_from(upload.parts_id)
    setting = update(uploads).where(uploads.c.id == upload.id, is_same)
    begun = setting.values(parts_id=parts_id, part_bytes=part_bytes)
    return await fetch_one(tx, begun.returning(*COLUMNS), UploadRow)


async def give_up(tx: Writing, id: UploadId, user_id: UserId, *path: str) -> None:
    """Take an upload back: what arrived is removed, and what still comes will be.

    Raises Missing, and Conflict when it was used already.
    """
    own = select(uploads.c.staging_key).where(uploads.c.id == id, uploads.c.user_id == user_id)
    staged = await values(tx, own.with_for_update())
    if not staged:
        raise Missing("there is no such upload", *path)
    # Asked once it is locked, for whoever makes a photo of it locks it, too.
    if await values(tx, select(uploads.c.id).where(uploads.c.id == id, is_used())):
        raise Conflict("the upload was used; delete what it became", *path)
    await tx.execute(delete(uploads).where(uploads.c.id == id))
    await jobs.remove_for_good(tx, staged)


def is_used() -> ColumnElement[bool]:
    """Whether the upload became a photo or an avatar."""
    is_photo = select(photos.c.id).where(photos.c.upload_id == uploads.c.id).exists()
    return is_photo | select(avatars.c.id).where(avatars.c.upload_id == uploads.c.id).exists()


_IS_OVER: Final = Read.of(select(func.now() > value("end", DateTime(timezone=True))), first)


async def is_over(way: Way, upload: UploadRow, *, arrived: bool) -> bool:
    """Whether the upload can no longer be published, by the database's clock.

    What has arrived waits until `publish_until`; what has not can only come until `expires_at`.
    """
    end = upload.publish_until if arrived else upload.expires_at
    [over] = await reads.rows(way, _IS_OVER, end=end)
    return bool(over)
