"""Asking the service: over real HTTP, by the schedule, with one id, as long as it is needed."""

import base64
import json

import pytest
from sqlalchemy import select, text, update
from standardwebhooks import Webhook

from server import parts
from server.webhooks.client import Client
from server.webhooks.service import WebhookService
from server.webhooks.signatures import Signer, keys
from server.webhooks.targets import target
from storage import edits, moderation
from storage.jobs import ASK_MODERATION
from storage.rows import PhotoStatus
from storage.tables import holds, photos
from tests.moderation.receivers import Receiver, answer
from workers.moderation import DELAYS_S, SPREAD, NotAsked, ask, delay
from workers.outcomes import Outcome

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ALLOW = answer("200 OK", b'{"verdict": "allow"}')
REJECT = answer("200 OK", b'{"verdict": "reject", "reason": "No\\u0000pe"}')


@pytest.fixture
def service(settings):
    """The service behind a receiver."""

    def service(receiver):
        client = Client(allow_loopback=True, longest_s=30)
        where = target(receiver.url, allow_loopback=True)
        return WebhookService(where, Signer(keys(SECRET)), client, parts.addresses(settings).of)

    return service


async def status_of(database, photo):
    async with database.connect() as connection:
        found = select(photos.c.status, photos.c.failure_message).where(photos.c.id == photo.key)
        return (await connection.execute(found)).one()


async def waits_s(database, photo):
    """In how many seconds the photo is asked about, for each job that will."""
    due = (
        "select extract(epoch from execute_after - now())::float8, payload from pgqueuer "
        f"where entrypoint = '{ASK_MODERATION}'"
    )
    async with database.connect() as connection:
        rows = (await connection.exec_driver_sql(due)).all()
    return [seconds for seconds, payload in rows if payload == photo.key.bytes]


async def test_the_question_is_what_the_documentation_says(database, hold, service, ann):
    photo, receiver = await hold(ann), Receiver([ALLOW])
    async with receiver.listening():
        assert await ask(database, service(receiver), photo.key) is Outcome.DONE

    [(headers, body)] = receiver.requests
    told = Webhook(SECRET).verify(body, headers)
    assert headers["content-type"] == "application/json"
    assert told == json.loads(body)
    assert (told["type"], told["data"]["photoId"]) == ("photo.held", photo.id)
    assert [each["name"] for each in told["data"]["variants"]] == ["THUMB", "MEDIUM", "FULL"]
    for each in told["data"]["variants"]:
        assert set(each) == {"name", "url", "width", "height", "contentType", "byteSize"}
        assert "/restricted/" in each["url"]
        assert "until=" in each["url"]
    assert (await status_of(database, photo)).status is PhotoStatus.READY


async def test_a_rejection_in_the_answer_counts(database, hold, service, ann):
    photo, receiver = await hold(ann), Receiver([REJECT])
    async with receiver.listening():
        assert await ask(database, service(receiver), photo.key) is Outcome.DONE
    assert await status_of(database, photo) == (
        PhotoStatus.FAILED,
        "The photo was rejected by moderation. Nope",
    )


@pytest.mark.parametrize(
    "later", [answer("202 Accepted"), answer("204 No Content"), answer("200 OK", b"{}")]
)
async def test_a_verdict_may_come_later(database, hold, service, ann, later):
    photo, receiver = await hold(ann), Receiver([later])
    async with receiver.listening():
        assert await ask(database, service(receiver), photo.key) is Outcome.DONE
    assert (await status_of(database, photo)).status is PhotoStatus.PROCESSING
    assert await waits_s(database, photo) == []


async def test_who_is_not_held_is_not_asked_about(database, hold, service, ann):
    photo, receiver = await hold(ann), Receiver([ALLOW])
    async with database.begin() as tx:
        await edits.remove(tx, photo.key, ann.key)
    async with receiver.listening():
        assert await ask(database, service(receiver), photo.key) is Outcome.NOTHING
    assert receiver.requests == []
    assert await ask(database, None, photo.key) is Outcome.NOTHING


@pytest.mark.parametrize(
    "bad",
    [
        answer("500 Oh"),
        answer("503 Later"),
        answer("302 Found", b"", "Location: http://127.0.0.1/"),
        answer("404 Not Found"),
        answer("200 OK", b"allow"),
        answer("200 OK", b"[]"),
        answer("200 OK", b'{"verdict": "maybe"}'),
        answer("200 OK", b'{"verdict": "allow", "reason": 1}'),
        None,
    ],
)
async def test_after_a_fault_it_asks_again_with_the_same_id(database, hold, service, ann, bad):
    photo, receiver = await hold(ann), Receiver([bad or b""])
    async with receiver.listening(None if bad else receiver.resets):
        assert await ask(database, service(receiver), photo.key) is Outcome.DONE
    [wait_s] = await waits_s(database, photo)
    # When the worker counted is a moment ago.
    assert 0 < wait_s <= DELAYS_S[0] * (1 + SPREAD)
    assert (await status_of(database, photo)).status is PhotoStatus.PROCESSING

    if bad:
        again = Receiver([ALLOW])
        async with again.listening():
            assert await ask(database, service(again), photo.key) is Outcome.DONE
        ids = {headers["webhook-id"] for headers, _ in receiver.requests + again.requests}
        assert len(ids) == 1
        assert (await status_of(database, photo)).status is PhotoStatus.READY


async def test_it_waits_as_long_as_it_is_told(database, hold, service, ann):
    photo = await hold(ann)
    receiver = Receiver([answer("429 Too Many Requests", b"", "Retry-After: 900")])
    async with receiver.listening():
        assert await ask(database, service(receiver), photo.key) is Outcome.DONE
    [wait_s] = await waits_s(database, photo)
    assert 800 < wait_s <= 900


@pytest.mark.parametrize("asked", [0, len(DELAYS_S)])
async def test_it_gives_up_and_leaves_the_photo_to_people(
    database, hold, service, ann, judge, ask_again, asked
):
    """At once when the receiver is gone for good, else after the whole schedule."""
    photo = await hold(ann)
    async with database.begin() as tx:
        await tx.execute(update(holds).where(holds.c.photo_id == photo.key).values(asked=asked))
    receiver = Receiver([answer("500 Oh" if asked else "410 Gone")])
    async with receiver.listening():
        assert await ask(database, service(receiver), photo.key) is Outcome.NEVER
        assert await ask(database, service(receiver), photo.key) is Outcome.NOTHING

    assert len(receiver.requests) == 1
    assert await waits_s(database, photo) == []
    async with database.connect() as connection:
        [held] = [
            row
            for row in await moderation.every_held(connection, 10_000)
            if row.photo_id == photo.key
        ]
    assert held.given_up_at is not None
    assert held.last_error == f"the status was {500 if asked else 410}"
    assert (await status_of(database, photo)).status is PhotoStatus.PROCESSING

    await ask_again()
    assert len(await waits_s(database, photo)) == 1
    again = Receiver([ALLOW])
    async with again.listening():
        assert await ask(database, service(again), photo.key) is Outcome.DONE
    assert (await status_of(database, photo)).status is PhotoStatus.READY


@pytest.fixture
def ask_again(database):
    async def ask_again():
        async with database.begin() as tx:
            assert await moderation.ask_again(tx) >= 1

    return ask_again


async def test_each_wait_is_kept_within_a_fifth_and_after_the_last_it_ends(
    database, hold, service, ann
):
    """A service that fails every time, asked each time its photo is due."""
    photo, receiver, waits = await hold(ann), Receiver([answer("500 Oh")]), []
    due = (
        f"delete from pgqueuer where entrypoint = '{ASK_MODERATION}' and payload = :photo "
        "returning extract(epoch from execute_after - created)::float8"
    )
    async with receiver.listening():
        while await ask(database, service(receiver), photo.key) is Outcome.DONE:
            async with database.begin() as tx:
                waits += (await tx.execute(text(due), {"photo": photo.key.bytes})).scalars().all()

    assert len(waits) == len(DELAYS_S) == 7
    for wait_s, seconds in zip(waits, DELAYS_S, strict=True):
        assert seconds * 0.8 <= wait_s <= seconds * 1.2
    assert len(receiver.requests) == len(DELAYS_S) + 1
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1


def test_the_schedule_is_kept_within_a_fifth():
    for number, seconds in enumerate(DELAYS_S, start=1):
        for _ in range(200):
            wait = delay(number, NotAsked("x"))
            assert wait is not None
            assert seconds * 0.8 <= wait.total_seconds() <= seconds * 1.2
    assert delay(len(DELAYS_S) + 1, NotAsked("x")) is None
    assert delay(1, NotAsked("x", is_final=True)) is None
