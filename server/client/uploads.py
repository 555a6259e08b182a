"""A file on this disk becomes a photo: announced, sent to the store, published."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypedDict

import httpx

from server.client.accounts import Account
from server.client.api import Refused, done
from server.client.parts import send_parts
from server.client.retries import sent

CONTENT_TYPES: Final = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jfif": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".heif": "image/heic",
}
CHUNK_BYTES: Final = 256 * 1024
MAX_FILENAME: Final = 255
# An upload that was begun and left for too long can never be published, so its key is used up.
MAX_KEYS: Final = 20

CHANGED: Final = Refused("CHANGED", "the file changed while it was being sent")

CREATE = """mutation CreateUpload($input: CreateUploadInput!) { createUpload(input: $input) {
  upload { id request { method url headers { name value } } parts { partBytes count arrived } }
  errors { code message }
} }"""
PUBLISH = """mutation Publish($input: PublishPhotoInput!) { publishPhoto(input: $input) {
  photo { id } errors { code message }
} }"""


class Place(TypedDict):
    latitude: float
    longitude: float
    name: str


@dataclass(frozen=True, slots=True)
class File:
    """A picture file as it is announced."""

    path: Path
    content_type: str
    byte_size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """What its owner says about a photo."""

    title: str
    caption: str = ""
    alt_text: str = ""
    tags: list[str] = field(default_factory=list)
    location: Place | None = None
    visibility: str = "PUBLIC"

    def input(self, upload_id: str) -> dict[str, Any]:
        """The input of publishPhoto."""
        return {
            "uploadId": upload_id,
            "title": self.title,
            "caption": self.caption,
            "altText": self.alt_text,
            "tags": self.tags,
            "location": self.location,
            "visibility": self.visibility,
        }


@dataclass(frozen=True, slots=True)
class Shared:
    """A published photo; it was sent now, or had been before."""

    photo_id: str
    was_sent: bool


async def announced(path: Path) -> File:
    """The file with its hash, read piece by piece. Raises OSError."""
    byte_size, sha256 = await asyncio.to_thread(_hashed, path)
    return File(path, CONTENT_TYPES[path.suffix.lower()], byte_size, sha256)


async def share(
    account: Account, file: File, draft: Draft, on_sent: Callable[[int], None]
) -> Shared:
    """Publish *file* once, however often this is called, with its bytes as what it is known by.

    *on_sent* is told how many more bytes have gone; fewer than none when they go again.
    Raises Refused, Transient or OSError.
    """
    name = f"import-{file.sha256.hex()}"
    for number in range(MAX_KEYS):
        try:
            return await _shared(account, file, draft, f"{name}-{number}", on_sent)
        except Refused as refusal:
            if refusal.code not in {"EXPIRED", "CONFLICT"} or number == MAX_KEYS - 1:
                raise
    raise AssertionError("the last try returns or raises")


async def _shared(
    account: Account, file: File, draft: Draft, key: str, on_sent: Callable[[int], None]
) -> Shared:
    upload = await _created(account, file, key)
    # The bytes may have come the last time. Asking costs little, and sending them again a lot.
    before = await _published_before(account, draft.input(upload["id"]))
    if before is not None:
        on_sent(file.byte_size)
        return Shared(before, was_sent=False)
    if upload["parts"]:
        await send_parts(account, file.path, upload, on_sent)
    else:
        await _send(account, file, upload["request"], on_sent)
    return Shared(await _published(account, draft.input(upload["id"])), was_sent=True)


async def _created(account: Account, file: File, key: str) -> dict[str, Any]:
    wanted = {
        "contentType": file.content_type,
        "byteSize": file.byte_size,
        "checksumSha256": base64.b64encode(file.sha256).decode(),
        "filename": printable(file.path.name)[:MAX_FILENAME],
        "idempotencyKey": key,
    }
    answer = await account.ask(CREATE, input=wanted)
    upload: dict[str, Any] = done(answer["createUpload"])["upload"]
    return upload


async def _published_before(account: Account, wanted: dict[str, Any]) -> str | None:
    try:
        return await _published(account, wanted)
    except Refused as refusal:
        if refusal.code != "MISSING_OBJECT":
            raise
        return None


async def _published(account: Account, wanted: dict[str, Any]) -> str:
    answer = await account.ask(PUBLISH, input=wanted)
    return str(done(answer["publishPhoto"])["photo"]["id"])


async def _send(
    account: Account, file: File, request: dict[str, Any], on_sent: Callable[[int], None]
) -> None:
    headers = {header["name"]: header["value"] for header in request["headers"]}
    # With the length given, httpx sends the pieces plainly; stores refuse the chunked encoding.
    headers["Content-Length"] = str(file.byte_size)

    async def send_once() -> httpx.Response:
        gone = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal gone
            with file.path.open("rb") as opened:
                while piece := opened.read(CHUNK_BYTES):
                    if gone + len(piece) > file.byte_size:
                        raise CHANGED
                    yield piece
                    gone += len(piece)
                    on_sent(len(piece))
            if gone < file.byte_size:
                raise CHANGED

        http = account.api.http
        putting = http.build_request(
            request["method"], request["url"], headers=headers, content=pieces()
        )
        try:
            return await sent(http, putting)
        except BaseException:
            on_sent(-gone)
            raise

    response = await account.api.patience.insist(send_once)
    if not response.is_success:
        raise Refused("NOT_STORED", f"the store answered {response.status_code}")


def _hashed(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").digest()
        return opened.tell(), digest


def printable(text: str) -> str:
    """*text* without what a file name may hold and an API refuses."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
