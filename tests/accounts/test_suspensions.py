"""A suspended user is out within a second, reads why, and can be let in again."""

import asyncio

import pytest
from sqlalchemy import select

from server.cli import suspensions as verb
from server.embedded.processes import CannotStart
from storage import roles
from storage.tables import moderation_log
from tests.accounts.operations import ACCOUNT, PASSWORD, REQUEST_RESET, RESET, account
from tests.making import make_person

SUSPEND = """
mutation($input: SuspensionInput!) {
  suspendUser(input: $input) { user { id } errors { code path } }
}
"""
REINSTATE = """
mutation($input: SuspensionInput!) {
  reinstateUser(input: $input) { user { id } errors { code path } }
}
"""
REPORT = "mutation($id: ID!) { report(input: {subjectId: $id, reason: SPAM}) { errors { code } } }"
USER_CASES = "{ moderationQueue(first: 100, kind: USER) { edges { node { id user { id } } } } }"
RESOLVE = """
mutation($input: ResolveReportsInput!) {
  resolveReports(input: $input) { case { outcome } errors { code path } }
}
"""
USER = "query($name: String!) { user(username: $name) { id } }"
OUT = [{"code": "NOT_ALLOWED", "message": "the account is suspended: Spam.", "path": ["input"]}]


@pytest.fixture
async def judge(database, settings):
    person = await make_person(database, settings, "judge")
    async with database.begin() as tx:
        await roles.add(tx, person.key)
    return person


@pytest.fixture
async def eve(sign_up, ask):
    """Someone with a session: what they typed, the session, and their id."""
    typed = account()
    session = (await sign_up(**typed))["session"]
    id = (await ask(USER, name=typed["username"]))["user"]["id"]
    return typed, session, id


@pytest.fixture
def suspend(ask, judge):
    async def suspend(id, viewer=judge, reason="Spam.", mutation=SUSPEND):
        answer = await ask(mutation, viewer=viewer, input={"id": id, "reason": reason})
        return next(iter(answer.values()))

    return suspend


async def logged(database, id):
    async with database.connect() as connection:
        entries = select(
            moderation_log.c.decider, moderation_log.c.action, moderation_log.c.reason
        ).order_by(moderation_log.c.id)
        about = entries.where(moderation_log.c.subject_id == id)
        return [tuple(row) for row in (await connection.execute(about)).all()]


async def test_whoever_is_suspended_is_out_and_comes_in_no_more(
    eve, suspend, send, parts, log_in, refresh, mailbox
):
    typed, session, id = eve
    authorization = f"Bearer {session['accessToken']}"
    assert await send(ACCOUNT, authorization) != (None, [])
    second = (await log_in(typed["username"]))["session"]

    assert await suspend(id) == {"user": {"id": id}, "errors": []}

    for each in (session, second):
        held = parts.tokens.session(each["accessToken"])
        parts.callers.forget(held)
        data, errors = await send(ACCOUNT, f"Bearer {each['accessToken']}")
        assert (data, errors) == (None, ["the session has ended; log in again"])
        refused = await refresh(each["refreshToken"])
        assert (refused["session"], refused["errors"][0]["code"]) == (None, "WRONG_CREDENTIALS")
    for login in (typed["username"], typed["email"]):
        assert await log_in(login) == {"session": None, "errors": OUT}
    wrong = await log_in(typed["username"], "not the password")
    assert [error["code"] for error in wrong["errors"]] == ["WRONG_CREDENTIALS"]

    await send(REQUEST_RESET, email=typed["email"])
    code = await mailbox.code(typed["email"], "Reset your password")
    data, _ = await send(RESET, code=code, password=PASSWORD + " anew")
    assert data["resetPassword"] == {"session": None, "errors": OUT}


async def test_a_suspension_is_logged_once_and_can_be_lifted(eve, suspend, database, log_in, parts):
    typed, session, id = eve
    key = parts.tokens.session(session["accessToken"]).user_id
    await suspend(id)
    await suspend(id, reason="Again.")
    lifted = {"user": {"id": id}, "errors": []}
    assert await suspend(id, reason="Was wrong.", mutation=REINSTATE) == lifted
    assert await suspend(id, reason="Again.", mutation=REINSTATE) == lifted

    assert (await log_in(typed["username"]))["errors"] == []
    assert await logged(database, key) == [
        ("MODERATOR", "SUSPENDED", "Spam."),
        ("MODERATOR", "REINSTATED", "Was wrong."),
    ]


async def test_only_moderators_suspend_and_nobody_suspends_them(
    eve, suspend, judge, ann, database, log_in
):
    typed, _, id = eve
    for mutation in (SUSPEND, REINSTATE):
        refused = await suspend(id, viewer=ann, mutation=mutation)
        assert refused == {"user": None, "errors": [{"code": "NOT_ALLOWED", "path": []}]}
    assert (await log_in(typed["username"]))["errors"] == []

    for other, code in ((judge.id, "NOT_ALLOWED"), ("user_" + "0" * 32, "NOT_FOUND")):
        refused = await suspend(other)
        assert refused == {"user": None, "errors": [{"code": code, "path": ["input", "id"]}]}
    assert await logged(database, judge.key) == []


@pytest.mark.parametrize("by_case", [True, False])
async def test_a_case_about_a_user_ends_with_a_suspension(eve, suspend, ask, ann, judge, by_case):
    id = eve[2]
    await ask(REPORT, viewer=ann, id=id)
    [case] = await cases_about(ask, judge, id)

    if by_case:
        given = {"caseId": case, "outcome": "SUSPENDED", "note": "Spam."}
        answer = await ask(RESOLVE, viewer=judge, input=given)
        assert answer["resolveReports"] == {"case": {"outcome": "SUSPENDED"}, "errors": []}
    else:
        await suspend(id)

    assert await cases_about(ask, judge, id) == []
    given = {"caseId": case, "outcome": "DISMISSED"}
    late = await ask(RESOLVE, viewer=judge, input=given)
    assert late["resolveReports"]["errors"] == [{"code": "CONFLICT", "path": ["input", "caseId"]}]


async def test_a_session_that_begins_meanwhile_ends_too(eve, suspend, database, log_in, parts):
    typed, _, id = eve
    answers = await asyncio.gather(*(log_in(typed["username"]) for _ in range(5)), suspend(id))
    begun = [answer["session"] for answer in answers[:-1] if answer["session"]]
    for session in begun:
        held = parts.tokens.session(session["accessToken"])
        parts.callers.forget(held)
        assert (await parts.callers.of(f"Bearer {session['accessToken']}")).session is None


async def test_the_operator_does_the_same_by_a_verb(eve, settings, judge, log_in, capsys):
    typed, _, _ = eve
    name = typed["username"]

    async def printed(action, username=name):
        capsys.readouterr()
        given = {"action": action, "username": username, "reason": "Spam."}
        await asyncio.to_thread(verb.run, settings, **given)
        return capsys.readouterr().out

    assert await printed("add") == f"{name} is suspended\n"
    assert (await log_in(name))["errors"] == OUT
    assert f"{name:<30} Spam.\n" in await printed("list", "")
    assert await printed("lift") == f"{name} can come in\n"
    assert name not in await printed("list", "")
    with pytest.raises(CannotStart, match="a moderator is not suspended"):
        await printed("add", judge.username)
    with pytest.raises(CannotStart, match="there is no user nobody_here"):
        await printed("add", "nobody_here")


async def cases_about(ask, judge, id):
    listed = (await ask(USER_CASES, viewer=judge))["moderationQueue"]["edges"]
    return [edge["node"]["id"] for edge in listed if edge["node"]["user"] == {"id": id}]
