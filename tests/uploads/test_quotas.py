"""Quotas: told before, enforced exactly however many come at once, and free again."""

import asyncio
import base64
import secrets
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import func, select

from server.app import create_app
from storage import counters
from storage.counters import COUNTERS
from storage.tables import photos, uploads, users
from tests.making import make_photo
from tests.storing import Jobs, every_object, picture
from tests.uploads.desk import Desk, code_of, counted, expire, key_of
from workers.variants import make

QUOTA = "{ uploadQuota { photos { used promised limit } bytes { used promised limit } } }"
DELETE = "mutation($id: ID!) { deletePhoto(id: $id) { deletedId errors { code } } }"
BUSY = "SERVICE_UNAVAILABLE"


@pytest.fixture
def limited(settings, database, objects):
    """A client of an application in which users may keep so much."""

    @asynccontextmanager
    async def limited(photos=0, bytes=0):
        quota = {"max_photos_per_user": photos, "max_bytes_per_user": bytes}
        app = create_app(settings.model_copy(update=quota))
        async with (
            app.lifespan(),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as api,
            httpx.AsyncClient(timeout=60) as http,
        ):

            async def ask(query, viewer, **variables):
                headers = {"Authorization": f"Bearer {viewer.token}"}
                body = {"query": query, "variables": variables}
                while True:
                    answer = (await api.post("/graphql", json=body, headers=headers)).json()
                    codes = [each["extensions"]["code"] for each in answer.get("errors", [])]
                    # With many at once the pool is busy; a client tries again.
                    if BUSY not in codes:
                        assert codes == []
                        return answer["data"]
                    await asyncio.sleep(0.1)

            yield Desk(ask, http)

    return limited


def promise(byte_size):
    checksum = base64.b64encode(secrets.token_bytes(32)).decode()
    return {"byteSize": byte_size, "checksumSha256": checksum}


async def quota_of(desk, viewer):
    quota = (await desk.ask(QUOTA, viewer=viewer))["uploadQuota"]
    return [tuple(quota[name].values()) for name in ("photos", "bytes")]


async def rows(database, viewer):
    query = select(func.count()).where(uploads.c.user_id == viewer.key)
    return await counted(database, query)


async def test_the_quota_is_told_to_whom_it_is(limited, database, ask, ann, bob):
    await make_photo(database, owner=ann)
    async with limited(photos=3, bytes=1_000) as desk:
        await desk.create(ann, b"", **promise(100))

        assert await quota_of(desk, ann) == [(1, 1, 3), (1, 100, 1_000)]
        assert await quota_of(desk, bob) == [(0, 0, 3), (0, 0, 1_000)]
    async with limited() as desk:
        assert await quota_of(desk, ann) == [(1, 1, None), (1, 100, None)]


async def test_what_is_too_much_is_refused_with_the_figures(limited, database, ann):
    async with limited(photos=2, bytes=1_000) as desk:
        await desk.create(ann, b"", **promise(600))
        too_large = await desk.create(ann, b"", **promise(401))
        fitting = await desk.create(ann, b"", **promise(400))
        too_many = await desk.create(ann, b"", **promise(1))

        assert fitting["errors"] == []
        messages = [refused["errors"] for refused in (too_large, too_many)]
        assert messages == [
            [
                {
                    "code": "QUOTA_EXCEEDED",
                    "message": "600 of 1,000 bytes are taken, promised uploads among them, and "
                    "this asks for 401 more; delete photos or abort uploads first",
                    "path": ["input"],
                }
            ],
            [
                {
                    "code": "QUOTA_EXCEEDED",
                    "message": "2 of 2 photos are taken, promised uploads among them, and this "
                    "asks for 1 more; delete photos or abort uploads first",
                    "path": ["input"],
                }
            ],
        ]
        assert await rows(database, ann) == 2
        assert await quota_of(desk, ann) == [(0, 2, 2), (0, 1_000, 1_000)]


async def test_200_at_once_take_the_one_place_that_is_left(limited, database, ann):
    await make_photo(database, owner=ann)
    async with limited(photos=2) as desk:
        answers = await asyncio.gather(*(desk.create(ann, b"", **promise(100)) for _ in range(200)))

        codes = [answer["errors"][0]["code"] for answer in answers if answer["errors"]]
        assert codes == ["QUOTA_EXCEEDED"] * 199
        assert await quota_of(desk, ann) == [(1, 1, 2), (1, 100, None)]


async def test_a_promise_that_ends_is_free_again(limited, database, ann):
    async with limited(photos=1) as desk:
        first = (await desk.create(ann, b"", **promise(10), idempotencyKey="k"))["upload"]
        again = (await desk.create(ann, b"", **promise(10)))["errors"]
        assert [each["code"] for each in again] == ["QUOTA_EXCEEDED"]
        await desk.abort(ann, first["id"])
        second = (await desk.create(ann, b"", **promise(20)))["upload"]
        await expire(database, second["id"])

        assert await quota_of(desk, ann) == [(0, 0, 1), (0, 0, None)]
        assert (await desk.create(ann, b"", **promise(30)))["errors"] == []


async def test_what_comes_late_is_published_if_there_is_room(limited, database, objects, ann):
    data = picture("navy")
    async with limited(photos=1) as desk:
        late = (await desk.create(ann, data))["upload"]
        await desk.put(late, data)
        await expire(database, late["id"])
        other = (await desk.create(ann, data))["upload"]
        before = await every_object(objects)

        assert await code_of(desk, ann, late["id"]) == "QUOTA_EXCEEDED"
        assert await every_object(objects) == before
        assert await quota_of(desk, ann) == [(0, 1, 1), (0, len(data), None)]
        await desk.abort(ann, other["id"])

        assert (await desk.publish(ann, late["id"]))["errors"] == []
        assert await quota_of(desk, ann) == [(1, 0, 1), (len(data), 0, None)]


async def test_a_repeated_call_of_a_renewed_promise_takes_its_share_again(limited, database, ann):
    asked = promise(10)
    async with limited(photos=1) as desk:
        first = (await desk.create(ann, b"", **asked, idempotencyKey="k"))["upload"]
        await expire(database, first["id"])
        await desk.create(ann, b"", **promise(10))

        refused = await desk.create(ann, b"", **asked, idempotencyKey="k")

        assert [each["code"] for each in refused["errors"]] == ["QUOTA_EXCEEDED"]
        assert await quota_of(desk, ann) == [(0, 1, 1), (0, 10, None)]


async def test_another_user_has_a_quota_of_their_own(limited, ann, bob):
    async with limited(photos=1) as desk:
        for viewer in (ann, bob):
            assert (await desk.create(viewer, b"", **promise(10)))["errors"] == []


async def kept_bytes(database, viewer):
    return await counted(database, select(users.c.own_byte_size).where(users.c.id == viewer.key))


@pytest.mark.parametrize("color", ["red", "green", "blue"])
async def test_bytes_are_exact_when_a_photo_goes_while_it_is_made(
    limited, database, objects, workshop, ann, color
):
    jobs = await Jobs.from_now_on(database, workshop)
    data = picture(color)
    async with limited(photos=10) as desk:
        ids = [await desk.publish_file(ann, data) for _ in range(3)]
        assert await kept_bytes(database, ann) == 3 * len(data)

        await asyncio.gather(
            make(workshop, key_of(ids[0])),
            make(workshop, key_of(ids[1])),
            desk.ask(DELETE, viewer=ann, id=ids[0]),
            desk.ask(DELETE, viewer=ann, id=ids[2]),
        )
        await jobs.run()

        assert await kept_bytes(database, ann) == len(data)
        assert await quota_of(desk, ann) == [(1, 0, 10), (len(data), 0, None)]
    query = select(func.count()).where(photos.c.owner_id == ann.key)
    assert await counted(database, query) == 1


async def test_drifted_bytes_are_found_and_repaired(database, ann):
    await make_photo(database, owner=ann)
    counter = next(each for each in COUNTERS if each.name == "users.own_byte_size")
    async with database.begin() as tx:
        await tx.execute(users.update().where(users.c.id == ann.key).values(own_byte_size=7))
        assert await counters.repair(tx, counter, [ann.key]) == 1

    assert await kept_bytes(database, ann) == 1


async def test_statements_of_a_grant(ask_counted, ann):
    document = """mutation($input: CreateUploadInput!) { createUpload(input: $input) {
      upload { id request { url } } errors { code }
    } }"""
    input = {"contentType": "image/jpeg", **promise(10)}

    data, statements = await ask_counted(document, viewer=ann, input=input)

    assert data["createUpload"]["errors"] == []
    # The row, the lock, and what is taken.
    assert statements == 3
    data, statements = await ask_counted(QUOTA, viewer=ann)
    assert statements == 1
