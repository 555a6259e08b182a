"""Variants from the bucket, for runs without a CDN or a public bucket in front.

An address never changes its bytes, so whoever got them may keep them for a year.
"""

import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from storage.objects import Head, ObjectMissing, Objects, StoreUnavailable
from storage.variants import MEDIA_PREFIX

PATH: Final = "/media/{token}/{name}"
_NAME: Final = re.compile(r"[0-9a-f]{32}/[a-z]{3,10}\.webp")
# Longer numbers than any object is are no range to us; Python refuses to read very long ones.
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII | re.IGNORECASE)
HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}
MISSING_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def route(objects: Objects) -> Route:
    """The route that streams variants."""

    async def serve(request: Request) -> Response:
        name = f"{request.path_params['token']}/{request.path_params['name']}"
        if not _NAME.fullmatch(name):
            return _missing()
        try:
            return await _answer(request, objects, f"{MEDIA_PREFIX}{name}")
        except ObjectMissing:
            return _missing()
        except StoreUnavailable:
            headers = MISSING_HEADERS | {"Retry-After": "1"}
            return PlainTextResponse("try again", HTTPStatus.SERVICE_UNAVAILABLE, headers)

    return Route(PATH, serve, methods=["GET", "HEAD"])


def _missing() -> Response:
    return PlainTextResponse("not found", HTTPStatus.NOT_FOUND, MISSING_HEADERS)


async def _answer(request: Request, objects: Objects, key: str) -> Response:
    head = await objects.head(key)
    if head is None:
        return _missing()
    headers = HEADERS | {"ETag": f'"{head.etag}"', "Content-Type": "image/webp"}
    if _is_known(request, head):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    wanted = _wanted(request, head)
    if wanted is None:
        unmet = headers | {"Content-Range": f"bytes */{head.byte_size}"}
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=unmet)
    status = HTTPStatus.OK
    if len(wanted) < head.byte_size:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{head.byte_size}"
    headers["Content-Length"] = str(len(wanted))
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_bytes(objects, key, wanted), status, headers)


def _is_known(request: Request, head: Head) -> bool:
    """Whether the client holds these bytes already."""
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or f'"{head.etag}"' in held


def _wanted(request: Request, head: Head) -> range | None:
    """The bytes that are asked for; None when there are no such bytes."""
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    condition = request.headers.get("if-range", f'"{head.etag}"')
    # A header that is no single range, or about other bytes, is ignored, as RFC 9110 wants it.
    is_about_these = request.method == "GET" and condition == f'"{head.etag}"'
    if asked is None or not any(asked.groups()) or not is_about_these:
        return range(head.byte_size)
    first, last = asked.groups()
    if not first:
        start, stop = max(0, head.byte_size - int(last)), head.byte_size
    else:
        start, stop = int(first), min(head.byte_size, int(last) + 1 if last else head.byte_size)
    return range(start, stop) if start < stop else None


async def _bytes(objects: Objects, key: str, wanted: range) -> AsyncIterator[bytes]:
    async with objects.stream(key, wanted.start, len(wanted)) as chunks:
        async for chunk in chunks:
            yield chunk
