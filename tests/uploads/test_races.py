"""What a client does at the wrong moment, twice, or twenty times at once."""

import asyncio
import hashlib
import os
import random
from collections import Counter

import pytest
from sqlalchemy import func, select

from storage.tables import photos, uploads
from tests.storing import picture
from tests.uploads.desk import (
    ORIGINAL,
    PHOTO,
    code_of,
    counted,
    digest,
    jobs_of,
    key_of,
    nothing_is_published,
)
from workers.outcomes import Outcome
from workers.variants import make

RACES = int(os.environ.get("PICSHARE_TORTURE_RACES", "200"))


async def test_50_publish_at_once(database, desk, objects, ann):
    data = picture("olive")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)
    before = set(await objects.keys("originals/"))

    answers = await asyncio.gather(*(desk.publish(ann, upload["id"]) for _ in range(50)))

    assert [answer["errors"] for answer in answers] == [[]] * 50
    [id] = {answer["photo"]["id"] for answer in answers}
    assert len(set(await objects.keys("originals/")) - before) == 1
    assert await jobs_of(database, id) == 1


async def test_20_create_at_once_with_one_key(database, desk, ann):
    data = picture("navy")

    answers = await asyncio.gather(*(desk.create(ann, data, idempotencyKey="k") for _ in range(20)))

    assert len({answer["upload"]["id"] for answer in answers}) == 1
    query = select(func.count()).where(uploads.c.user_id == ann.key)
    assert await counted(database, query) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"contentType": "image/png"},
        {"byteSize": 7},
        {"checksumSha256": digest(b"other")},
    ],
)
async def test_the_same_key_with_another_file_is_a_conflict(database, desk, ann, changed):
    data = picture("navy")
    first = await desk.create(ann, data, idempotencyKey="k")

    other = await desk.create(ann, data, idempotencyKey="k", **changed)

    assert other["upload"] is None
    assert [(each["code"], each["path"]) for each in other["errors"]] == [
        ("CONFLICT", ["input", "idempotencyKey"])
    ]
    again = await desk.create(ann, data, idempotencyKey="k")
    assert again["upload"]["id"] == first["upload"]["id"]


async def test_nothing_of_no_bytes_is_published(database, desk, objects, ann):
    data = picture("red")
    upload = (await desk.create(ann, data))["upload"]

    answer = await desk.put(upload, b"")

    assert 400 <= answer.status_code < 500
    assert await code_of(desk, ann, upload["id"]) == "MISSING_OBJECT"
    await nothing_is_published(database, ann)


async def test_bytes_of_another_hash_never_become_a_photo(database, desk, workshop, ask, ann):
    data = picture("gold")
    upload = (await desk.create(ann, data))["upload"]

    sent = await desk.put(upload, bytes(len(data)))

    # MinIO refuses them; where the store does not, the worker does.
    if sent.status_code == 400:
        assert await code_of(desk, ann, upload["id"]) == "MISSING_OBJECT"
        await nothing_is_published(database, ann)
        return
    id = (await desk.publish(ann, upload["id"]))["photo"]["id"]
    assert await make(workshop, key_of(id)) is Outcome.NEVER
    node = (await ask(PHOTO, viewer=ann, id=id))["node"]
    assert (node["failure"]["code"], node["variants"]) == ("CHECKSUM_MISMATCH", [])


async def _original(desk, ask, viewer, id):
    url = (await ask(ORIGINAL, viewer=viewer, id=id))["node"]["originalUrl"]
    return hashlib.sha256((await desk.http.get(url)).content).digest()


async def _publish_while_sending(desk, viewer, upload, data, after_s=0.0):
    """The answer to publishing beside a client that sends, one after the other as clients do.

    Of two that come at the same time a store on plain files may keep none.
    """

    async def send():
        await asyncio.sleep(after_s)
        for _ in range(3):
            await desk.put(upload, data)

    answer, _ = await asyncio.gather(desk.publish(viewer, upload["id"]), send())
    if answer["errors"]:
        # A store on plain files has nothing there for a moment; a client calls again.
        assert [error["code"] for error in answer["errors"]] == ["MISSING_OBJECT"]
        answer = await desk.publish(viewer, upload["id"])
    return answer


@pytest.mark.parametrize("moment", ["before", "during", "after"])
async def test_sending_again_changes_no_published_bytes(desk, workshop, ask, ann, moment):
    for _ in range(5):
        data = picture("teal")
        upload = (await desk.create(ann, data))["upload"]
        assert (await desk.put(upload, data)).status_code == 200
        if moment == "before":
            await desk.put(upload, data)
        if moment == "during":
            answer = await _publish_while_sending(desk, ann, upload, data)
        else:
            answer = await desk.publish(ann, upload["id"])
        if moment == "after":
            await desk.put(upload, bytes(len(data)))

        assert answer["errors"] == []
        id = answer["photo"]["id"]
        assert await _original(desk, ask, ann, id) == hashlib.sha256(data).digest()
        assert await make(workshop, key_of(id)) is Outcome.DONE


@pytest.mark.torture
async def test_200_races_of_sending_other_bytes_while_publishing(desk, workshop, ask, ann):
    """Whatever wins, a READY photo has the promised bytes, and its original never changes."""
    won, chance = Counter(), random.Random(2)
    for number in range(RACES):
        data = picture("teal", size=(64, 48 + number % 3))
        upload = (await desk.create(ann, data))["upload"]
        await desk.put(upload, data)
        other = bytes(len(data))

        after_s = chance.uniform(0, 0.03)
        answer = await _publish_while_sending(desk, ann, upload, other, after_s)

        id = answer["photo"]["id"]
        before = await _original(desk, ask, ann, id)
        await desk.put(upload, data)
        outcome = await make(workshop, key_of(id))
        assert await _original(desk, ask, ann, id) == before
        is_promised = before == hashlib.sha256(data).digest()
        assert outcome is (Outcome.DONE if is_promised else Outcome.NEVER)
        won[outcome.name] += 1
    print(f"{RACES} races: {dict(won)}, 0 originals changed")  # noqa: T201 - The measured figure.


async def test_publishing_and_aborting_at_once_end_in_one_of_both(database, desk, ann):
    for _ in range(5):
        data = picture("tan")
        upload = (await desk.create(ann, data))["upload"]
        await desk.put(upload, data)

        published, aborted = await asyncio.gather(
            desk.publish(ann, upload["id"]), desk.abort(ann, upload["id"])
        )

        assert (published["photo"] is None) is (aborted["deletedId"] is not None)
        query = select(func.count()).where(photos.c.upload_id == key_of(upload["id"]))
        assert await counted(database, query) == int(published["photo"] is not None)
