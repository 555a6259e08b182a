"""Large files in parts: sent in any order, resumed, joined once, taken back."""

import asyncio
import secrets

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import func, select

from schema.nodes import parsed
from server.app import create_app
from storage.objects import ObjectMissing
from storage.tables import uploads
from tests.storing import Jobs, picture
from tests.uploads.desk import PART, Desk, code_of, counted, digest, expire, key_of
from workers.outcomes import Outcome
from workers.variants import make

# Three parts, the last one short. Whatever follows the end of a JPEG belongs to no picture.
SIZE = 2 * PART + 1_000


def large(color="teal"):
    start = picture(color)
    return start + secrets.token_bytes(SIZE - len(start))


@pytest_asyncio.fixture
async def desk(settings, database, objects):
    """A client of an application whose parts are as small as a store allows."""
    app = create_app(settings.model_copy(update={"upload_part_bytes": PART}))
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as api,
        httpx.AsyncClient(timeout=60) as http,
    ):

        async def ask(query, viewer, **variables):
            answer = await api.post(
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"Authorization": f"Bearer {viewer.token}"},
            )
            assert "errors" not in answer.json(), answer.json()
            return answer.json()["data"]

        yield Desk(ask, http)


async def row_of(database, upload):
    query = select(uploads).where(uploads.c.id == parsed(upload["id"])[1])
    async with database.connect() as connection:
        return (await connection.execute(query)).one()


async def test_a_file_in_parts_becomes_a_photo(database, objects, desk, workshop, ann):
    data = large()
    upload = (await desk.create(ann, data))["upload"]
    assert await desk.arrived(ann, upload["id"]) == []

    for number in (1, 2):
        assert (await desk.send_part(ann, upload["id"], number, data)).status_code == 200
    assert await desk.arrived(ann, upload["id"]) == [1, 2]
    assert await code_of(desk, ann, upload["id"]) == "MISSING_OBJECT"
    assert (await desk.send_part(ann, upload["id"], 3, data)).status_code == 200
    answers = await asyncio.gather(*(desk.publish(ann, upload["id"]) for _ in range(5)))

    assert [answer["errors"] for answer in answers] == [[]] * 5
    published = {answer["photo"]["id"] for answer in answers}
    assert len(published) == 1
    assert await desk.arrived(ann, upload["id"]) == [1, 2, 3]
    id = published.pop()
    assert (await desk.publish(ann, upload["id"]))["photo"]["id"] == id
    assert await make(workshop, key_of(id)) is Outcome.DONE


async def test_parts_are_granted_as_they_are_and_not_otherwise(desk, ann, bob):
    data = large()
    upload = (await desk.create(ann, data))["upload"]
    checksum = digest(data[:PART])

    granted = await desk.grant(ann, upload["id"], part3=digest(data[2 * PART :]), part1=checksum)

    assert [(part["number"], part["offset"], part["byteSize"]) for part in granted["parts"]] == [
        (3, 2 * PART, 1_000),
        (1, 0, PART),
    ]
    for viewer, checksums, code, path in (
        (bob, {"part1": checksum}, "NOT_FOUND", "uploadId"),
        (ann, {}, "INVALID", "parts"),
        (ann, {"part0": checksum}, "INVALID", "parts"),
        (ann, {"part4": checksum}, "INVALID", "parts"),
    ):
        refused = await desk.grant(viewer, upload["id"], **checksums)
        assert refused["parts"] == []
        assert [(each["code"], each["path"]) for each in refused["errors"]] == [
            (code, ["input", path])
        ]
    wrong = await desk.grant(ann, upload["id"], part1="abc")
    assert wrong["errors"][0]["path"] == ["input", "parts", "checksumSha256"]


async def test_parts_come_in_any_order_and_after_a_broken_connection(desk, ann):
    data = large()
    upload = (await desk.create(ann, data))["upload"]
    assert (await desk.send_part(ann, upload["id"], 3, data)).status_code == 200
    piece = data[PART : 2 * PART]
    part = (await desk.grant(ann, upload["id"], part2=digest(piece)))["parts"][0]

    class Broken(Exception):
        pass

    async def half():
        yield piece[: PART // 2]
        raise Broken

    headers = {header["name"]: header["value"] for header in part["request"]["headers"]}
    with pytest.raises(Broken):
        await desk.http.put(
            part["request"]["url"], headers=headers | {"Content-Length": str(PART)}, content=half()
        )
    assert await desk.arrived(ann, upload["id"]) == [3]

    assert (await desk.put(part, piece)).status_code == 200
    assert (await desk.send_part(ann, upload["id"], 1, data)).status_code == 200
    # Sending what has arrived again is harmless.
    assert (await desk.send_part(ann, upload["id"], 1, data)).status_code == 200
    assert await desk.arrived(ann, upload["id"]) == [1, 2, 3]
    assert (await desk.publish(ann, upload["id"]))["errors"] == []


async def test_a_small_file_has_no_parts(desk, ann, ask):
    data = picture()
    upload = (await desk.create(ann, data))["upload"]

    refused = await desk.grant(ann, upload["id"], part1=digest(data))

    assert refused["errors"][0]["code"] == "INVALID"
    query = "query($id: ID!) { node(id: $id) { ... on Upload { parts { count } } } }"
    assert await ask(query, viewer=ann, id=upload["id"]) == {"node": {"parts": None}}


async def test_many_calls_at_once_begin_one_object(database, objects, desk, ann):
    data = large()
    upload = (await desk.create(ann, data))["upload"]
    checksum = digest(data[:PART])

    answers = await asyncio.gather(
        *(desk.grant(ann, upload["id"], part1=checksum) for _ in range(8))
    )

    assert [answer["errors"] for answer in answers] == [[]] * 8
    row = await row_of(database, upload)
    begun = await objects.parts.unfinished(row.staging_key)
    assert [each.id for each in begun] == [row.parts_id]


async def test_the_time_is_renewed_for_a_day(database, desk, ann):
    data = large()
    upload = (await desk.create(ann, data))["upload"]
    await desk.send_part(ann, upload["id"], 1, data)
    await expire(database, upload["id"])

    for number in (2, 3):
        assert (await desk.send_part(ann, upload["id"], number, data)).status_code == 200
    await expire(database, upload["id"])
    assert (await desk.publish(ann, upload["id"]))["errors"] == []

    late = (await desk.create(ann, data))["upload"]
    await expire(database, late["id"], wholly=True)
    refused = await desk.grant(ann, late["id"], part1=digest(data[:PART]))
    assert [each["code"] for each in refused["errors"]] == ["EXPIRED"]


async def test_parts_that_the_store_dropped_are_sent_again(database, objects, desk, ann):
    data = large()
    upload = (await desk.create(ann, data))["upload"]
    await desk.send_part(ann, upload["id"], 1, data)
    row = await row_of(database, upload)
    await objects.parts.abort(row.staging_key, row.parts_id)

    assert await desk.arrived(ann, upload["id"]) == []
    for number in (1, 2, 3):
        assert (await desk.send_part(ann, upload["id"], number, data)).status_code == 200

    assert (await desk.publish(ann, upload["id"]))["errors"] == []


async def test_an_aborted_upload_leaves_nothing(database, objects, desk, workshop, ann, bob):
    jobs = await Jobs.from_now_on(database, workshop)
    data = large()
    upload = (await desk.create(ann, data))["upload"]
    await desk.send_part(ann, upload["id"], 1, data)
    last = data[2 * PART :]
    part = (await desk.grant(ann, upload["id"], part3=digest(last)))["parts"][0]
    row = await row_of(database, upload)

    others = await desk.abort(bob, upload["id"])
    assert [each["code"] for each in others["errors"]] == ["NOT_FOUND"]
    assert await objects.parts.arrived(row.staging_key, row.parts_id) != []
    assert await desk.abort(ann, upload["id"]) == {"deletedId": upload["id"], "errors": []}
    await jobs.run()

    assert await objects.parts.unfinished(row.staging_key) == []
    with pytest.raises(ObjectMissing):
        await objects.parts.arrived(row.staging_key, row.parts_id)
    assert (await desk.put(part, last)).status_code == 404
    assert await code_of(desk, ann, upload["id"]) == "NOT_FOUND"
    again = await desk.abort(ann, upload["id"])
    assert [each["code"] for each in again["errors"]] == ["NOT_FOUND"]


async def test_what_became_a_photo_is_not_aborted(database, desk, ann):
    data = picture("plum")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)
    photo = (await desk.publish(ann, upload["id"]))["photo"]

    refused = await desk.abort(ann, upload["id"])

    assert [each["code"] for each in refused["errors"]] == ["CONFLICT"]
    assert (await desk.publish(ann, upload["id"]))["photo"]["id"] == photo["id"]
    query = select(func.count()).where(uploads.c.user_id == ann.key)
    assert await counted(database, query) == 1
