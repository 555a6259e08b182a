"""A grant to upload: what it takes, and that asking again is asking once."""

import asyncio

import pytest
from sqlalchemy import func, select

from storage.tables import uploads
from tests.storing import picture
from tests.uploads.desk import counted, expire


async def test_an_idempotency_key_gives_the_same_upload(database, desk, ann, bob):
    data = picture("navy")

    first = await desk.create(ann, data, idempotencyKey="k")
    again = await desk.create(ann, data, idempotencyKey="k")
    other_file = await desk.create(ann, picture("pink"), idempotencyKey="k")
    other_user = await desk.create(bob, data, idempotencyKey="k")
    at_once = await asyncio.gather(
        *(desk.create(ann, data, idempotencyKey="parallel") for _ in range(8))
    )

    assert first["upload"]["id"] == again["upload"]["id"]
    assert first["upload"]["expiresAt"] == again["upload"]["expiresAt"]
    assert other_file["upload"] is None
    assert other_file["errors"][0]["code"] == "CONFLICT"
    assert other_user["upload"]["id"] != first["upload"]["id"]
    assert len({answer["upload"]["id"] for answer in at_once}) == 1
    query = select(func.count()).where(uploads.c.user_id == ann.key)
    assert await counted(database, query) == 2


async def test_a_late_repetition_can_still_send_its_bytes(database, desk, ann):
    data = picture("silver")
    first = (await desk.create(ann, data, idempotencyKey="k"))["upload"]
    await expire(database, first["id"])

    again = (await desk.create(ann, data, idempotencyKey="k"))["upload"]

    assert again["id"] == first["id"]
    assert (await desk.put(again, data)).status_code == 200
    assert (await desk.publish(ann, again["id"]))["errors"] == []


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"contentType": "text/html"}, "UNSUPPORTED_TYPE", "contentType"),
        ({"contentType": "image/svg+xml"}, "UNSUPPORTED_TYPE", "contentType"),
        ({"byteSize": 0}, "INVALID", "byteSize"),
        ({"byteSize": -1}, "INVALID", "byteSize"),
        ({"byteSize": 2**31 - 1}, "TOO_LARGE", "byteSize"),
        ({"checksumSha256": "abc"}, "INVALID", "checksumSha256"),
        ({"checksumSha256": "é" * 44}, "INVALID", "checksumSha256"),
        ({"filename": "x" * 256}, "TOO_LONG", "filename"),
        ({"filename": "a\nb"}, "INVALID", "filename"),
        ({"idempotencyKey": " "}, "INVALID", "idempotencyKey"),
        ({"idempotencyKey": "k" * 256}, "TOO_LONG", "idempotencyKey"),
    ],
)
async def test_a_grant_is_refused_with_the_reason(database, desk, ann, changed, code, field):
    answer = await desk.create(ann, picture(), **changed)

    assert answer["upload"] is None
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [
        (code, ["input", field])
    ]
    assert await counted(database, select(func.count()).where(uploads.c.user_id == ann.key)) == 0
