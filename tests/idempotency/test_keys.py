"""A mutation that is sent again with its key has one effect and one answer."""

import asyncio
import json
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import func, select, text, update

from server.graphql import idempotency as protocol
from storage import comments as comment_rows
from storage import idempotency
from storage import likes as like_rows
from storage.reached import Unavailable
from storage.tables import comments, idempotency_keys, metadata, sessions
from tests.accounts.operations import LOG_IN, PASSWORD, SIGN_UP, account
from tests.making import make_photo

ADD = """
mutation($photo: ID!, $body: String!) {
  addComment(input: {photoId: $photo, body: $body}) {
    comment { id body author { username } photo { commentCount originalUrl } }
    errors { code message path }
  }
}
"""


@pytest.fixture
def post(client):
    async def post(query, key=None, viewer=None, extensions=None, **variables):
        headers = {"Authorization": f"Bearer {viewer.token}"} if viewer else {}
        headers |= {"Idempotency-Key": key} if key is not None else {}
        body = {"query": query, "variables": variables, "extensions": extensions}
        return await client.post("/graphql", json=body, headers=headers)

    return post


@pytest.fixture
async def photo(database, ann):
    return await make_photo(database, ann)


@pytest.fixture
def written(database, photo):
    """How many comments there are under the photo."""

    async def written():
        counted = select(func.count()).where(comments.c.photo_id == photo.key)
        async with database.connect() as connection:
            return await connection.scalar(counted)

    return written


def code(answer):
    return answer.json()["errors"][0]["extensions"]["code"]


async def test_the_first_answer_is_given_again_byte_for_byte(post, written, photo, ann):
    key = str(uuid4())
    first = await post(ADD, key, ann, photo=photo.id, body="Once.")
    again = await post(ADD, key, ann, photo=photo.id, body="Once.")

    assert first.status_code == again.status_code == 200
    assert first.json()["data"]["addComment"]["errors"] == []
    assert again.content == first.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await written() == 1


async def test_without_a_key_twice_is_twice(post, written, photo, ann):
    for _ in range(2):
        await post(ADD, None, ann, photo=photo.id, body="Twice.")

    assert await written() == 2


async def test_the_same_key_for_something_else_is_refused(post, written, photo, ann):
    key = str(uuid4())
    await post(ADD, key, ann, photo=photo.id, body="Once.")
    for query, body in [(ADD, "Other."), (f"{ADD}\n#", "Once.")]:
        answer = await post(query, key, ann, photo=photo.id, body=body)

        assert answer.status_code == 422
        assert code(answer) == "IDEMPOTENCY_KEY_REUSED"
        assert "data" not in answer.json()
    assert await written() == 1


async def test_each_viewer_has_keys_of_their_own(post, written, photo, ann, bob):
    for viewer in (ann, bob):
        answer = await post(ADD, "the same key", viewer, photo=photo.id, body="Mine.")
        author = answer.json()["data"]["addComment"]["comment"]["author"]
        assert author == {"username": viewer.username}

    assert await written() == 2


async def test_the_order_of_variables_and_the_quotes_of_the_header_are_no_difference(
    client, post, written, photo, ann
):
    key = str(uuid4())
    first = await post(ADD, key, ann, photo=photo.id, body="Once.")
    body = {"query": ADD, "variables": {"body": "Once.", "photo": photo.id}}
    headers = {"Authorization": f"Bearer {ann.token}", "Idempotency-Key": f'"{key}"'}
    again = await client.post("/graphql", json=body, headers=headers)
    extended = await post(ADD, None, ann, {"idempotencyKey": key}, photo=photo.id, body="Once.")

    assert first.content == again.content == extended.content
    assert await written() == 1


async def test_of_many_at_once_one_has_an_effect(post, written, photo, ann):
    key = str(uuid4())
    answers = await asyncio.gather(
        *(post(ADD, key, ann, photo=photo.id, body="Once.") for _ in range(20))
    )

    done = {answer.content for answer in answers if answer.status_code == 200}
    others = [answer for answer in answers if answer.status_code != 200]
    assert len(done) == 1
    assert {answer.status_code for answer in others} <= {409, 503}
    assert all(answer.headers["Retry-After"] == "1" for answer in others)
    assert await written() == 1
    assert (await post(ADD, key, ann, photo=photo.id, body="Once.")).content in done


async def test_while_one_is_at_work_the_other_is_told(monkeypatch, post, written, photo, ann):
    reached, go_on = asyncio.Event(), asyncio.Event()
    add = comment_rows.add

    async def slow(*given):
        reached.set()
        await go_on.wait()
        return await add(*given)

    key = str(uuid4())
    monkeypatch.setattr(comment_rows, "add", slow)
    first = asyncio.create_task(post(ADD, key, ann, photo=photo.id, body="Once."))
    await reached.wait()
    second = await post(ADD, key, ann, photo=photo.id, body="Once.")
    go_on.set()

    assert (second.status_code, code(second)) == (409, "IDEMPOTENCY_KEY_IN_USE")
    assert (await first).status_code == 200
    assert await written() == 1


async def test_an_answer_that_could_not_be_kept_had_no_effect(
    monkeypatch, post, written, photo, ann
):
    async def broken(*_):
        raise Unavailable("the connection was lost")

    key = str(uuid4())
    with monkeypatch.context() as patched:
        patched.setattr(idempotency, "keep", broken)
        answer = await post(ADD, key, ann, photo=photo.id, body="Once.")
        assert answer.status_code == 503
        assert await written() == 0

    answer = await post(ADD, key, ann, photo=photo.id, body="Once.")
    assert answer.status_code == 200
    assert await written() == 1


async def test_with_a_key_a_document_is_done_as_a_whole_or_not_at_all(
    database, monkeypatch, post, written, photo, ann, bob
):
    both = """
    mutation($photo: ID!) {
      addComment(input: {photoId: $photo, body: "Hm."}) { comment { id } }
      likePhoto(id: $photo) { photo { id } }
    }
    """

    async def broken(*_):
        raise RuntimeError("a bug")

    key = str(uuid4())
    with monkeypatch.context() as patched:
        patched.setattr(like_rows, "add", broken)
        answer = await post(both, key, bob, photo=photo.id)

    assert answer.json()["data"] is None
    assert code(answer) == "INTERNAL_SERVER_ERROR"
    assert await written() == 0
    # The key is free again.
    answer = await post(both, key, bob, photo=photo.id)
    assert "errors" not in answer.json()
    assert await written() == 1


async def test_a_refusal_is_an_answer_too(post, written, photo, ann):
    key = str(uuid4())
    first = await post(ADD, key, ann, photo=photo.id, body="")
    again = await post(ADD, key, ann, photo=photo.id, body="")

    assert first.json()["data"]["addComment"]["errors"] != []
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await written() == 0


async def test_signing_up_again_with_a_key_is_no_second_account(post):
    key, given = str(uuid4()), account()
    first = await post(SIGN_UP, key, input=given)
    again = await post(SIGN_UP, key, input=given)

    assert first.json()["data"]["signUp"]["errors"] == []
    assert again.content == first.content


async def test_what_is_kept_tells_nothing(database, post):
    key, given = str(uuid4()), account()
    made = await post(SIGN_UP, key, input=given)
    session = made.json()["data"]["signUp"]["session"]
    logged = await post(LOG_IN, key + "x", login=given["username"], password=PASSWORD)
    secrets = [key, PASSWORD, session["accessToken"], session["refreshToken"]]
    secrets.append(logged.json()["data"]["logIn"]["session"]["refreshToken"])

    async with database.connect() as connection:
        for name in metadata.tables:
            rows = (await connection.execute(text(f"select t::text from {name} t"))).scalars()
            kept = "\n".join(rows)
            for secret in secrets:
                assert secret not in kept
                assert secret.encode().hex() not in kept


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "short of a guest"[:15]])
async def test_a_key_that_is_none_is_refused(post, counts_of, key):
    before = await counts_of(sessions)
    answer = await post(SIGN_UP, key, input=account())

    assert (answer.status_code, code(answer)) == (400, "IDEMPOTENCY_KEY_INVALID")
    assert await counts_of(sessions) == before


@pytest.fixture
def counts_of(database):
    async def counts_of(table):
        async with database.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(table))

    return counts_of


async def test_a_query_needs_no_key_and_keeps_none(post, counts_of, ann):
    before = await counts_of(idempotency_keys)
    answer = await post("{ viewer { username } }", "a key for nothing", ann)

    assert answer.json() == {"data": {"viewer": {"username": ann.username}}}
    assert await counts_of(idempotency_keys) == before


async def test_after_a_day_a_key_is_free_again(database, post, written, photo, ann):
    key = str(uuid4())
    await post(ADD, key, ann, photo=photo.id, body="Once.")
    old = func.now() - idempotency.KEPT
    async with database.begin() as tx:
        mine = idempotency_keys.c.user_id == ann.key
        await tx.execute(update(idempotency_keys).where(mine).values(created_at=old))
    answer = await post(ADD, key, ann, photo=photo.id, body="Once.")

    assert "Idempotency-Replayed" not in answer.headers
    assert await written() == 2


async def test_old_answers_are_forgotten(database, post, counts_of, photo, ann):
    for body in ("One.", "Two."):
        await post(ADD, str(uuid4()), ann, photo=photo.id, body=body)
    async with database.begin() as tx:
        now = (await tx.execute(select(func.now()))).scalar_one()
        made = await tx.scalar(select(func.count()).where(idempotency_keys.c.created_at < now))
        assert await idempotency.forget_old(tx, now, at_most=1) == 1
        assert await idempotency.forget_old(tx, now) == made - 1
    assert await counts_of(idempotency_keys) == 0


def test_what_is_given_again_is_written_as_before():
    body = {"data": {"n": 1.5, "big": 2**53, "t": "é\u2028", "z": None, "a": [True, {}]}}
    assert orjson.dumps(orjson.loads(orjson.dumps(body))) == orjson.dumps(body)
    assert json.loads(orjson.dumps(body)) == body
    assert protocol.LONGEST == 255
