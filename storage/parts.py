"""Objects that arrive in parts, each by a presigned request of its own.

Source: CreateMultipartUpload, UploadPart, ListParts, CompleteMultipartUpload,
AbortMultipartUpload and ListMultipartUploads in the Amazon S3 API reference; minio-py has no
public way to these.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol
from xml.etree import ElementTree as ET

from minio.error import S3Error

from storage.presign import Keys, presigned
from storage.signed import Signed

# What a store allows for any part but the last.
LEAST_BYTES: Final = 5 * 1024**2
# A store lists so many parts at once; no upload here has more.
MOST: Final = 1_000
CHECKSUM: Final = "x-amz-checksum-sha256"


@dataclass(frozen=True, slots=True)
class Part:
    """A part that has arrived; a store that checks no SHA-256 keeps none."""

    number: int
    byte_size: int
    etag: str
    checksum_sha256: str | None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An object that was begun in parts and is not there yet."""

    key: str
    id: str
    begun_at: datetime


class Call(Protocol):
    """Runs what blocks off the event loop, and knows the errors of a store."""

    def __call__(self, work: Callable[[], Any], /) -> Awaitable[Any]: ...


class Parts:
    """The objects of a bucket that are on their way in parts; clients reach it at *public*."""

    def __init__(
        self,
        public: str,
        keys: Keys,
        signed: Signed,
        now: Callable[[], datetime],
        call: Call,
    ) -> None:
        self._public = public
        self._keys = keys
        self._signed = signed
        self._now = now
        self._call = call

    async def begin(self, key: str, content_type: str) -> str:
        """The id of a new object in parts, each of which comes with its SHA-256."""
        headers = {"Content-Type": content_type, "x-amz-checksum-algorithm": "SHA256"}
        answer = await self._asked("POST", f"/{key}", {"uploads": ""}, headers)
        return _text(answer, "UploadId")

    def presigned_put(
        self, key: str, id: str, number: int, headers: Mapping[str, str], expires_in: timedelta
    ) -> str:
        """A URL that takes that one part with these headers, until it expires."""
        return presigned(
            "PUT",
            f"{self._public}/{key}",
            self._keys,
            headers=headers,
            parameters={"partNumber": str(number), "uploadId": id},
            now=self._now(),
            expires_in_s=max(1, int(expires_in.total_seconds())),
        )

    async def arrived(self, key: str, id: str) -> list[Part]:
        """The parts that are there, in order. Raises ObjectMissing when the id is gone."""
        answer = await self._asked("GET", f"/{key}", {"uploadId": id})
        return [
            Part(
                int(_text(part, "PartNumber")),
                int(_text(part, "Size")),
                _text(part, "ETag"),
                part.findtext("{*}ChecksumSHA256"),
            )
            for part in answer.findall("{*}Part")
        ]

    async def join(self, key: str, id: str, parts: Sequence[Part]) -> None:
        """Make one object of its parts. Raises ObjectMissing when the id is gone."""
        await self._asked("POST", f"/{key}", {"uploadId": id}, body=_joining(parts))

    async def abort(self, key: str, id: str) -> None:
        """Drop the parts that came, and take no more. Raises ObjectMissing when the id is gone."""
        await self._asked("DELETE", f"/{key}", {"uploadId": id})

    async def unfinished(
        self, prefix: str, older_than: timedelta = timedelta(0)
    ) -> list[Unfinished]:
        """What was begun before that under keys that start so, and is not there yet.

        MinIO tells of a whole key alone, and drops by itself what is older than a day.
        """
        found: list[Unfinished] = []
        markers: dict[str, str] = {}
        while True:
            answer: ET.Element = await self._call(partial(self._list, prefix, markers))
            found += [_unfinished(upload) for upload in answer.findall("{*}Upload")]
            if answer.findtext("{*}IsTruncated") != "true":
                return [each for each in found if each.begun_at <= self._now() - older_than]
            markers = {
                "key-marker": _text(answer, "NextKeyMarker"),
                "upload-id-marker": _text(answer, "NextUploadIdMarker"),
            }

    def _list(self, prefix: str, markers: Mapping[str, str]) -> ET.Element:
        try:
            return self._signed.ask("GET", "", {"uploads": "", "prefix": prefix, **markers}, {})
        except S3Error as error:
            # rclone says so of a bucket in which nothing was ever begun.
            if error.code == "NoSuchUpload":
                return ET.Element("Nothing")
            raise

    async def _asked(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> ET.Element:
        asking = partial(self._signed.ask, method, path, parameters, headers or {}, body)
        answer: ET.Element = await self._call(asking)
        return answer


def _joining(parts: Sequence[Part]) -> bytes:
    root = ET.Element("CompleteMultipartUpload")
    for part in parts:
        element = ET.SubElement(root, "Part")
        ET.SubElement(element, "PartNumber").text = str(part.number)
        ET.SubElement(element, "ETag").text = part.etag
        if part.checksum_sha256 is not None:
            ET.SubElement(element, "ChecksumSHA256").text = part.checksum_sha256
    return ET.tostring(root)


def _unfinished(upload: ET.Element) -> Unfinished:
    begun_at = datetime.fromisoformat(_text(upload, "Initiated"))
    return Unfinished(_text(upload, "Key"), _text(upload, "UploadId"), begun_at)


def _text(element: ET.Element, name: str) -> str:
    text = element.findtext(f"{{*}}{name}")
    if text is None:
        raise ValueError(f"the store's answer has no {name}")
    return text
