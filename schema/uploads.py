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
    "store. Content-Length, which HTTP clients add by themselves, must be the promised byteSize, "
    "of a part that of the part."
)
class UploadRequest:
    method: str = strawberry.field(description="The HTTP method.")
    url: str = strawberry.field(description="The presigned address; keep it to yourself.")
    headers: list[HttpHeader] = strawberry.field(
        description="To be sent exactly so: they are part of the signature."
    )


@strawberry.type(
    description="What a file may be. Which kind it is, is decided by its content; a picture that "
    "does not keep to the limits becomes a FAILED photo with a reason."
)
class UploadLimits:
    max_bytes: int = strawberry.field(
        description="The most bytes of a file; more are refused with TOO_LARGE."
    )
    max_pixels: int = strawberry.field(
        description="The most pixels, width times height, of a picture; more become "
        "TOO_MANY_PIXELS. Kinds that take much memory to decode, such as WebP, AVIF and "
        "progressive JPEG, may have fewer: the failure's message tells the figure."
    )
    content_types: list[str] = strawberry.field(
        description="What contentType may be; others are refused with UNSUPPORTED_TYPE."
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


@strawberry.type(
    description="How to send a large file in parts, each by a request of its own: ask for requests "
    "with `grantUploadParts`, send each part, and `publishPhoto` joins them. After a broken "
    "connection send what is not among `arrived`."
)
class UploadParts:
    part_bytes: int = strawberry.field(
        description="How many bytes each part has; the last one has the rest."
    )
    count: int = strawberry.field(description="How many parts there are, numbered from 1.")
    row: strawberry.Private[UploadRow]


@strawberry.type(description="A part of a file, and how to send it.")
class UploadPart:
    number: int = strawberry.field(description="Its number, from 1.")
    offset: int = strawberry.field(description="Where in the file it begins.")
    byte_size: int = strawberry.field(description="How many bytes it has.")
    request: UploadRequest = strawberry.field(
        description="The HTTP request to send it with, until the upload's `expiresAt`."
    )


@strawberry.input(description="Exactly which bytes a part has; its grant admits nothing else.")
class UploadPartInput:
    number: int = strawberry.field(description="Its number, from 1.")
    checksum_sha256: str = strawberry.field(
        name="checksumSha256", description="Base64 SHA-256 of the part's bytes."
    )


@strawberry.input(description="Which parts of an upload are to be sent now.")
class GrantUploadPartsInput:
    upload_id: strawberry.ID = strawberry.field(description="The upload.")
    parts: list[UploadPartInput] = strawberry.field(description="Up to 100 parts, in any order.")


@strawberry.input(
    description="Exactly what will be uploaded; the grant admits nothing else. idempotencyKey: "
    "the same key again returns the same upload."
)
class CreateUploadInput:
    content_type: str = strawberry.field(
        description="One of image/jpeg, image/png, image/webp, image/gif, image/avif, image/heic."
    )
    byte_size: int = strawberry.field(
        description="How many bytes the file has; `uploadLimits` says how many it may."
    )
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


@strawberry.type(description="Requests to send parts with, or what stood in the way.")
class GrantUploadPartsPayload:
    upload: Upload | None = strawberry.field(
        default=None, description="The upload, whose time is renewed; null when it was refused."
    )
    parts: list[UploadPart] = strawberry.field(
        default_factory=list, description="The parts that were asked for, in that order."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
