"""Uploads as a client does them, and what is asked about them."""

import asyncio
import base64
import hashlib
from dataclasses import dataclass

import httpx
from sqlalchemy import func, select, text, update

from schema.nodes import parsed
from storage.rows import PhotoId
from storage.tables import photos, uploads
from tests.conftest import Errors

CREATE = """
mutation($input: CreateUploadInput!) { createUpload(input: $input) {
  upload { id expiresAt request { method url headers { name value } } }
  errors { code message path }
} }
"""
PUBLISH = """
mutation($input: PublishPhotoInput!) { publishPhoto(input: $input) {
  photo { id status title caption altText tags visibility location { latitude longitude name } }
  errors { code message path }
} }
"""
GRANT = """
mutation($input: GrantUploadPartsInput!) { grantUploadParts(input: $input) {
  upload { id expiresAt }
  parts { number offset byteSize request { method url headers { name value } } }
  errors { code message path }
} }
"""
ABORT = "mutation($id: ID!) { abortUpload(id: $id) { deletedId errors { code message path } } }"
PARTS = """
query($id: ID!) { node(id: $id) { ... on Upload { parts { partBytes count arrived } } } }
"""
PHOTO = """
query($id: ID!) { node(id: $id) { ... on Photo {
  status width height blurhash dominantColor takenAt failure { code message retryable }
  variants { name url width height contentType byteSize }
} } }
"""
# The least that stores allow.
PART = 5 * 1024**2
ORIGINAL = "query($id: ID!) { node(id: $id) { ... on Photo { originalUrl } } }"


def digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def patient(ask):
    """*ask*, again while the server is too busy, as clients do."""

    async def asked(*arguments, **named):
        async with asyncio.timeout(60):
            while True:
                try:
                    return await ask(*arguments, **named)
                except Errors as errors:
                    if errors.codes != ["SERVICE_UNAVAILABLE"]:
                        raise
                    await asyncio.sleep(0.1)

    return asked


@dataclass(frozen=True, slots=True)
class Desk:
    """Uploads as a client does."""

    ask: object
    http: httpx.AsyncClient

    async def create(self, viewer, data, **changed):
        input = {
            "contentType": "image/jpeg",
            "byteSize": len(data),
            "checksumSha256": digest(data),
        } | changed
        return (await self.ask(CREATE, viewer=viewer, input=input))["createUpload"]

    async def put(self, upload, data):
        request = upload["request"]
        headers = {header["name"]: header["value"] for header in request["headers"]}
        return await self.http.request(
            request["method"], request["url"], headers=headers, content=data
        )

    async def grant(self, viewer, upload_id, **checksums):
        """Ask for parts by their numbers and checksums."""
        parts = [
            {"number": int(name.removeprefix("part")), "checksumSha256": checksum}
            for name, checksum in checksums.items()
        ]
        input = {"uploadId": upload_id, "parts": parts}
        return (await self.ask(GRANT, viewer=viewer, input=input))["grantUploadParts"]

    async def send_part(self, viewer, upload_id, number, data):
        """Send one part of the size that parts have here, as the file *data* has it."""
        begin = (number - 1) * PART
        piece = data[begin : begin + PART]
        granted = await self.grant(viewer, upload_id, **{f"part{number}": digest(piece)})
        assert granted["errors"] == []
        return await self.put(granted["parts"][0], piece)

    async def arrived(self, viewer, upload_id):
        parts = (await self.ask(PARTS, viewer=viewer, id=upload_id))["node"]["parts"]
        return parts["arrived"]

    async def abort(self, viewer, upload_id):
        return (await self.ask(ABORT, viewer=viewer, id=upload_id))["abortUpload"]

    async def publish(self, viewer, upload_id, **more):
        input = {"uploadId": upload_id, **more}
        return (await self.ask(PUBLISH, viewer=viewer, input=input))["publishPhoto"]

    async def publish_file(self, viewer, data, **more):
        upload = (await self.create(viewer, data))["upload"]
        assert (await self.put(upload, data)).status_code == 200
        answer = await self.publish(viewer, upload["id"], **more)
        assert answer["errors"] == []
        return answer["photo"]["id"]


def key_of(id: str) -> PhotoId:
    found = parsed(id)
    assert found is not None
    return PhotoId(found[1])


async def counted(database, query):
    async with database.connect() as connection:
        return (await connection.execute(query)).scalar_one()


async def jobs_of(database, id):
    query = text("select count(*) from pgqueuer where payload = :payload")
    return await counted(database, query.bindparams(payload=key_of(id).bytes))


async def nothing_is_published(database, owner):
    assert await counted(database, select(func.count()).where(photos.c.owner_id == owner.key)) == 0


async def expire(database, id, *, wholly=False):
    past = func.now() - text("interval '1 second'")
    over = {"expires_at": past} | ({"publish_until": past} if wholly else {})
    async with database.begin() as tx:
        await tx.execute(update(uploads).where(uploads.c.id == parsed(id)[1]).values(over))


async def code_of(desk, viewer, upload_id):
    answer = await desk.publish(viewer, upload_id)
    assert answer["photo"] is None
    assert answer["errors"][0]["path"] == ["input", "uploadId"]
    return answer["errors"][0]["code"]


async def failure_of(ask, viewer, id):
    node = (await ask(PHOTO, viewer=viewer, id=id))["node"]
    assert (node["status"], node["variants"]) == ("FAILED", [])
    return node["failure"]
