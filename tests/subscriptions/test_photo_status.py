"""A photo on its way, as its owner watches it."""

import pytest
from sqlalchemy import delete

from storage import variants
from storage.events import photo_changed, photo_topic
from storage.rows import PhotoFailureCode, Visibility
from storage.tables import photos
from tests.making import make_block, make_photo, make_ready
from tests.subscriptions.clients import PHOTO, events

NOBODY = "photo_" + "0" * 32
REFUSED = [{"message": "there is no such photo", "extensions": {"code": "NOT_FOUND"}}]


def _status(photo, status):
    return {"photoStatus": {"id": photo.id, "status": status}}


async def test_the_owner_sees_the_photo_become_ready_on_another_server(serving, database, ann):
    photo = await make_photo(database, ann, is_ready=False)
    near, far = serving(), serving()

    async with far.socket(ann) as socket, events(near.url, PHOTO, ann, id=photo.id) as streamed:
        id = await socket.subscribe(PHOTO, id=photo.id)
        assert await socket.next() == _status(photo, "PROCESSING")
        assert await anext(streamed) == ("next", {"data": _status(photo, "PROCESSING")})

        await make_ready(database, photo)

        assert await socket.next() == _status(photo, "READY")
        assert await socket.receive() == {"id": id, "type": "complete"}
        assert [event async for event in streamed] == [
            ("next", {"data": _status(photo, "READY")}),
            ("complete", None),
        ]


async def test_a_failure_ends_it_with_its_reason(api, database, ann):
    query = """
    subscription($id: ID!) { photoStatus(id: $id) { status failure { code message } } }
    """
    photo = await make_photo(database, ann, is_ready=False)

    async with api.socket(ann) as socket:
        id = await socket.subscribe(query, id=photo.id)
        assert await socket.next() == {"photoStatus": {"status": "PROCESSING", "failure": None}}
        async with database.begin() as tx:
            attempt = await variants.begin_attempt(tx, photo.key)
            await variants.fail(tx, attempt, PhotoFailureCode.CORRUPT_IMAGE, "It is damaged.")

        failure = {"code": "CORRUPT_IMAGE", "message": "It is damaged."}
        assert await socket.next() == {"photoStatus": {"status": "FAILED", "failure": failure}}
        assert await socket.receive() == {"id": id, "type": "complete"}


@pytest.mark.parametrize("as_guest", [True, False])
async def test_what_is_ready_is_told_at_once(api, database, ann, bob, as_guest):
    photo = await make_photo(database, ann)

    async with api.socket(None if as_guest else bob) as socket:
        id = await socket.subscribe(PHOTO, id=photo.id)

        assert await socket.next() == _status(photo, "READY")
        assert await socket.receive() == {"id": id, "type": "complete"}


async def test_what_may_not_be_seen_is_like_what_does_not_exist(api, database, ann, bob):
    processing = await make_photo(database, ann, is_ready=False)
    private = await make_photo(database, ann, visibility=Visibility.PRIVATE)
    blocked = await make_photo(database, ann)
    await make_block(database, by=ann, of=bob)

    async with api.socket(bob) as socket:
        for id in (NOBODY, "nonsense", processing.id, private.id, blocked.id):
            operation = await socket.subscribe(PHOTO, id=id)
            assert await socket.receive() == {"id": operation, "type": "error", "payload": REFUSED}
            async with events(api.url, PHOTO, bob, id=id) as streamed:
                assert [event async for event in streamed] == [
                    ("next", {"errors": REFUSED}),
                    ("complete", None),
                ]


async def test_a_right_that_ends_meanwhile_ends_it(api, database, ann):
    photo = await make_photo(database, ann, is_ready=False)

    async with api.socket(ann) as socket:
        id = await socket.subscribe(PHOTO, id=photo.id)
        assert await socket.next() == _status(photo, "PROCESSING")
        async with database.begin() as tx:
            await tx.execute(delete(photos).where(photos.c.id == photo.key))
            await photo_changed(tx, photo.key)

        assert await socket.receive() == {"id": id, "type": "error", "payload": REFUSED}


async def test_nothing_is_left_of_a_subscription_that_was_completed(api, database, ann):
    photo = await make_photo(database, ann, is_ready=False)

    async with api.socket(ann) as socket:
        for _ in range(3):
            await socket.subscribe(PHOTO, called="again", id=photo.id)
            assert await socket.next() == _status(photo, "PROCESSING")
            await socket.send(id="again", type="complete")
        await api.until_heeded(photo_topic(photo.key), times=0)

        await make_ready(database, photo)
        await socket.subscribe("{ __typename }", called="last")
        assert await socket.next() == {"__typename": "Query"}
        assert await socket.receive() == {"id": "last", "type": "complete"}


async def test_nothing_is_left_of_a_client_that_is_gone(api, database, ann):
    photo = await make_photo(database, ann, is_ready=False)
    topic = photo_topic(photo.key)

    async with api.socket(ann) as socket, events(api.url, PHOTO, ann, id=photo.id) as streamed:
        await socket.subscribe(PHOTO, id=photo.id)
        assert await socket.next() == _status(photo, "PROCESSING")
        await anext(streamed)
        await api.until_heeded(topic, times=2)

    await api.until_heeded(topic, times=0)
