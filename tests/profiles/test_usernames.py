"""Another name: how often, in which case, and who gets the old one."""

import asyncio
import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from storage import accounts
from storage.tables import former_usernames, users
from tests.conftest import Errors
from tests.making import make_person
from tests.profiles.operations import PASSWORD, RENAME, SIGN_UP


@pytest.fixture
def rename(ask):
    async def rename(person, username):
        return (await ask(RENAME, viewer=person, username=username))["changeUsername"]

    return rename


def fresh(stem="name"):
    return f"{stem}_{secrets.token_hex(6)}"


async def name_of(database, person):
    async with database.connect() as connection:
        query = select(users.c.username).where(users.c.id == person.key)
        return (await connection.execute(query)).scalar_one()


async def let_pass(database, person, time):
    async with database.begin() as tx:
        earlier = former_usernames.c.given_up_at - time
        own = update(former_usernames).where(former_usernames.c.user_id == person.key)
        await tx.execute(own.values(given_up_at=earlier))


async def found(ask, username):
    user = (await ask("query($n: String!) { user(username: $n) { id } }", n=username))["user"]
    return user["id"] if user else None


async def code(answer):
    assert answer["user"] is None
    [error] = answer["errors"]
    assert error["path"] == ["input", "username"]
    return error["code"]


async def test_another_name_is_found_and_the_old_one_is_not(ask, rename, ann):
    name = fresh("Anna")

    answer = await rename(ann, f" {name} ")

    assert answer == {"user": {"id": ann.id, "username": name}, "errors": []}
    assert await found(ask, name.lower()) == ann.id
    assert await found(ask, ann.username) is None


async def test_the_old_name_waits_for_its_owner(ask, database, rename, ann, bob):
    await rename(ann, fresh())

    assert await code(await rename(bob, ann.username.upper())) == "TAKEN"
    address = {"email": f"{fresh()}@example.org", "password": PASSWORD}
    answer = await ask(SIGN_UP, input={"username": ann.username, **address})
    assert answer["signUp"]["session"] is None
    assert [(error["code"], error["path"]) for error in answer["signUp"]["errors"]] == [
        ("TAKEN", ["input", "username"])
    ]
    assert await name_of(database, bob) == bob.username

    assert (await rename(ann, ann.username))["errors"] == []
    assert await found(ask, ann.username) == ann.id


async def test_after_a_while_others_can_have_it(ask, database, rename, ann, bob):
    await rename(ann, fresh())
    await let_pass(database, ann, accounts.HELD - timedelta(minutes=1))
    assert await code(await rename(bob, ann.username)) == "TAKEN"

    await let_pass(database, ann, timedelta(minutes=2))

    assert (await rename(bob, ann.username))["user"]["username"] == ann.username
    assert await code(await rename(ann, ann.username)) == "TAKEN"
    assert await found(ask, ann.username) == bob.id


async def test_a_name_can_be_changed_twice_in_a_while(database, rename, ann):
    names = [fresh() for _ in range(4)]
    for name in names[:2]:
        assert (await rename(ann, name))["errors"] == []

    answer = await rename(ann, names[2])

    assert await code(answer) == "NOT_ALLOWED"
    again_at = re.search(r"again from (\S+)Z$", answer["errors"][0]["message"])
    assert again_at is not None
    left = datetime.fromisoformat(again_at[1]).replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(days=13, hours=23) < left <= accounts.HELD
    assert await name_of(database, ann) == names[1]
    # Another case of the same name is no change in this sense, and neither is the same name.
    assert (await rename(ann, names[1].upper()))["errors"] == []
    assert (await rename(ann, names[1].upper()))["errors"] == []
    assert await name_of(database, ann) == names[1].upper()
    await let_pass(database, ann, accounts.HELD)
    assert (await rename(ann, names[3]))["errors"] == []


async def test_another_case_gives_nothing_up(database, rename, ann):
    await rename(ann, ann.username.upper())

    query = select(func.count()).where(former_usernames.c.user_id == ann.key)
    async with database.connect() as connection:
        assert (await connection.execute(query)).scalar_one() == 0


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        ("ab", "INVALID"),
        ("a b c", "INVALID"),
        ("_abc", "INVALID"),
        ("[deleted]", "INVALID"),
        ("x" * 31, "TOO_LONG"),
        ("änne", "INVALID"),
    ],
)
async def test_the_rules_are_those_of_signing_up(database, rename, ann, username, expected):
    assert await code(await rename(ann, username)) == expected
    assert await name_of(database, ann) == ann.username


async def test_somebody_else_s_name_is_taken(database, rename, ann, bob):
    assert await code(await rename(ann, bob.username.upper())) == "TAKEN"
    assert await name_of(database, ann) == ann.username


async def test_of_many_who_want_a_name_one_gets_it(database, settings, rename, ann):
    people = [await make_person(database, settings, f"m{number}") for number in range(6)]
    name = fresh()

    answers = await asyncio.gather(*(rename(person, name) for person in people))

    codes = [[error["code"] for error in answer["errors"]] for answer in answers]
    assert sorted(codes) == [[]] + [["TAKEN"]] * 5


async def test_many_changes_at_once_are_counted_one_by_one(database, rename, ann):
    answers = await asyncio.gather(*(rename(ann, fresh()) for _ in range(6)))

    codes = [[error["code"] for error in answer["errors"]] for answer in answers]
    assert sorted(codes) == [[]] * 2 + [["NOT_ALLOWED"]] * 4


async def test_a_name_given_up_at_this_moment_is_held_already(ask, database, rename, ann):
    for _ in range(2):
        before = await name_of(database, ann)
        address = {"password": PASSWORD, "email": f"{fresh()}@example.org"}

        given_up, signed_up = await asyncio.gather(
            rename(ann, fresh()), ask(SIGN_UP, input={"username": before, **address})
        )

        assert given_up["errors"] == []
        assert signed_up["signUp"]["errors"][0]["code"] == "TAKEN"


async def test_it_needs_a_session(rename):
    with pytest.raises(Errors) as caught:
        await rename(None, fresh())

    assert caught.value.codes == ["UNAUTHENTICATED"]
