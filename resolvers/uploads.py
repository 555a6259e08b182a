"""Uploads: the grant to send bytes to the store, and whether they have come."""

import base64
from datetime import UTC, datetime
from typing import Annotated, Final

import strawberry

from resolvers.checksums import sha256
from resolvers.context import Info, Rules
from resolvers.extend import costs
from resolvers.ids import as_upload_id
from resolvers.texts import line
from schema.deletions import DeletePayload
from schema.nodes import global_id
from schema.uploads import (
    CreateUploadInput,
    CreateUploadPayload,
    HttpHeader,
    Upload,
    UploadLimits,
    UploadRequest,
)
from storage import uploads
from storage.refusals import Invalid, TooLarge, UnsupportedType, together
from storage.uploads import Promise

CONTENT_TYPES: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/heic"}
)
UploadIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The upload's id.")]
MAX_FILENAME: Final = 255
MAX_KEY: Final = 255


async def create(info: Info, input: CreateUploadInput) -> CreateUploadPayload:
    """Announce a file and get a presigned request to send it with, straight to the store.

    `uploadLimits` says how many bytes and pixels it may have: 50 MiB and 100 megapixels unless
    the operator chose otherwise.
    """
    viewer = info.context.signed_in().user_id
    rules = info.context.rules
    promise, key = _promise(input, rules), _idempotency_key(input)
    async with info.context.database.begin() as tx:
        row = await uploads.add(
            tx,
            viewer,
            promise,
            key,
            upload_ttl=rules.upload_ttl,
            publish_ttl=rules.publish_ttl,
            quota=rules.quota,
        )
    return CreateUploadPayload(upload=Upload.of(row))


@costs(1)
def limits(info: Info) -> UploadLimits:
    """What a file may be: the same for everybody, and no question of what one has already."""
    rules = info.context.rules
    return UploadLimits(
        max_bytes=rules.max_upload_bytes,
        max_pixels=rules.max_pixels,
        content_types=sorted(CONTENT_TYPES),
    )


async def abort(info: Info, id: UploadIdArgument) -> DeletePayload:
    """Take back an upload that became nothing: its bytes are removed, its quota is free again."""
    viewer = info.context.signed_in().user_id
    key = as_upload_id(id)
    async with info.context.database.begin() as tx:
        await uploads.give_up(tx, key, viewer, "id")
    return DeletePayload(deleted_id=global_id("upload", key))


async def request(upload: strawberry.Parent[Upload], info: Info) -> UploadRequest:
    """The HTTP request to send the bytes with, until `expiresAt`."""
    row = upload.row
    headers = {
        "Content-Type": row.content_type,
        "x-amz-checksum-sha256": base64.b64encode(row.checksum_sha256).decode(),
    }
    url = info.context.objects.presigned_put(
        row.staging_key,
        headers | {"Content-Length": str(row.byte_size)},
        row.expires_at - datetime.now(UTC),
    )
    return UploadRequest(
        method="PUT",
        url=url,
        headers=[HttpHeader(name=name, value=value) for name, value in headers.items()],
    )


def _promise(input: CreateUploadInput, rules: Rules) -> Promise:
    content_type, byte_size, checksum, filename = together(
        lambda: _content_type(input),
        lambda: _byte_size(input, rules),
        lambda: sha256(input.checksum_sha256, "input"),
        lambda: _filename(input),
    )
    return Promise(content_type, byte_size, checksum, filename)


def _content_type(input: CreateUploadInput) -> str:
    if input.content_type not in CONTENT_TYPES:
        known = ", ".join(sorted(CONTENT_TYPES))
        raise UnsupportedType(f"contentType must be one of {known}", "input", "contentType")
    return input.content_type


def _byte_size(input: CreateUploadInput, rules: Rules) -> int:
    if input.byte_size < 1:
        raise Invalid(
            "byteSize must be at least 1: an empty file is no picture", "input", "byteSize"
        )
    if input.byte_size > rules.max_upload_bytes:
        raise TooLarge(
            f"the file has {input.byte_size:,} bytes; the most is {rules.max_upload_bytes:,}",
            "input",
            "byteSize",
        )
    return input.byte_size


def _filename(input: CreateUploadInput) -> str | None:
    name = line(input.filename or "", MAX_FILENAME, "input", "filename")
    return name or None


def _idempotency_key(input: CreateUploadInput) -> str | None:
    if input.idempotency_key is None:
        return None
    key = line(input.idempotency_key, MAX_KEY, "input", "idempotencyKey")
    if not key:
        raise Invalid("idempotencyKey must not be empty", "input", "idempotencyKey")
    return key
