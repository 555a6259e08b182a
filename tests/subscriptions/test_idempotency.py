"""A mutation over a WebSocket takes its key in `extensions`."""

from uuid import uuid4

from sqlalchemy import func, select

from storage.tables import comments
from tests.making import make_photo

ADD = """
mutation($photo: ID!) {
  addComment(input: {photoId: $photo, body: "Once."}) { comment { id } errors { code } }
}
"""


async def test_a_mutation_sent_again_with_its_key_has_one_effect(api, database, ann):
    photo = await make_photo(database, ann)
    payload = {"query": ADD, "variables": {"photo": photo.id}}
    payload["extensions"] = {"idempotencyKey": str(uuid4())}

    answers = []
    for _ in range(2):
        # As after a connection that was lost with its answer.
        async with api.socket(ann) as socket:
            await socket.send(id="1", type="subscribe", payload=payload)
            answers.append(await socket.receive())
            assert (await socket.receive())["type"] == "complete"

    assert answers[0] == answers[1]
    assert answers[0]["payload"]["data"]["addComment"]["errors"] == []
    async with database.connect() as connection:
        counted = select(func.count()).where(comments.c.photo_id == photo.key)
        assert await connection.scalar(counted) == 1


async def test_a_key_that_was_used_for_something_else_is_an_error(api, database, ann):
    photos = [await make_photo(database, ann) for _ in range(2)]
    key = str(uuid4())
    async with api.socket(ann) as socket:
        for id, photo in zip("12", photos, strict=True):
            variables = {"photo": photo.id}
            payload = {"query": ADD, "variables": variables, "extensions": {"idempotencyKey": key}}
            await socket.send(id=id, type="subscribe", payload=payload)
            answer = await socket.receive()
            if id == "1":
                assert (await socket.receive())["type"] == "complete"

    assert answer["type"] == "error"
    assert answer["payload"][0]["extensions"] == {"code": "IDEMPOTENCY_KEY_REUSED"}
