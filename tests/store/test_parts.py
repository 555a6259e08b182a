"""Objects in parts on a real store: each grant takes its part, and the parts make the whole."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from storage.objects import ObjectMissing, Objects
from storage.parts import CHECKSUM, LEAST_BYTES

HOUR = timedelta(hours=1)


@pytest.fixture
def key():
    return f"staging/{secrets.token_hex(16)}"


def digest(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


@dataclass(frozen=True, slots=True)
class Grant:
    url: str
    headers: dict[str, str]


def granted(objects, key, id, number, data, expires_in=HOUR):
    headers = {CHECKSUM: digest(data)}
    signed = headers | {"Content-Length": str(len(data))}
    return Grant(objects.parts.presigned_put(key, id, number, signed, expires_in), headers)


async def test_parts_make_the_whole(objects, http, key):
    data = [secrets.token_bytes(LEAST_BYTES), secrets.token_bytes(1_000)]
    id = await objects.parts.begin(key, "image/jpeg")
    for number, piece in ((2, data[1]), (1, data[0])):
        grant = granted(objects, key, id, number, piece)
        answer = await http.put(grant.url, headers=grant.headers, content=piece)
        assert answer.status_code == 200
        assert await objects.head(key) is None

    found = await objects.parts.arrived(key, id)
    assert [(part.number, part.byte_size) for part in found] == [(1, LEAST_BYTES), (2, 1_000)]
    await objects.parts.join(key, id, found)

    head = await objects.head(key)
    assert (head.byte_size, head.content_type) == (LEAST_BYTES + 1_000, "image/jpeg")
    assert await objects.read(key, LEAST_BYTES + 1_000) == b"".join(data)
    for call in (objects.parts.arrived(key, id), objects.parts.join(key, id, found)):
        with pytest.raises(ObjectMissing):
            await call


DEVIATIONS = {
    "empty": lambda grant, data: {"content": b""},
    "shorter": lambda grant, data: {"content": data[:-1]},
    "longer": lambda grant, data: {"content": data + b"x"},
    "no checksum": lambda grant, data: {"headers": {}},
    "other checksum": lambda grant, data: {"headers": {CHECKSUM: digest(b"")}},
    "other number": lambda grant, data: {"url": grant.url.replace("partNumber=1", "partNumber=2")},
    "other object": lambda grant, data: {"url": grant.url.replace("staging/", "originals/")},
    "no id": lambda grant, data: {"url": grant.url.replace("uploadId=", "other=")},
    "no signature": lambda grant, data: {"url": grant.url.partition("&X-Amz-Signature")[0]},
    "later expiry": lambda grant, data: {
        "url": grant.url.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200")
    },
    "anonymous": lambda grant, data: {"url": grant.url.partition("&X-Amz")[0]},
}


@pytest.mark.parametrize("deviation", DEVIATIONS.values(), ids=DEVIATIONS)
async def test_anything_else_is_refused_and_no_part_is_kept(objects, http, key, deviation):
    data, id = secrets.token_bytes(1_000), await objects.parts.begin(key, "image/jpeg")
    grant = granted(objects, key, id, 1, data)
    request = {"url": grant.url, "headers": grant.headers, "content": data}
    deviating = request | deviation(grant, data)
    assert deviating != request

    answer = await http.put(**deviating)

    assert 400 <= answer.status_code < 500
    assert await objects.parts.arrived(key, id) == []
    assert await objects.head(key) is None


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
async def test_the_grant_of_a_part_is_good_for_nothing_else(objects, http, key, method):
    data, id = secrets.token_bytes(1_000), await objects.parts.begin(key, "image/jpeg")
    grant = granted(objects, key, id, 1, data)
    await http.put(grant.url, headers=grant.headers, content=data)

    for url in (grant.url, grant.url.replace("partNumber=1&", "")):
        answer = await http.request(method, url, headers=grant.headers)
        assert 400 <= answer.status_code < 500
    assert len(await objects.parts.arrived(key, id)) == 1


async def test_a_grant_that_has_expired_is_refused(bucket, objects, http, key):
    data, id = secrets.token_bytes(1_000), await objects.parts.begin(key, "image/jpeg")
    past = Objects(bucket, now=lambda: datetime.now(UTC) - HOUR - timedelta(seconds=10))
    grant = granted(past, key, id, 1, data)

    answer = await http.put(grant.url, headers=grant.headers, content=data)

    assert 400 <= answer.status_code < 500
    assert await objects.parts.arrived(key, id) == []


async def test_what_is_aborted_takes_no_more_parts(objects, http, key):
    data, id = secrets.token_bytes(1_000), await objects.parts.begin(key, "image/jpeg")
    grant = granted(objects, key, id, 1, data)
    await http.put(grant.url, headers=grant.headers, content=data)
    await objects.parts.abort(key, id)

    assert (await http.put(grant.url, headers=grant.headers, content=data)).status_code == 404
    with pytest.raises(ObjectMissing):
        await objects.parts.arrived(key, id)


async def test_discarding_a_key_drops_its_parts_and_no_others(objects, key):
    own, longer = [await objects.parts.begin(each, "image/jpeg") for each in (key, f"{key}-2")]
    await objects.write(key, b"there", "image/png")
    assert [each.id for each in await objects.parts.unfinished(f"{key}-2")] == [longer]

    await objects.discard(key)

    assert await objects.head(key) is None
    with pytest.raises(ObjectMissing):
        await objects.parts.arrived(key, own)
    assert await objects.parts.arrived(f"{key}-2", longer) == []


async def test_what_is_unfinished_is_told_by_its_age(objects, key):
    before = datetime.now(UTC) - timedelta(seconds=5)
    id = await objects.parts.begin(key, "image/jpeg")

    [found] = await objects.parts.unfinished(key)

    assert (found.key, found.id) == (key, id)
    assert found.begun_at > before
    assert await objects.parts.unfinished(key, older_than=HOUR) == []


async def test_other_bytes_of_the_same_length_are_no_part(strict, objects, http, key):
    data, id = secrets.token_bytes(1_000), await objects.parts.begin(key, "image/jpeg")
    grant = granted(objects, key, id, 1, data)

    answer = await http.put(grant.url, headers=grant.headers, content=bytes(1_000))

    assert answer.status_code == 400
    assert await objects.parts.arrived(key, id) == []
