"""Changing the password, and seeing and ending the sessions of one's devices."""

import asyncio

import pytest

from resolvers.context import Caller, Client
from server.auth.callers import Callers
from tests.accounts.operations import (
    CHANGE_PASSWORD,
    END_OTHERS,
    END_SESSION,
    NO_SESSION,
    PASSWORD,
    SESSIONS,
    VIEWER,
    bearer,
)

ENDED = Caller(refused="the session has ended; log in again")


@pytest.fixture
def change(send):
    async def change(session, password, new):
        data, errors = await send(CHANGE_PASSWORD, bearer(session), password=password, new=new)
        assert errors == []
        return data["changePassword"]

    return change


async def seen_elsewhere(database, parts, session):
    """What another process makes of the access token once its memory is over."""
    return await Callers(database, parts.tokens).of(bearer(session))


async def test_a_changed_password_opens_a_session_and_ends_all_others(
    database, parts, send, log_in, refresh, change, member
):
    name = member["user"]["username"]
    other = (await log_in(name))["session"]
    answer = await change(member, PASSWORD, "another horse")

    assert answer["errors"] == []
    assert (await send(VIEWER, bearer(answer["session"])))[0] == {"viewer": {"username": name}}
    for old in (member, other):
        assert await seen_elsewhere(database, parts, old) == ENDED
        assert await refresh(old["refreshToken"]) == NO_SESSION
    assert (await log_in(name))["session"] is None
    assert (await log_in(name, "another horse"))["errors"] == []


@pytest.mark.parametrize(
    ("password", "new", "code", "path"),
    [
        ("wrong horse", "another horse", "WRONG_CREDENTIALS", "password"),
        (PASSWORD, "short", "INVALID", "newPassword"),
        (PASSWORD, "a\0 horse with NUL", "INVALID", "newPassword"),
        (PASSWORD, "x" * 1025, "TOO_LONG", "newPassword"),
        (PASSWORD, "x" * 1_000_000, "TOO_LONG", "newPassword"),
        ("x" * 1_000_000, "another horse", "TOO_LONG", "password"),
    ],
)
async def test_a_password_is_not_changed_otherwise(
    counts, log_in, change, member, password, new, code, path
):
    before = await counts()
    answer = await change(member, password, new)

    assert answer["session"] is None
    assert [(e["code"], e["path"]) for e in answer["errors"]] == [(code, ["input", path])]
    assert await counts() | {"attempts": 0} == before | {"attempts": 0}
    assert (await log_in(member["user"]["username"]))["errors"] == []


async def test_of_two_changes_at_once_one_counts(log_in, change, member):
    answers = await asyncio.gather(
        change(member, PASSWORD, "the first horse"), change(member, PASSWORD, "the second horse")
    )

    codes = sorted(e["code"] for answer in answers for e in answer["errors"])
    assert codes in (["CONFLICT"], ["WRONG_CREDENTIALS"])
    name = member["user"]["username"]
    good = [await log_in(name, f"the {which} horse") for which in ("first", "second")]
    assert sum(answer["session"] is not None for answer in good) == 1


async def test_one_sees_where_one_is_signed_in(send, log_in, member):
    phone = Client("192.0.2.1", "Phone/1.0\n\x00evil" + "x" * 1000)
    latest = (await log_in(member["user"]["username"], client=phone))["session"]
    data, _ = await send(SESSIONS, bearer(latest))

    shown = [edge["node"] for edge in data["sessions"]["edges"]]
    assert [entry["isCurrent"] for entry in shown] == [True, False]
    assert shown[0]["userAgent"] == ("Phone/1.0evil" + "x" * 1000)[:300]
    assert shown[1]["userAgent"] == ""
    assert all(entry["usedAt"] >= entry["createdAt"] for entry in shown)


async def test_a_refresh_is_a_use(send, refresh, member):
    used = (await refresh(member["refreshToken"]))["session"]
    data, _ = await send(SESSIONS, bearer(used))

    (entry,) = [edge["node"] for edge in data["sessions"]["edges"]]
    assert entry["usedAt"] > entry["createdAt"]


async def test_a_device_is_signed_out_from_another(
    database, parts, send, log_in, refresh, sign_up, member
):
    name = member["user"]["username"]
    here, there = (await log_in(name))["session"], (await log_in(name))["session"]
    listed, _ = await send(SESSIONS, bearer(there))
    (id,) = [e["node"]["id"] for e in listed["sessions"]["edges"] if e["node"]["isCurrent"]]
    stranger = (await sign_up())["session"]

    for who, expected in [(stranger, ["NOT_FOUND"]), (here, []), (here, ["NOT_FOUND"])]:
        data, _ = await send(END_SESSION, bearer(who), id=id)
        assert [error["code"] for error in data["endSession"]["errors"]] == expected
    assert await seen_elsewhere(database, parts, there) == ENDED
    assert await refresh(there["refreshToken"]) == NO_SESSION
    data, _ = await send(SESSIONS, bearer(here))
    assert len(data["sessions"]["edges"]) == 2


async def test_all_other_devices_are_signed_out(database, parts, send, log_in, sign_up, member):
    name = member["user"]["username"]
    others = [member, *[(await log_in(name))["session"] for _ in range(3)]]
    here = (await log_in(name))["session"]
    stranger = (await sign_up())["session"]
    data, _ = await send(END_OTHERS, bearer(here))

    assert data["endOtherSessions"] == {"endedCount": 4, "errors": []}
    for other in others:
        assert await seen_elsewhere(database, parts, other) == ENDED
    for kept in (here, stranger):
        assert (await seen_elsewhere(database, parts, kept)).session is not None


async def test_the_list_of_sessions_takes_one_statement(ask_counted, ann):
    _, asked = await ask_counted(SESSIONS, viewer=ann)

    assert asked == 1


@pytest.mark.parametrize("id", ["", "session_", "session_" + "0" * 32, "user_" + "0" * 32, "\0"])
async def test_what_is_no_session_is_not_there(send, member, id):
    data, _ = await send(END_SESSION, bearer(member), id=id)

    assert [error["code"] for error in data["endSession"]["errors"]] == ["NOT_FOUND"]
