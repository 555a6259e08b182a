"""The bucket: every object of the service, by key.

Calls go through minio-py, which any S3 store answers. They block, so they run in a bounded
number of threads; presigning needs no I/O and happens where it is asked for.
"""

import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

import anyio.to_thread
import urllib3
from anyio import CancelScope, CapacityLimiter
from minio import Minio
from minio.error import MinioException, S3Error

from storage.parts import Parts
from storage.presign import Keys, attachment, presigned
from storage.signed import Signed, quoted
from storage.wire import is_no_answer, pool

Answer = TypeVar("Answer")

CHUNK_BYTES = 256 * 1024
THREADS = 16
LISTED = 1_000
MISSING = frozenset({"NoSuchKey", "NoSuchObject", "NoSuchUpload", "ResourceNotFound"})
OWNED = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class StoreUnavailable(Exception):
    """The object store cannot be reached, refuses us, or does not answer as an S3 store does."""


class ObjectMissing(Exception):
    """There is no object under that key."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the store is and how it is entered."""

    endpoint: str
    public_endpoint: str
    access_key: str
    secret_key: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Head:
    """What the store says about an object."""

    byte_size: int
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a listing says about an object."""

    key: str
    byte_size: int
    modified_at: datetime


class Objects:
    """The objects of one bucket."""

    def __init__(
        self, bucket: Bucket, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._bucket = bucket
        self._now = now
        self._keys = Keys(bucket.access_key, bucket.secret_key, bucket.region)
        self._threads: CapacityLimiter | None = None
        address = urlsplit(bucket.endpoint)
        http = pool(THREADS)
        self._client = Minio(
            address.netloc,
            access_key=bucket.access_key,
            secret_key=bucket.secret_key,
            secure=address.scheme == "https",
            region=bucket.region,
            http_client=http,
        )
        self._signed = Signed(f"{bucket.endpoint}/{bucket.name}", self._keys, http, now)
        public = f"{bucket.public_endpoint}/{bucket.name}"
        self.parts = Parts(public, self._keys, self._signed, now, self._call)

    async def ensure_bucket(self) -> bool:
        """Make the bucket unless it is there; True when it was made."""
        if await self._call(partial(self._client.bucket_exists, self._bucket.name)):
            return False
        try:
            await self._call(partial(self._client.make_bucket, self._bucket.name))
        except S3Error as error:
            if error.code in OWNED:
                return False
            raise
        return True

    async def is_reachable(self) -> bool:
        """Whether the store answers and has the bucket."""
        try:
            return await self._call(partial(self._client.bucket_exists, self._bucket.name))
        except (StoreUnavailable, S3Error):
            return False

    async def head(self, key: str) -> Head | None:
        """What is known of an object; None when there is none."""
        try:
            found = await self._call(partial(self._client.stat_object, self._bucket.name, key))
        except ObjectMissing:
            return None
        # A connection that ends among the headers looks as if there were no more of them.
        if "content-length" not in (found.metadata or {}):
            raise StoreUnavailable("the answer of the store was cut off")
        return Head(found.size or 0, found.content_type or "", found.etag or "")

    async def read(self, key: str, at_most_bytes: int) -> bytes:
        """The whole object. Raises ObjectMissing, and ValueError when it is larger than allowed."""
        return await self._call(partial(self._read, key, at_most_bytes))

    def _read(self, key: str, at_most_bytes: int) -> bytes:
        answer = self._client.get_object(self._bucket.name, key)
        try:
            data = answer.read(at_most_bytes + 1)
        finally:
            _let_go(answer)
        if len(data) > at_most_bytes:
            raise ValueError(f"{key} has more than {at_most_bytes} bytes")
        return data

    @asynccontextmanager
    async def stream(
        self, key: str, offset: int, length: int
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """*length* bytes of an object from *offset* on, in chunks. Raises ObjectMissing."""
        answer = await self._call(
            partial(self._client.get_object, self._bucket.name, key, offset, length)
        )
        try:
            yield self._chunks(answer.stream(CHUNK_BYTES))
        finally:
            # A cancellation leaves a thread behind that waits for bytes; closing waits for it.
            with CancelScope(shield=True):
                await self._call(partial(_let_go, answer))

    async def _chunks(self, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (chunk := await self._call(partial(next, chunks, b""))) != b"":
            yield chunk

    async def write(self, key: str, data: bytes, content_type: str) -> None:
        """Store an object that never changes; it is there whole or not at all."""
        await self._call(
            partial(
                self._client.put_object,
                self._bucket.name,
                key,
                io.BytesIO(data),
                len(data),
                content_type=content_type,
                metadata={"Cache-Control": "public, max-age=31536000, immutable"},
            )
        )

    async def write_file(self, key: str, file: BinaryIO, byte_size: int, content_type: str) -> None:
        """Store a file of any size, in parts where it is large; not for others to keep."""
        await self._call(
            partial(
                self._client.put_object,
                self._bucket.name,
                key,
                file,
                byte_size,
                content_type=content_type,
                metadata={"Cache-Control": "private, no-store"},
            )
        )

    async def copy(self, source: str, target: str) -> None:
        """Copy an object inside the store. Raises ObjectMissing when the source is gone."""
        await self._call(partial(self._signed.copy, source, target, {}))

    async def keep(self, source: str, target: str, content_type: str) -> None:
        """Like `copy`, of an object that a client wrote: its bytes alone, as of that type.

        A client can send more headers than were signed, and stores keep them with the object.
        """
        anew = {"x-amz-metadata-directive": "REPLACE", "x-amz-tagging-directive": "REPLACE"}
        headers = anew | {"Content-Type": content_type}
        await self._call(partial(self._signed.copy, source, target, headers))

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is removed already."""
        await self._call(partial(self._client.remove_object, self._bucket.name, key))

    async def discard(self, key: str) -> None:
        """Like `delete`, with the parts that came for an object that never was whole."""
        await self.delete(key)
        # Longer keys can begin with this one.
        begun = [each for each in await self.parts.unfinished(key) if each.key == key]
        for each in begun:
            with suppress(ObjectMissing):
                await self.parts.abort(key, each.id)

    async def keys(self, prefix: str) -> list[str]:
        """Every key that begins with *prefix*. For tests and audits: a bucket can be large."""

        def listed() -> list[str]:
            found = self._client.list_objects(self._bucket.name, prefix, recursive=True)
            return [entry.object_name for entry in found if entry.object_name]

        return await self._call(listed)

    async def entries(self, prefix: str, after: str = "") -> AsyncIterator[list[Entry]]:
        """Every object whose key begins with *prefix* and lies behind *after*, some at a time."""
        found = self._client.list_objects(
            self._bucket.name, prefix, recursive=True, start_after=after or None
        )

        def some() -> list[Entry]:
            return [
                Entry(each.object_name, each.size or 0, each.last_modified)
                for each in islice(found, LISTED)
                if each.object_name and each.last_modified
            ]

        while batch := await self._call(some):
            yield batch

    def presigned_put(self, key: str, headers: dict[str, str], expires_in: timedelta) -> str:
        """A URL that takes exactly one kind of PUT: with these headers, until it expires."""
        return presigned(
            "PUT",
            self._public_address(key),
            self._keys,
            headers=headers,
            now=self._now(),
            expires_in_s=max(1, int(expires_in.total_seconds())),
        )

    def presigned_get(
        self,
        key: str,
        expires_in: timedelta,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> str:
        """A URL to read an object with, until it expires.

        With a filename browsers save the object under that name instead of showing it.
        """
        parameters = {}
        if filename is not None:
            parameters["response-content-disposition"] = attachment(filename)
        if content_type is not None:
            parameters["response-content-type"] = content_type
        return presigned(
            "GET",
            self._public_address(key),
            self._keys,
            headers={},
            parameters=parameters,
            now=self._now(),
            expires_in_s=max(1, int(expires_in.total_seconds())),
        )

    def _public_address(self, key: str) -> str:
        return f"{self._bucket.public_endpoint}/{self._bucket.name}/{quoted(key)}"

    async def _call(self, work: Callable[[], Answer]) -> Answer:
        if self._threads is None:
            self._threads = CapacityLimiter(THREADS)
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        except S3Error as error:
            if error.code in MISSING:
                raise ObjectMissing from error
            if is_no_answer(error):
                raise StoreUnavailable(f"the store answers {error.code}") from error
            raise
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise StoreUnavailable("the object store cannot be reached") from error


def _let_go(answer: urllib3.BaseHTTPResponse) -> None:
    answer.close()
    answer.release_conn()
