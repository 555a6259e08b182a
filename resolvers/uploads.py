"""Uploads: the grant to send bytes to the store, and whether they have come."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Final

import strawberry

from resolvers.context import Info, Rules
from resolvers.texts import line
from schema.uploads import (
    CreateUploadInput,
    CreateUploadPayload,
    HttpHeader,
    Upload,
    UploadRequest,
)
from storage import uploads
from storage.refusals import Invalid, TooLarge, UnsupportedType, together
from storage.uploads import Promise

CONTENT_TYPES: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/heic"}
)
SHA256_BYTES: Final = 32
MAX_FILENAME: Final = 255
MAX_KEY: Final = 255


async def create(info: Info, input: CreateUploadInput) -> CreateUploadPayload:
    """Announce a file and get a presigned request to send it with, straight to the store."""
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
        )
    return CreateUploadPayload(upload=Upload.of(row))


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
        lambda: _checksum(input),
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


def _checksum(input: CreateUploadInput) -> bytes:
    try:
        checksum = base64.b64decode(input.checksum_sha256, validate=True)
    except (binascii.Error, ValueError):
        checksum = b""
    if len(checksum) != SHA256_BYTES:
        raise Invalid(
            "checksumSha256 must be the SHA-256 of the bytes, 32 bytes in Base64",
            "input",
            "checksumSha256",
        )
    return checksum


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
