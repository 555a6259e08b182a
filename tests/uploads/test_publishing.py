"""From bytes that arrived to a photo: whose they must be, what they must be, and only once."""

import asyncio

import pytest
from sqlalchemy import select

from schema.nodes import parsed
from storage import jobs
from storage.tables import uploads
from tests.conftest import Errors
from tests.storing import picture
from tests.uploads.desk import (
    ORIGINAL,
    code_of,
    counted,
    expire,
    jobs_of,
    key_of,
    nothing_is_published,
)
from workers.outcomes import Outcome
from workers.variants import make


async def test_publishing_keeps_what_the_owner_said(desk, ann):
    data = picture("gold")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)

    answer = await desk.publish(
        ann,
        upload["id"],
        title=" Gold ",
        caption="a\nb",
        tags=["#Sea", "sea", "Ärger_1"],
        visibility="FOLLOWERS",
        location={"latitude": -90, "longitude": 180},
    )

    assert answer["photo"] | {"id": ""} == {
        "id": "",
        "status": "PROCESSING",
        "title": "Gold",
        "caption": "a\nb",
        "altText": "",
        "tags": ["sea", "ärger_1"],
        "visibility": "FOLLOWERS",
        "location": {"latitude": -90.0, "longitude": 180.0, "name": None},
    }


async def test_publishing_one_upload_many_times_makes_one_photo(database, desk, objects, ann):
    data = picture("olive")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)
    before = set(await objects.keys("originals/"))

    answers = await asyncio.gather(*(desk.publish(ann, upload["id"]) for _ in range(8)))
    answers.append(await desk.publish(ann, upload["id"], title="Too late"))

    ids = {answer["photo"]["id"] for answer in answers}
    assert len(ids) == 1
    assert answers[-1]["photo"]["title"] == ""
    assert len(set(await objects.keys("originals/")) - before) == 1
    assert await jobs_of(database, ids.pop()) == 1


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"title": "x" * 101}, "TOO_LONG", ["title"]),
        ({"caption": "x" * 2_201}, "TOO_LONG", ["caption"]),
        ({"altText": "x" * 1_001}, "TOO_LONG", ["altText"]),
        ({"tags": ["two words"]}, "INVALID", ["tags"]),
        ({"tags": ["#"]}, "INVALID", ["tags"]),
        ({"tags": ["x" * 51]}, "TOO_LONG", ["tags"]),
        ({"tags": [f"t{number}" for number in range(31)]}, "TOO_LONG", ["tags"]),
        ({"location": {"latitude": 90.1, "longitude": 0}}, "INVALID", ["location", "latitude"]),
        ({"location": {"latitude": 0, "longitude": -181}}, "INVALID", ["location", "longitude"]),
    ],
)
async def test_publishing_is_refused_with_the_reason(
    database, desk, objects, ann, changed, code, field
):
    data = picture("tan")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)

    answer = await desk.publish(ann, upload["id"], **changed)

    assert answer["photo"] is None
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [
        (code, ["input", *field])
    ]
    await nothing_is_published(database, ann)


async def test_only_what_has_arrived_can_be_published(database, desk, objects, ann, bob):
    data = picture("red")
    before = set(await objects.keys("originals/"))
    upload = (await desk.create(ann, data))["upload"]

    assert await code_of(desk, ann, upload["id"]) == "MISSING_OBJECT"
    await desk.put(upload, data)
    assert await code_of(desk, bob, upload["id"]) == "NOT_FOUND"
    assert await code_of(desk, ann, "nonsense") == "NOT_FOUND"
    assert await code_of(desk, ann, upload["id"].replace("upload", "photo")) == "NOT_FOUND"
    await expire(database, upload["id"], wholly=True)
    assert await code_of(desk, ann, upload["id"]) == "EXPIRED"

    await nothing_is_published(database, ann)
    assert set(await objects.keys("originals/")) == before


async def test_an_upload_that_never_came_expires_and_one_that_came_waits(database, desk, ann):
    data = picture("blue")
    never, came = [(await desk.create(ann, data))["upload"] for _ in range(2)]
    await desk.put(came, data)
    for upload in (never, came):
        await expire(database, upload["id"])

    assert await code_of(desk, ann, never["id"]) == "EXPIRED"
    assert (await desk.publish(ann, came["id"]))["errors"] == []


async def test_other_bytes_than_promised_are_not_published(database, desk, objects, ann):
    data = picture("lime")
    upload = (await desk.create(ann, data))["upload"]
    id = parsed(upload["id"])[1]
    key = await counted(database, select(uploads.c.staging_key).where(uploads.c.id == id))
    # A store that enforces nothing at all.
    await objects.write(key, data + b"more", "image/jpeg")

    answer = await desk.publish(ann, upload["id"])

    assert answer["errors"] == [
        {
            "code": "INVALID",
            "message": f"{len(data) + 4:,} bytes arrived; {len(data):,} were promised",
            "path": ["input", "uploadId"],
        }
    ]
    await nothing_is_published(database, ann)


async def test_changing_the_staged_bytes_later_does_not_change_the_photo(
    database, desk, workshop, ask, ann
):
    data = picture("teal")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)
    id = (await desk.publish(ann, upload["id"]))["photo"]["id"]
    swapped = bytes(len(data))

    # The grant names the checksum; where a store does not check it, the copy is already made.
    await desk.put(upload, swapped)

    assert await make(workshop, key_of(id)) is Outcome.DONE
    url = (await ask(ORIGINAL, viewer=ann, id=id))["node"]["originalUrl"]
    assert (await desk.http.get(url)).content == data


async def test_a_job_is_enqueued_only_with_its_photo(database, desk, monkeypatch, client, ann):
    data = picture("khaki")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)

    async def broken(tx, id, staging_key):
        raise RuntimeError("no queue")

    monkeypatch.setattr(jobs, "make_first_variants", broken)
    with pytest.raises(Errors) as caught:
        await desk.publish(ann, upload["id"])
    monkeypatch.undo()

    assert caught.value.codes == ["INTERNAL_SERVER_ERROR"]
    await nothing_is_published(database, ann)
    assert (await desk.publish(ann, upload["id"]))["errors"] == []
