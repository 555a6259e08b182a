"""Uploads in parts: grants for each, which have come, and the whole that they make."""

import base64
from datetime import UTC, datetime
from typing import Final

import strawberry

from resolvers.checksums import sha256
from resolvers.context import Context, Info
from resolvers.ids import as_upload_id
from schema.uploads import (
    GrantUploadPartsInput,
    GrantUploadPartsPayload,
    HttpHeader,
    Upload,
    UploadPart,
    UploadPartInput,
    UploadParts,
    UploadRequest,
)
from storage import uploads
from storage.objects import Head, ObjectMissing
from storage.parts import CHECKSUM
from storage.refusals import Conflict, Invalid
from storage.rows import UploadRow

MOST: Final = 100
UPLOAD: Final = ("input", "uploadId")
PARTS: Final = ("input", "parts")


async def of_upload(upload: strawberry.Parent[Upload], info: Info) -> UploadParts | None:
    """How to send it in parts instead; null when it is not larger than one part."""
    row, size = upload.row, _part_bytes(info.context, upload.row)
    if row.byte_size <= size:
        return None
    return UploadParts(part_bytes=size, count=len(_sizes(row, size)), row=row)


async def arrived(of: strawberry.Parent[UploadParts], info: Info) -> list[int]:
    """The numbers of the parts that have arrived, in order."""
    row, objects = of.row, info.context.objects
    if row.parts_id is None:
        return []
    try:
        found = await objects.parts.arrived(row.staging_key, row.parts_id)
    except ObjectMissing:
        # They have been joined, or the store has dropped them.
        is_whole = await objects.head(row.staging_key) is not None
        return list(range(1, of.count + 1)) if is_whole else []
    return [part.number for part in found]


async def grant(info: Info, input: GrantUploadPartsInput) -> GrantUploadPartsPayload:
    """Get a presigned request for each of these parts of a large file, also again.

    The upload's `expiresAt` moves on with each call, up to a day after it was created.
    """
    context, viewer = info.context, info.context.signed_in().user_id
    rules = context.rules
    async with context.database.begin() as tx:
        renewed = await uploads.renew(
            tx,
            as_upload_id(input.upload_id, *UPLOAD),
            viewer,
            *UPLOAD,
            upload_ttl=rules.upload_ttl,
            quota=rules.quota,
        )
    wanted = _wanted(input, _sizes(renewed, _part_bytes(context, renewed)))
    row = await _begun(context, renewed)
    granted = [_granted(context, row, part.number, checksum) for part, checksum in wanted]
    return GrantUploadPartsPayload(upload=Upload.of(row), parts=granted)


async def joined(context: Context, upload: UploadRow) -> Head | None:
    """What the parts of an upload make together; None as long as some are missing."""
    if upload.parts_id is None or upload.part_bytes is None:
        return None
    of, key = context.objects.parts, upload.staging_key
    try:
        found = await of.arrived(key, upload.parts_id)
        sizes = {part.number: part.byte_size for part in found}
        if sizes != _sizes(upload, upload.part_bytes):
            return None
        await of.join(key, upload.parts_id, found)
    except ObjectMissing:
        # Another call has joined them, or the store has dropped them; the whole tells.
        pass
    return await context.objects.head(key)


async def _begun(context: Context, upload: UploadRow) -> UploadRow:
    """The upload as one that the store takes in parts."""
    objects, key = context.objects, upload.staging_key
    if upload.parts_id is not None and await _is_known(context, upload, upload.parts_id):
        return upload
    id = await objects.parts.begin(key, upload.content_type)
    async with context.database.begin() as tx:
        row = await uploads.set_parts(tx, upload, id, _part_bytes(context, upload))
    if row is not None:
        return row
    # Another call was first. Where that is unclear the parts are dropped with the upload.
    await objects.parts.abort(key, id)
    async with context.database.connect() as connection:
        return await uploads.require(connection, upload.id, upload.user_id, *UPLOAD)


async def _is_known(context: Context, upload: UploadRow, parts_id: str) -> bool:
    """Whether the store has not dropped the parts, as after a day or a loss.

    Raises Conflict when it has joined them.
    """
    try:
        await context.objects.parts.arrived(upload.staging_key, parts_id)
    except ObjectMissing:
        if await context.objects.head(upload.staging_key) is not None:
            raise Conflict("all parts have arrived; publish the upload", *UPLOAD) from None
        return False
    return True


def _wanted(
    input: GrantUploadPartsInput, sizes: dict[int, int]
) -> list[tuple[UploadPartInput, bytes]]:
    """Each part that is asked for with its checksum. Raises Invalid."""
    if len(sizes) == 1:
        raise Invalid("the file is not larger than one part; send its `request`", *UPLOAD)
    if not 1 <= len(input.parts) <= MOST:
        raise Invalid(f"there are {len(input.parts)} parts; a call takes 1 to {MOST}", *PARTS)
    for part in input.parts:
        if part.number not in sizes:
            raise Invalid(f"part {part.number} is none of 1 to {len(sizes)}", *PARTS)
    return [(part, sha256(part.checksum_sha256, *PARTS)) for part in input.parts]


def _granted(context: Context, row: UploadRow, number: int, checksum: bytes) -> UploadPart:
    if row.parts_id is None or row.part_bytes is None:
        raise AssertionError("an upload that has begun in parts knows them")
    byte_size = _sizes(row, row.part_bytes)[number]
    headers = {CHECKSUM: base64.b64encode(checksum).decode()}
    url = context.objects.parts.presigned_put(
        row.staging_key,
        row.parts_id,
        number,
        headers | {"Content-Length": str(byte_size)},
        row.expires_at - datetime.now(UTC),
    )
    return UploadPart(
        number=number,
        offset=(number - 1) * row.part_bytes,
        byte_size=byte_size,
        request=UploadRequest(
            method="PUT",
            url=url,
            headers=[HttpHeader(name=name, value=value) for name, value in headers.items()],
        ),
    )


def _part_bytes(context: Context, row: UploadRow) -> int:
    """The size of a part; once begun it stays, whatever the settings say later."""
    return row.part_bytes or context.rules.part_bytes


def _sizes(row: UploadRow, part_bytes: int) -> dict[int, int]:
    """The size of each part by its number."""
    offsets = range(0, row.byte_size, part_bytes)
    return {
        number: min(part_bytes, row.byte_size - offset)
        for number, offset in enumerate(offsets, start=1)
    }
