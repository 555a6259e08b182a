"""An operation that takes too long is cut short, and so is what it began in the database."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from resolvers import likes as liking
from schema.nodes import global_id
from storage import photos, uploads, variants
from storage.objects import Objects
from storage.uploads import Promise
from tests.limits.conftest import codes
from tests.making import make_photo

DEADLINE_S = 0.3
PHOTOS = "{ photos(first: 1) { edges { node { id } } } }"
VARIANTS = "{ photos(first: 1) { edges { node { variants(format: JPEG) { url } } } } }"
PUBLISH = "mutation($id: ID!) { publishPhoto(input: {uploadId: $id}) { errors { code } } }"
LIKE = "mutation($id: ID!) { likePhoto(id: $id) { photo { likeCount } } }"


@pytest.fixture
def sleeping(monkeypatch):
    """From now on a function that reads sleeps in the database instead; its mark."""

    def sleeping(owner, name):
        mark = f"asleep in {name}"

        async def asleep(connection, *_, **__):
            statement = f"select pg_sleep(30) -- {mark}"
            is_hot = isinstance(connection, asyncpg.Connection)
            await connection.execute(statement if is_hot else text(statement))

        monkeypatch.setattr(owner, name, asleep)
        return mark

    return sleeping


async def until(condition):
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - The database tells nobody.
            await asyncio.sleep(0.02)


def over(running, mark):
    async def none():
        return await running(mark) == 0

    return until(none)


@pytest.mark.parametrize(
    ("owner", "name", "query"),
    [(photos, "newest_public", PHOTOS), (variants, "of_photos", VARIANTS)],
    ids=["a resolver", "a loader"],
)
async def test_sql_ends_with_its_operation(
    serving, running, sleeping, database, ann, owner, name, query
):
    await make_photo(database, owner=ann)
    mark = sleeping(owner, name)
    async with serving(deadline_s=DEADLINE_S) as client:
        answer = await client.post("/graphql", json={"query": query})

        assert (answer.status_code, codes(answer)) == (504, ["DEADLINE_EXCEEDED"])
        assert answer.json()["errors"][0]["message"] == (
            "the operation took longer than 0.3 s and was cut short"
        )
        await over(running, mark)
        alive = await client.post(
            "/graphql", json={"query": "{ users(first: 1) { edges { cursor } } }"}
        )
        assert "errors" not in alive.json()


async def test_fifty_at_once_leave_a_clean_pool(serving, running, sleeping, database, ann):
    await make_photo(database, owner=ann)
    mark = sleeping(variants, "of_photos")
    async with serving(deadline_s=DEADLINE_S) as client:
        asking = [client.post("/graphql", json={"query": VARIANTS}) for _ in range(50)]
        answers = await asyncio.gather(*asking)

        # Who found no connection within a second would be told so; the deadline comes first.
        assert {answer.status_code for answer in answers} == {504}
        await over(running, mark)
        query = "{ users(first: 1) { edges { cursor } } }"
        good = await asyncio.gather(
            *(client.post("/graphql", json={"query": query}) for _ in range(10))
        )
        assert [answer.status_code for answer in good] == [200] * 10
        assert not [answer.text for answer in good if "errors" in answer.json()]


async def test_a_transaction_that_is_cut_short_leaves_nothing(
    serving, running, sleeping, monkeypatch, database, ask, ann
):
    photo = await make_photo(database, owner=ann)
    added = liking.likes.add

    async def slow(tx, *arguments):
        await added(tx, *arguments)
        await tx.execute(text("select pg_sleep(30) -- asleep in a transaction"))

    with monkeypatch.context() as patched:
        patched.setattr(liking.likes, "add", slow)
        async with serving(write_deadline_s=DEADLINE_S) as client:
            answer = await client.post(
                "/graphql",
                json={"query": LIKE, "variables": {"id": photo.id}},
                headers={"Authorization": f"Bearer {ann.token}"},
            )
            assert codes(answer) == ["DEADLINE_EXCEEDED"]
            await over(running, "asleep in a transaction")

    assert (await ask(LIKE, viewer=ann, id=photo.id))["likePhoto"]["photo"]["likeCount"] == 1


async def test_a_store_that_does_not_answer_is_not_waited_for(
    serving, monkeypatch, database, ann, bob
):
    async def never(*_, **__):
        await asyncio.Event().wait()

    monkeypatch.setattr(Objects, "head", never)
    promise = Promise("image/jpeg", 1, bytes(32), None)
    day = timedelta(days=1)
    async with database.begin() as tx:
        upload = await uploads.add(tx, ann.key, promise, None, upload_ttl=day, publish_ttl=day)
    async with serving(write_deadline_s=DEADLINE_S) as client:
        answer = await client.post(
            "/graphql",
            json={"query": PUBLISH, "variables": {"id": global_id("upload", upload.id)}},
            headers={"Authorization": f"Bearer {ann.token}"},
        )

    assert codes(answer) == ["DEADLINE_EXCEEDED"]


async def test_whoever_stops_asking_stops_the_sql(settings, running, sleeping, serving, ann):
    mark = sleeping(photos, "newest_public")

    async def asleep():
        return await running(mark) == 1

    async with serving() as client:
        asking = asyncio.create_task(client.post("/graphql", json={"query": PHOTOS}))
        await until(asleep)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await over(running, mark)
