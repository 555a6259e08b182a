"""Requests of the server's own, signed as it signs those of clients.

minio-py has no public way to some of them, and makes two of others. Source: CopyObject in the
Amazon S3 API reference; a refusal may come under a good status.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

import urllib3
from minio.error import S3Error

from storage.presign import Keys, presigned

GOOD_FOR_S: Final = 60


@dataclass(frozen=True, slots=True)
class Signed:
    """The way to one bucket at *address*, which ends without a slash."""

    address: str
    keys: Keys
    http: urllib3.PoolManager
    now: Callable[[], datetime]

    def ask(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes = b"",
    ) -> ET.Element:
        """What the store answers; it blocks. Raises S3Error, and what urllib3 raises."""
        url = presigned(
            method,
            f"{self.address}{path}",
            self.keys,
            headers=headers,
            parameters=parameters,
            now=self.now(),
            expires_in_s=GOOD_FOR_S,
        )
        sent = {**headers, "Host": urlsplit(url).netloc}
        return _understood(self.http.urlopen(method, url, headers=sent, body=body), path)

    def copy(self, source: str, target: str, headers: Mapping[str, str]) -> None:
        """Copy an object of up to 5 GiB, with these headers; errors are those of `ask`.

        minio-py asks for its size before, for which a store on plain files reads all of it.
        """
        bucket = urlsplit(self.address).path
        origin = {"x-amz-copy-source": f"{bucket}/{quoted(source)}"}
        self.ask("PUT", f"/{quoted(target)}", {}, origin | dict(headers))


def quoted(key: str) -> str:
    """A key as a path has it."""
    return quote(key, safe="/-_.~")


def _understood(answer: urllib3.BaseHTTPResponse, path: str) -> ET.Element:
    """The answer. Raises S3Error for a refusal, which may come late, under a good status."""
    if answer.status == HTTPStatus.NO_CONTENT:
        return ET.Element("Nothing")
    try:
        # The store is ours, and expat refuses entities that grow without end.
        # A store may send white space before it, lest the connection seem dead.
        root = ET.fromstring(answer.data.strip())  # noqa: S314
    except ET.ParseError:
        root = ET.Element("Error")
    if answer.status < HTTPStatus.BAD_REQUEST and not root.tag.endswith("Error"):
        return root
    code = root.findtext("{*}Code") or str(answer.status)
    raise S3Error(answer, code, root.findtext("{*}Message"), path, None, None)
