"""Uploads as clients see them."""

from datetime import datetime
from typing import Self

import strawberry

from schema.errors import UserError
from schema.nodes import Node, global_id
from storage.rows import UploadRow


@strawberry.type(description="One header of an HTTP request.")
class HttpHeader:
    name: str = strawberry.field(description="The header's name.")
    value: str = strawberry.field(description="The header's value, exactly as it must be sent.")


@strawberry.type(
    description="Send the bytes with this method, URL and these headers, straight to the object "
    "store. Content-Length, which HTTP clients add by themselves, must be the promised byteSize."
)
class UploadRequest:
    method: str = strawberry.field(description="The HTTP method.")
    url: str = strawberry.field(description="The presigned address; keep it to yourself.")
    headers: list[HttpHeader] = strawberry.field(
        description="To be sent exactly so: they are part of the signature."
    )


@strawberry.type(description="A promise of bytes, to become a photo with `publishPhoto`.")
class Upload(Node):
    expires_at: datetime = strawberry.field(
        description="Until when the store accepts the bytes. What has arrived by then can be "
        "published for a day."
    )
    row: strawberry.Private[UploadRow]

    @classmethod
    def of(cls, row: UploadRow) -> Self:
        return cls(id=global_id("upload", row.id), expires_at=row.expires_at, row=row)


@strawberry.input(
    description="Exactly what will be uploaded; the grant admits nothing else. idempotencyKey: "
    "the same key again returns the same upload."
)
class CreateUploadInput:
    content_type: str = strawberry.field(
        description="One of image/jpeg, image/png, image/webp, image/gif, image/avif, image/heic."
    )
    byte_size: int = strawberry.field(description="How many bytes the file has.")
    checksum_sha256: str = strawberry.field(
        name="checksumSha256", description="Base64 SHA-256 of the bytes."
    )
    filename: str | None = strawberry.field(
        default=None, description="What the file is called, for downloading the original later."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Any text of yours, up to 255 characters, to repeat a call safely.",
    )


@strawberry.type(description="An upload, or what stood in the way.")
class CreateUploadPayload:
    upload: Upload | None = strawberry.field(
        default=None, description="The upload; null when it was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
