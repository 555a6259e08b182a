"""A large file sent in parts: what has arrived once is not sent again."""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from server.client.accounts import Account
from server.client.api import Refused, done
from server.client.retries import sent

GRANT = """mutation GrantUploadParts($input: GrantUploadPartsInput!) {
  grantUploadParts(input: $input) {
    parts { request { method url headers { name value } } } errors { code message }
  }
}"""


async def send_parts(
    account: Account, path: Path, upload: dict[str, Any], on_sent: Callable[[int], None]
) -> None:
    """Send what is missing of an upload, part by part. Raises Refused, Transient or OSError.

    *on_sent* is told how many more bytes have arrived, those of an earlier time among them.
    """
    part_bytes, arrived = upload["parts"]["partBytes"], set(upload["parts"]["arrived"])
    for number in range(1, upload["parts"]["count"] + 1):
        piece = await asyncio.to_thread(_piece, path, (number - 1) * part_bytes, part_bytes)
        if number not in arrived:
            await _send_part(account, upload["id"], number, piece)
        on_sent(len(piece))


async def _send_part(account: Account, upload_id: str, number: int, piece: bytes) -> None:
    request = await _granted(account, upload_id, number, piece)
    headers = {header["name"]: header["value"] for header in request["headers"]}

    async def send_once() -> httpx.Response:
        http = account.api.http
        putting = http.build_request(
            request["method"], request["url"], headers=headers, content=piece
        )
        return await sent(http, putting)

    response = await account.api.patience.insist(send_once)
    if not response.is_success:
        raise Refused("NOT_STORED", f"the store answered {response.status_code}")


async def _granted(account: Account, upload_id: str, number: int, piece: bytes) -> dict[str, Any]:
    checksum = base64.b64encode(hashlib.sha256(piece).digest()).decode()
    parts = [{"number": number, "checksumSha256": checksum}]
    answer = await account.ask(GRANT, input={"uploadId": upload_id, "parts": parts})
    request: dict[str, Any] = done(answer["grantUploadParts"])["parts"][0]["request"]
    return request


def _piece(path: Path, offset: int, byte_size: int) -> bytes:
    with path.open("rb") as opened:
        opened.seek(offset)
        return opened.read(byte_size)
