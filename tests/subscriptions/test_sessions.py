"""A connection lasts no longer than the right of its caller."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, update

from server.auth import watch
from server.auth.tokens import Tokens
from storage.tables import sessions, users
from tests.making import make_follow
from tests.subscriptions.clients import RECEIVED, events

LOG_OUT = "mutation { logOut { errors { code } } }"
ENDED = "the session has ended; log in again"
EXPIRED = "the access token has expired; refresh the session"


def _refusal(reason):
    refused = {"message": reason, "extensions": {"code": "UNAUTHENTICATED"}}
    return [("next", {"errors": [refused]}), ("complete", None)]


async def test_logging_out_closes_what_is_open_on_another_server(api, ask, ann, bob):
    async with api.socket(ann) as socket, events(api.url, RECEIVED, ann) as streamed:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann, times=2)

        await ask(LOG_OUT, viewer=ann)

        assert await socket.closed() == (4403, f"Forbidden: {ENDED}")
        assert [event async for event in streamed] == _refusal(ENDED)
    await api.until_told(ann, times=0)
    async with api.socket(bob) as other:
        await other.subscribe("{ viewer { username } }")
        assert await other.next() == {"viewer": {"username": bob.username}}


@pytest.mark.parametrize("how", ["expired", "deleted"])
async def test_a_session_that_is_over_in_another_way_closes_it_too(api, database, ann, how):
    expire = update(sessions).where(sessions.c.user_id == ann.key).values(expires_at=func.now())
    erase = delete(users).where(users.c.id == ann.key)

    async with api.socket(ann) as socket:
        async with database.begin() as tx:
            await tx.execute(expire if how == "expired" else erase)

        assert await socket.closed() == (4403, f"Forbidden: {ENDED}")


async def test_a_token_that_runs_out_closes_it(api, settings, ann):
    secret = settings.secret_key.get_secret_value()
    brief = Tokens(secret, access_ttl=timedelta(seconds=2))
    token, _ = brief.access(brief.session(ann.token))
    brief_ann = replace(ann, token=token)

    async with api.socket(brief_ann) as socket, events(api.url, RECEIVED, brief_ann) as streamed:
        assert await socket.closed() == (4403, f"Forbidden: {EXPIRED}")
        assert [event async for event in streamed] == _refusal(EXPIRED)


async def test_every_event_asks_for_the_session_again(
    serving, database, ask, ann, bob, monkeypatch
):
    monkeypatch.setattr(watch, "EVERY_S", 3600)
    api = serving()

    async with api.socket(ann) as socket:
        id = await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        await ask(LOG_OUT, viewer=ann)
        # As if the half second that a session is remembered were over.
        api.parts.callers.forget(api.parts.tokens.session(ann.token))
        await make_follow(database, by=bob, of=ann)

        refusal = {"message": ENDED, "extensions": {"code": "UNAUTHENTICATED"}}
        assert await socket.receive() == {"id": id, "type": "error", "payload": [refusal]}
    await api.until_told(ann, times=0)


async def test_a_guest_stays(api, ask, ann):
    async with api.socket() as socket:
        await ask(LOG_OUT, viewer=ann)
        await socket.subscribe("{ viewer { id } }")
        assert await socket.next() == {"viewer": None}
