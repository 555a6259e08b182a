"""Variants from the bucket: public ones where no CDN or public bucket is in front, and the rest.

A public address never changes its bytes, so whoever got them may keep them for a year. Any other
is signed, and good for a few minutes: only who may see a photo is given one.
"""

import re
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from server.addresses import Addresses
from storage.avatars import PREFIX as AVATARS_PREFIX
from storage.objects import Head, ObjectMissing, Objects, StoreUnavailable
from storage.variants import ENDINGS, MEDIA_PREFIX, RESTRICTED_PREFIX

PUBLIC_PATH: Final = "/media/{token}/{name}"
RESTRICTED_PATH: Final = "/restricted/{token}/{name}"
AVATARS_PATH: Final = "/media/avatars/{token}/{name}"
_NAME: Final = re.compile(r"[0-9a-f]{32}/(?:[a-z]{3,10}\.(?:webp|jpg)|[0-9]{2,4}\.webp)")
_TYPES: Final = {ending: kind.value for kind, ending in ENDINGS.items()}
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
EXPIRED: Final = "the address is not valid, or no longer; ask the API for the photo again"
MISSING_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def public(objects: Objects) -> Route:
    """The route that streams the variants that are for everybody."""

    async def serve(request: Request) -> Response:
        return await _served(request, objects, MEDIA_PREFIX, HEADERS)

    return Route(PUBLIC_PATH, serve, methods=["GET", "HEAD"])


def avatars(objects: Objects) -> Route:
    """The route that streams avatars, which are for everybody, as public variants are."""

    async def serve(request: Request) -> Response:
        return await _served(request, objects, AVATARS_PREFIX, HEADERS)

    return Route(AVATARS_PATH, serve, methods=["GET", "HEAD"])


def restricted(objects: Objects, addresses: Addresses) -> Route:
    """The route that streams the other variants, to those who were given a signed address."""

    async def serve(request: Request) -> Response:
        given = request.query_params
        left_s = addresses.seconds_left(
            _path(request), given.get("until", ""), given.get("signature", "")
        )
        if not left_s:
            return PlainTextResponse(EXPIRED, HTTPStatus.FORBIDDEN, MISSING_HEADERS)
        kept = {"Cache-Control": f"private, max-age={left_s}, immutable"}
        return await _served(request, objects, RESTRICTED_PREFIX, HEADERS | kept)

    return Route(RESTRICTED_PATH, serve, methods=["GET", "HEAD"])


def _path(request: Request) -> str:
    return f"{request.path_params['token']}/{request.path_params['name']}"


async def _served(
    request: Request, objects: Objects, prefix: str, headers: Mapping[str, str]
) -> Response:
    path = _path(request)
    if not _NAME.fullmatch(path):
        return _missing()
    try:
        return await _answer(request, objects, f"{prefix}{path}", headers)
    except ObjectMissing:
        return _missing()
    except StoreUnavailable:
        later = MISSING_HEADERS | {"Retry-After": "1"}
        return PlainTextResponse("try again", HTTPStatus.SERVICE_UNAVAILABLE, later)


def _missing() -> Response:
    return PlainTextResponse("not found", HTTPStatus.NOT_FOUND, MISSING_HEADERS)


async def _answer(
    request: Request, objects: Objects, key: str, kept: Mapping[str, str]
) -> Response:
    head = await objects.head(key)
    if head is None:
        return _missing()
    headers = {**kept, "ETag": f'"{head.etag}"', "Content-Type": _TYPES[key.rpartition(".")[2]]}
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
