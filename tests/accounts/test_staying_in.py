"""Refreshing a session and logging out."""

import pytest

from resolvers.context import Caller
from schema.sessions import LogInInput, RefreshSessionInput, Session, SignUpInput
from server.auth.callers import Callers
from tests.accounts.operations import LOG_OUT, NO_SESSION, SIGN_UP, VIEWER, account, bearer


async def test_refreshing_needs_no_access_token_and_stands_a_bad_one(refresh, member):
    token = member["refreshToken"]
    for authorization in (None, "Bearer expired", bearer(member)):
        answer = await refresh(token, authorization)
        assert answer["errors"] == []
        assert answer["session"]["user"] == {
            "username": member["user"]["username"],
            "photoCount": 0,
        }
        token = answer["session"]["refreshToken"]


async def test_a_refresh_keeps_the_session_and_a_repeated_one_gives_the_same_token(
    send, refresh, member
):
    first = await refresh(member["refreshToken"])
    again = await refresh(member["refreshToken"])

    assert again["session"]["refreshToken"] == first["session"]["refreshToken"]
    assert first["session"]["refreshToken"] != member["refreshToken"]
    seen = [await send(VIEWER, bearer(s)) for s in (member, first["session"], again["session"])]
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][1] == []


async def test_reuse_ends_the_session_for_good(database, parts, refresh, member):
    second = (await refresh(member["refreshToken"]))["session"]
    third = (await refresh(second["refreshToken"]))["session"]

    assert await refresh(member["refreshToken"]) == NO_SESSION
    assert await refresh(third["refreshToken"]) == NO_SESSION
    another_process = Callers(database, parts.tokens)
    for session in (member, second, third):
        caller = await another_process.of(bearer(session))
        assert caller == Caller(refused="the session has ended; log in again")


@pytest.mark.parametrize("token", ["", "psr_", "psr_" + "A" * 43, "\0", "\ud800", "x" * 1_000_000])
async def test_a_refresh_token_that_is_none_is_refused(counts, refresh, token):
    before = await counts()

    assert await refresh(token) == NO_SESSION
    assert await counts() == before


async def test_an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing(
    send, refresh, member
):
    assert await refresh(member["accessToken"]) == NO_SESSION
    assert await send(VIEWER, f"Bearer {member['refreshToken']}") == (
        {"viewer": None},
        ["the access token is not valid; log in again"],
    )


async def test_logging_out_ends_all_tokens_of_this_session_only(send, log_in, refresh, member):
    other = (await log_in(member["user"]["username"]))["session"]

    assert await send(LOG_OUT, bearer(member)) == ({"logOut": {"errors": []}}, [])

    ended = ["the session has ended; log in again"]
    assert await send(VIEWER, bearer(member)) == ({"viewer": None}, ended)
    assert await send(LOG_OUT, bearer(member)) == (None, ended)
    assert await refresh(member["refreshToken"]) == NO_SESSION
    assert (await send(VIEWER, bearer(other)))[1] == []
    assert (await refresh(other["refreshToken"]))["errors"] == []


async def test_logging_out_needs_a_session(send):
    assert await send(LOG_OUT) == (
        None,
        ["sign in first: send the header Authorization: Bearer <accessToken>"],
    )


async def test_what_follows_in_the_same_operation_is_logged_out_too(send, member):
    operation = "mutation { a: logOut { errors { code } } b: logOut { errors { code } } }"

    assert await send(operation, bearer(member)) == (
        None,
        ["sign in first: send the header Authorization: Bearer <accessToken>"],
    )


def test_no_secret_shows_when_inputs_and_sessions_are_printed():
    shown = [
        SignUpInput(username="ann", email="ann@example.org", password="canary"),
        LogInInput(login="ann", password="canary"),
        RefreshSessionInput(refresh_token="canary"),
        Session(
            access_token="canary",
            access_token_expires_at=None,
            refresh_token="canary",
            user_id=None,
        ),
    ]

    assert "canary" not in repr(shown)


async def test_over_http_a_token_is_good_until_the_logout(client):
    async def post(query, authorization=None, **variables):
        headers = {"Authorization": authorization} if authorization else {}
        body = {"query": query, "variables": variables}
        return (await client.post("/graphql", json=body, headers=headers)).json()

    session = (await post(SIGN_UP, input=account()))["data"]["signUp"]["session"]
    viewer = {"username": session["user"]["username"]}

    assert await post(VIEWER, bearer(session)) == {"data": {"viewer": viewer}}
    assert await post(LOG_OUT, bearer(session)) == {"data": {"logOut": {"errors": []}}}
    refused = await post(VIEWER, bearer(session))
    assert refused["data"] == {"viewer": None}
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["UNAUTHENTICATED"]
    assert await post(VIEWER) == {"data": {"viewer": None}}
