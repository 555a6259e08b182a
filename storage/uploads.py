"""Uploads: promises of bytes, before they become photos."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Writing, columns, fetch, fetch_one
from storage.refusals import Conflict, Missing
from storage.rows import UploadId, UploadRow, UserId
from storage.tables import photos, uploads

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


async def add(
    tx: Writing,
    user_id: UserId,
    promise: Promise,
    idempotency_key: str | None,
    *,
    upload_ttl: timedelta,
    publish_ttl: timedelta,
) -> UploadRow:
    """A new upload; with an idempotency key that was used before, the upload of then.

    Raises Conflict when the key was used for other bytes.
    """
    making = (
        upsert(uploads)
        .values(
            user_id=user_id,
            staging_key=f"{STAGING_PREFIX}{secrets.token_hex(16)}",
            content_type=promise.content_type,
            byte_size=promise.byte_size,
            checksum_sha256=promise.checksum_sha256,
            filename=promise.filename,
            idempotency_key=idempotency_key,
            expires_at=func.now() + literal(upload_ttl),
            publish_until=func.now() + literal(publish_ttl),
        )
        .on_conflict_do_nothing(index_elements=["user_id", "idempotency_key"])
        .returning(*COLUMNS)
    )
    made = await fetch_one(tx, making, UploadRow)
    if made is None and idempotency_key is not None:
        return await _again(tx, user_id, promise, idempotency_key, upload_ttl)
    if made is None:
        raise AssertionError("an upload without an idempotency key cannot conflict")
    return made


async def _again(
    tx: Writing, user_id: UserId, promise: Promise, idempotency_key: str, upload_ttl: timedelta
) -> UploadRow:
    same_key = (uploads.c.user_id == user_id) & (uploads.c.idempotency_key == idempotency_key)
    # A client that comes back late can still send its bytes, unless they have become a photo.
    renewed_until = func.least(func.now() + literal(upload_ttl), uploads.c.publish_until)
    is_over = uploads.c.expires_at < func.now()
    is_published = select(photos.c.id).where(photos.c.upload_id == uploads.c.id).exists()
    await tx.execute(
        update(uploads).where(same_key, is_over, ~is_published).values(expires_at=renewed_until)
    )
    first = await fetch_one(tx, select(*COLUMNS).where(same_key), UploadRow)
    if first is None:
        raise Conflict("the upload of this idempotencyKey is gone", "input", "idempotencyKey")
    if not _promises(first, promise):
        raise Conflict("this idempotencyKey was used for another file", "input", "idempotencyKey")
    return first


def _promises(row: UploadRow, promise: Promise) -> bool:
    return (
        row.content_type == promise.content_type
        and row.byte_size == promise.byte_size
        and hmac.compare_digest(row.checksum_sha256, promise.checksum_sha256)
    )


async def by_ids(
    connection: AsyncConnection, ids: Sequence[UploadId], user_id: UserId
) -> dict[UploadId, UploadRow]:
    """The uploads among *ids* that are that user's."""
    own = select(*COLUMNS).where(uploads.c.id.in_(ids), uploads.c.user_id == user_id)
    return {row.id: row for row in await fetch(connection, own, UploadRow)}


async def require(
    connection: AsyncConnection, id: UploadId, user_id: UserId, *path: str
) -> UploadRow:
    """The upload, or Missing when it is not that user's."""
    found = await by_ids(connection, [id], user_id)
    if id not in found:
        raise Missing("there is no such upload", *path)
    return found[id]


async def is_over(connection: AsyncConnection, upload: UploadRow, *, arrived: bool) -> bool:
    """Whether the upload can no longer be published, by the database's clock.

    What has arrived waits until `publish_until`; what has not can only come until `expires_at`.
    """
    end = upload.publish_until if arrived else upload.expires_at
    return bool((await connection.execute(select(func.now() > literal(end)))).scalar_one())
