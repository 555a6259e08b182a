"""Variants as browsers and CDNs fetch them."""

import hashlib
import secrets
from dataclasses import dataclass

import pytest

from server.media import HEADERS
from storage.objects import Objects
from storage.rows import VariantName
from storage.variants import key
from tests.http.asgi import asked

IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Stored:
    path: str
    data: bytes
    etag: str


@pytest.fixture
async def variant(objects):
    token, data = secrets.token_hex(16), secrets.token_bytes(1000)
    await objects.write(key(token, VariantName.THUMB), data, "image/webp")
    # MD5 is what an S3 store calls an object that came in one piece.
    return Stored(f"/media/{token}/thumb.webp", data, f'"{hashlib.md5(data).hexdigest()}"')


async def test_a_variant_may_be_kept_for_ever_and_does_nothing_as_a_page(client, variant):
    answer = await client.get(variant.path, headers={"Origin": "https://example.org"})

    assert answer.status_code == 200
    assert answer.content == variant.data
    assert {
        name: value
        for name, value in answer.headers.items()
        if name not in {"x-request-id", "access-control-expose-headers"}
    } == {
        "content-type": "image/webp",
        "content-length": "1000",
        "etag": variant.etag,
        "cache-control": IMMUTABLE,
        "accept-ranges": "bytes",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "cross-origin",
        "vary": "Origin",
        # A canvas that draws the picture needs it.
        "access-control-allow-origin": "*",
    }


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}])
async def test_head_is_get_without_the_bytes(client, variant, headers):
    answer = await client.head(variant.path, headers=headers)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "1000"
    assert answer.headers["etag"] == variant.etag


@pytest.mark.parametrize(
    ("asked_for", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("BYTES=0-99", 0, 99),
        ("bytes=10-19", 10, 19),
        ("bytes=990-", 990, 999),
        ("bytes=990-5000", 990, 999),
        ("bytes=-10", 990, 999),
        ("bytes=999-999", 999, 999),
    ],
)
async def test_a_part_is_206(client, variant, asked_for, first, last):
    answer = await client.get(variant.path, headers={"Range": asked_for})

    assert answer.status_code == 206
    assert answer.content == variant.data[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/1000"
    assert answer.headers["content-length"] == str(last + 1 - first)
    assert answer.headers["cache-control"] == IMMUTABLE


@pytest.mark.parametrize("asked_for", ["bytes=1000-", "bytes=1000-1001", "bytes=5-2", "bytes=-0"])
async def test_a_part_that_is_not_there_is_416(client, variant, asked_for):
    answer = await client.get(variant.path, headers={"Range": asked_for})

    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == "bytes */1000"


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-1,4-5"},
        {"Range": "bytes=-"},
        {"Range": "bytes=a-b"},
        {"Range": "bytes=0-" + "9" * 5_000},
        {"Range": "bytes=" + "9" * 5_000 + "-"},
        {"Range": "bytes=-" + "9" * 5_000},
        {"Range": "lines=0-1"},
        {"Range": ""},
        {"Range": "bytes=0-", "If-Range": '"other"'},
        {"Range": "bytes=0-9", "If-Range": '"other"'},
        {"Range": "bytes=0-9", "If-Range": "Sat, 21 Nov 2026 08:00:00 GMT"},
        {"Range": "bytes=0-9999"},
        {"Range": "bytes=-5000"},
    ],
)
async def test_what_is_no_part_of_these_bytes_is_all_of_them(client, variant, headers):
    answer = await client.get(variant.path, headers=headers)

    assert (answer.status_code, answer.content) == (200, variant.data)
    assert "content-range" not in answer.headers


async def test_a_part_of_the_bytes_that_the_client_knows(client, variant):
    headers = {"Range": "bytes=0-9", "If-Range": variant.etag}

    answer = await client.get(variant.path, headers=headers)

    assert (answer.status_code, answer.content) == (206, variant.data[:10])


@pytest.mark.parametrize("form", ["{}", "W/{}", '"a", {}', "*", "{}, W/{}"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_has_the_bytes_is_told_304(client, variant, method, form):
    headers = {"If-None-Match": form.replace("{}", variant.etag), "Range": "bytes=0-1"}

    answer = await client.request(method, variant.path, headers=headers)

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == variant.etag
    assert answer.headers["cache-control"] == IMMUTABLE


async def test_who_has_other_bytes_gets_these(client, variant):
    answer = await client.get(variant.path, headers={"If-None-Match": '"other"'})

    assert (answer.status_code, answer.content) == (200, variant.data)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_is_not_there_is_404_and_not_kept(client, method):
    answer = await client.request(method, f"/media/{secrets.token_hex(16)}/thumb.webp")

    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


@pytest.fixture
async def neighbours(objects):
    """Objects that lie beside the variants and must never be reached through them."""
    token = secrets.token_hex(16)
    for place in ("originals", "staging"):
        await objects.write(f"{place}/{token}", b"secret", "image/jpeg")
        await objects.write(f"{place}/{token}.webp", b"secret", "image/jpeg")
    await objects.write(f"media/{token}/thumb.webp", b"shown", "image/webp")
    await objects.write(f"media/{token}/thumb.jpeg", b"secret", "image/jpeg")
    await objects.write(f"media/{token}/ab.webp", b"secret", "image/webp")
    return token


@pytest.mark.parametrize(
    "path",
    [
        "/media/../originals/TOKEN",
        "/media/../staging/TOKEN",
        "/media/%2e%2e/originals/TOKEN",
        "/media/..%2foriginals/TOKEN",
        "/media/..%2f..%2fpicshare%2foriginals/TOKEN",
        "/media/TOKEN/../../originals/TOKEN",
        "/media/TOKEN/..%2f..%2foriginals%2fTOKEN",
        "/media/TOKEN%2f..%2f../thumb.webp",
        "/media//TOKEN/thumb.webp",
        "/media/TOKEN//thumb.webp",
        "/media/./TOKEN/thumb.webp",
        "/media/TOKEN/thumb.jpeg",
        "/media/TOKEN/ab.webp",
        "/media/TOKEN/THUMB.webp",
        "/media/TOKEN/thumb.WEBP",
        "/media/TOKEN/thumb.webp%00",
        "/media/TOKEN/thumb.webp%0a",
        "/media/TOKEN/thumb.webp%20",
        "/media/TOKEN/thumb.webp?versionId=1#/",
        "/media/ TOKEN/thumb.webp",
        "/media/TOKEN",
        "/media/",
        "/media",
        "/MEDIA/TOKEN/thumb.webp",
        "/originals/TOKEN",
    ],
)
async def test_no_path_reaches_another_object(client, neighbours, path):
    status, body = await asked(client, "GET", path.replace("TOKEN", neighbours))

    assert b"secret" not in body
    assert (status, body) == (200, b"shown") if "?" in path else status == 404


async def test_upper_case_names_nothing(client, objects):
    token = "AB" * 16
    await objects.write(f"media/{token}/thumb.webp", b"secret", "image/webp")

    status, _ = await asked(client, "GET", f"/media/{token}/thumb.webp")

    assert status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_variants_are_read_only(client, objects, variant, method):
    answer = await client.request(method, variant.path, content=b"other")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert (await client.get(variant.path)).content == variant.data


async def test_a_page_may_ask_for_a_part(client, variant):
    answer = await client.options(
        variant.path,
        headers={"Origin": "https://example.org", "Access-Control-Request-Method": "GET"},
    )

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_without_a_store_it_is_503_and_not_kept(serving, variant):
    async with serving(s3_endpoint="http://127.0.0.1:1") as client:
        answer = await client.get(variant.path)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["cache-control"] == "no-store"


async def test_the_bytes_come_in_pieces(monkeypatch, client, objects):
    token, data = secrets.token_hex(16), secrets.token_bytes(700_000)
    await objects.write(key(token, VariantName.FULL), data, "image/webp")
    monkeypatch.setattr(Objects, "read", None)

    answer = await client.get(f"/media/{token}/full.webp")

    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(data).digest()
    assert HEADERS["Cache-Control"] == IMMUTABLE
