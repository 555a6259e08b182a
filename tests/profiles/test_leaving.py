"""A deleted account is gone: for others at once, and then every row and every byte."""

import asyncio
import contextlib

import pytest
from sqlalchemy import func, select, update

from server.cli.counters import walked
from server.worker import handlers
from storage import departures, erasure
from storage.counters import COUNTERS
from storage.reached import Unavailable
from storage.refusals import WrongCredentials
from storage.sessions import begin
from storage.tables import comments, users
from storage.tables import departures as departure_table
from tests.conftest import Errors
from tests.making import (
    LONG,
    make_block,
    make_comment,
    make_follow,
    make_like,
    make_person,
    make_photo,
)
from tests.profiles.conftest import picture
from tests.profiles.operations import CHOOSE, LEAVE, LOG_IN, PASSWORD, REFRESH
from tests.profiles.traces import traces_of
from tests.storing import (
    Breaking,
    BreakingDatabase,
    Died,
    every_object,
    make_awaiting,
    scalar,
    somebody_waits,
)
from workers.accounts import erase
from workers.outcomes import Outcome
from workers.variants import Workshop, make

PUBLISH = """
mutation($id: ID!) { publishPhoto(input: {uploadId: $id, title: "Late"}) {
  photo { id } errors { code path }
} }
"""
PERSON = """
query($id: ID!) { node(id: $id) { ... on User {
  followerCount followingCount
  followers { edges { node { id } } } following { edges { node { id } } }
} } }
"""
THREAD = """
query($id: ID!) { node(id: $id) { ... on Photo { likeCount commentCount
  likers { edges { node { id } } }
  comments { edges { node { body author { id username displayName } replyCount
    replies { edges { node { body author { username } } } }
  } } }
} } }
"""


@pytest.fixture
def leave(ask):
    async def leave(person, password=PASSWORD):
        return (await ask(LEAVE, viewer=person, password=password))["deleteAccount"]

    return leave


@pytest.fixture
def erased(database, jobs):
    """Runs what deletes an account, as if a minute had passed when it is time."""

    async def erased(person):
        assert await erase(database, person.key) is Outcome.DONE
        await long_ago(database, person)
        assert await erase(database, person.key) is Outcome.DONE
        assert await erase(database, person.key) is Outcome.NOTHING
        await jobs.run()

    return erased


async def long_ago(database, person):
    async with database.begin() as tx:
        left = update(departure_table).where(departure_table.c.user_id == person.key)
        await tx.execute(left.values(left_at=func.now() - departures.QUIET * 2))


async def wrong_counts(database):
    return {
        counter.name: wrong
        for counter in COUNTERS
        if (wrong := (await walked(database, counter, repair=False))[1])
    }


@pytest.fixture
async def exact(database):
    """Other tests may leave counts that they made by hand; here all begin exact."""
    for counter in COUNTERS:
        await walked(database, counter, repair=True)


@pytest.fixture
def life(database, settings, objects, ask, workshop, arrived, jobs):
    """Somebody with everything one can have here, and others around them."""

    async def life(person, friend, other):
        await make_follow(database, by=person, of=friend)
        await make_follow(database, by=friend, of=person)
        await make_follow(database, by=other, of=person)
        stranger = await make_person(database, settings, "stranger")
        await make_block(database, by=person, of=stranger)
        avatar = await arrived(person, picture("gold"))
        await ask(CHOOSE, viewer=person, id=avatar.id)
        own = await make_awaiting(database, objects, person)
        await make(workshop, own.key)
        await arrived(person)
        theirs = await make_photo(database, friend)
        for photo in (own, theirs):
            for by in (person, friend, other):
                await make_like(database, by=by, of=photo)
        for photo in (own, theirs):
            first = await make_comment(database, by=person, of=photo, body="First")
            answer = await make_comment(database, by=friend, of=photo, to=first, body="Answer")
            await make_comment(database, by=person, of=photo, to=answer, body="Leaf")
            alone = await make_comment(database, by=person, of=photo, body="Alone")
            await make_comment(database, by=person, of=photo, to=alone, body="Own leaf")
            await make_comment(database, by=other, of=photo, body="Other")
        await jobs.run("make_avatar")
        return own, theirs

    return life


async def test_the_password_is_asked_once_more(database, ask, leave, signed_up):
    person = await signed_up("leaver_one")

    refused = await leave(person, "another password")

    assert refused == {
        "deletedId": None,
        "errors": [
            {
                "code": "WRONG_CREDENTIALS",
                "message": "the password is wrong",
                "path": ["input", "password"],
            }
        ],
    }
    assert (await ask("{ viewer { id } }", viewer=person))["viewer"] == {"id": person.id}
    with pytest.raises(Errors) as caught:
        await leave(None)
    assert caught.value.codes == ["UNAUTHENTICATED"]


async def test_nobody_comes_in_and_nobody_finds_the_account(
    database, ask, leave, life, signed_up, bob, cid
):
    person = await signed_up("leaver_two")
    logged_in = await ask(LOG_IN, login="leaver_two", password=PASSWORD)
    own, theirs = await life(person, bob, cid)

    assert await leave(person) == {"deletedId": person.id, "errors": []}

    # Before anything is taken apart.
    for token in (person.token, logged_in["logIn"]["session"]["accessToken"]):
        with pytest.raises(Errors) as caught:
            await ask("{ viewer { id } }", viewer=type(person)("", person.key, "", token))
        assert caught.value.codes == ["UNAUTHENTICATED"]
    again = await ask(LOG_IN, login="leaver_two", password=PASSWORD)
    assert again["logIn"]["errors"][0]["code"] == "WRONG_CREDENTIALS"
    for viewer in (bob, None):
        seen = """
        query($id: ID!, $photo: ID!, $name: String!) {
          node(id: $id) { id } photo: node(id: $photo) { id } user(username: $name) { id }
          users(first: 100) { edges { node { id } } }
          found: users(search: "leaver_two") { edges { node { id } } }
          photos(first: 100) { edges { node { id } } }
        }
        """
        answer = await ask(seen, viewer=viewer, id=person.id, photo=own.id, name="leaver_two")
        assert (answer["node"], answer["photo"], answer["user"]) == (None, None, None)
        for listed in ("users", "found", "photos"):
            ids = {edge["node"]["id"] for edge in answer[listed]["edges"]}
            assert ids.isdisjoint({person.id, own.id})
    thread = (await ask(THREAD, viewer=bob, id=theirs.id))["node"]
    assert [edge["node"]["body"] for edge in thread["comments"]["edges"]] == ["Other"]
    assert person.id not in str(thread)
    told = "{ notifications { edges { node { actor { id } actors { id } } } } }"
    assert person.id not in str(await ask(told, viewer=bob))
    lists = (await ask(PERSON, viewer=bob, id=bob.id))["node"]
    assert (lists["followers"]["edges"], lists["following"]["edges"]) == ([], [])
    assert (await ask("{ feed { edges { node { id } } } }", viewer=cid))["feed"]["edges"] == []


async def test_nothing_is_left_and_what_others_count_is_exact(
    database, objects, ask, jobs, exact, leave, life, erased, signed_up, bob, cid
):
    others = await every_object(objects)
    person = await signed_up("leaver_three")
    _, theirs = await life(person, bob, cid)
    assert len(await every_object(objects) - others) == 8 + 6 + 1
    assert await traces_of(database, person.key, "leaver_three") != {}

    await leave(person)
    await erased(person)

    assert await traces_of(database, person.key, "leaver_three", person.key.hex) == {}
    assert await every_object(objects) == others
    assert await wrong_counts(database) == {}
    for one, counts in ((bob, (0, 0)), (cid, (0, 0))):
        node = (await ask(PERSON, viewer=one, id=one.id))["node"]
        assert (node["followerCount"], node["followingCount"]) == counts
    assert (await ask(THREAD, viewer=bob, id=theirs.id))["node"] == {
        "likeCount": 2,
        "commentCount": 2,
        "likers": {"edges": [{"node": {"id": cid.id}}, {"node": {"id": bob.id}}]},
        "comments": {
            "edges": [
                {
                    "node": {
                        "body": "Other",
                        "author": {"id": cid.id, "username": cid.username, "displayName": "Cid"},
                        "replyCount": 0,
                        "replies": {"edges": []},
                    }
                },
                {
                    "node": {
                        "body": None,
                        "author": {
                            "id": "user_" + "0" * 32,
                            "username": "[deleted]",
                            "displayName": "Deleted account",
                        },
                        "replyCount": 1,
                        "replies": {
                            "edges": [
                                {"node": {"body": "Answer", "author": {"username": bob.username}}}
                            ]
                        },
                    }
                },
            ]
        },
    }
    told = "{ notifications { unreadCount edges { node { kind actor { id } } } } }"
    left = (await ask(told, viewer=bob))["notifications"]
    kinds = [(edge["node"]["kind"], edge["node"]["actor"]["id"]) for edge in left["edges"]]
    assert kinds == [("LIKE", cid.id)]
    assert left["unreadCount"] == 1


async def test_the_stand_in_is_nobody(ask, ann):
    query = 'query($id: ID!) { node(id: $id) { id } user(username: "[deleted]") { id } }'

    assert await ask(query, id="user_" + "0" * 32) == {"node": None, "user": None}


async def test_name_and_address_are_free_at_once(ask, leave, signed_up):
    await leave(await signed_up("leaver_four"))

    assert (await signed_up("leaver_four")).username == "leaver_four"


async def test_leaving_twice_at_once_is_leaving_once(database, jobs, ask, leave, signed_up):
    person = await signed_up("leaver_five")

    async def tried():
        try:
            return await leave(person)
        except Errors as refused:
            return refused.codes

    answers = await asyncio.gather(*(tried() for _ in range(6)))

    gone = {"deletedId": person.id, "errors": []}
    assert gone in answers
    assert all(answer in (gone, ["UNAUTHENTICATED"]) or _is_refused(answer) for answer in answers)
    assert await jobs.kinds() == ["erase_account"]


def _is_refused(answer):
    return [error["code"] for error in answer["errors"]] == ["WRONG_CREDENTIALS"]


async def test_a_session_that_begins_meanwhile_is_ended_too(database, ask, leave, signed_up):
    person = await signed_up("leaver_six")

    async def leaving():
        await somebody_begins.wait()
        task = asyncio.create_task(leave(person))
        await somebody_waits(database)
        return task

    somebody_begins = asyncio.Event()
    waiting = asyncio.create_task(leaving())
    async with database.begin() as tx:
        await begin(tx, person.key, "a token", LONG)
        somebody_begins.set()
        task = await waiting
    assert (await task)["errors"] == []

    async with database.begin() as tx:
        with pytest.raises(WrongCredentials):
            await begin(tx, person.key, "another token", LONG)
    refused = (await ask(REFRESH, token="a token"))["refreshSession"]
    assert refused["session"] is None


async def test_an_account_that_was_not_left_is_never_erased(database, ask, ann):
    photo = await make_photo(database, ann)

    assert await erase(database, ann.key) is Outcome.NOTHING

    assert (await ask("query($id: ID!) { node(id: $id) { id } }", id=photo.id))["node"]


async def test_the_row_waits_until_whoever_still_writes_has_ended(
    database, objects, jobs, workshop, leave, erased, exact, signed_up, arrived, bob
):
    others = await every_object(objects)
    person = await signed_up("leaver_seven")
    photo = await make_photo(database, bob)
    await leave(person)
    assert await erase(database, person.key) is Outcome.DONE
    assert await jobs.kinds() == ["erase_account", "erase_account"]
    assert await scalar(database, select(func.count()).where(users.c.id == person.key)) == 1

    # What a request that began before can still bring about.
    await make_awaiting(database, objects, person)
    await make_like(database, by=person, of=photo)
    await make_comment(database, by=person, of=photo)
    await arrived(person)
    await erased(person)

    assert await traces_of(database, person.key) == {}
    assert await wrong_counts(database) == {}
    assert await every_object(objects) == others


async def test_leaving_while_publishing_leaves_nothing(
    database, objects, ask, jobs, leave, erased, signed_up, arrived
):
    others = await every_object(objects)
    for number in range(4):
        person = await signed_up(f"publisher_{number}")
        uploads = [await arrived(person) for _ in range(3)]

        await asyncio.gather(
            leave(person),
            *(ask(PUBLISH, viewer=person, id=upload.id) for upload in uploads),
            return_exceptions=True,
        )
        await erased(person)

        assert await traces_of(database, person.key) == {}
        assert await every_object(objects) == others


@pytest.mark.parametrize("what", ["variants", "avatar"])
async def test_leaving_while_a_worker_renders_leaves_nothing(
    database, objects, studio, jobs, ask, leave, erased, signed_up, arrived, what
):
    others = await every_object(objects)
    person = await signed_up(f"rendered_{what}")
    upload = await arrived(person)
    started, resume = asyncio.Event(), asyncio.Event()

    class Frozen:
        async def render(self, data):
            made = await studio.render(data)
            return await self._later(made)

        async def squares(self, data):
            return await self._later(await studio.squares(data))

        async def _later(self, made):
            started.set()
            await resume.wait()
            return made

    await ask(PUBLISH if what == "variants" else CHOOSE, viewer=person, id=upload.id)
    _, kind, payload = (await jobs.waiting())[0]
    late = handlers(Workshop(database, objects, Frozen()))[kind]
    work = asyncio.create_task(late(payload))
    await started.wait()
    await leave(person)
    assert await erase(database, person.key) is Outcome.DONE
    resume.set()
    assert await work is Outcome.NOTHING
    await erased(person)

    assert await traces_of(database, person.key) == {}
    assert await every_object(objects) == others


@pytest.mark.parametrize("takes_effect", [False, True])
async def test_broken_off_anywhere_it_goes_on(
    database, objects, jobs, exact, leave, life, erased, signed_up, bob, cid, takes_effect
):
    others = await every_object(objects)
    person = await signed_up(f"broken_{takes_effect}".lower())
    await life(person, bob, cid)
    await leave(person)

    errors = (Unavailable("away"), Died("killed"), RuntimeError("a bug"))
    for at in range(1, 60):
        breaking = Breaking(errors[at % 3], at % 7 + 1, takes_effect=takes_effect)
        with contextlib.suppress(Died, RuntimeError):
            await erase(BreakingDatabase(database, breaking), person.key)
    await erased(person)

    assert await traces_of(database, person.key) == {}
    assert await wrong_counts(database) == {}
    assert await every_object(objects) == others


async def test_two_workers_at_once_count_nothing_twice(
    database, objects, jobs, exact, leave, life, signed_up, bob, cid
):
    others = await every_object(objects)
    person = await signed_up("leaver_twice")
    await life(person, bob, cid)
    await leave(person)

    await asyncio.gather(*(erase(database, person.key) for _ in range(3)))
    await long_ago(database, person)
    await asyncio.gather(*(erase(database, person.key) for _ in range(3)))
    await jobs.run()

    assert await traces_of(database, person.key) == {}
    assert await wrong_counts(database) == {}
    assert await every_object(objects) == others


async def test_what_is_large_is_taken_in_parts(
    database, settings, monkeypatch, exact, jobs, leave, erased, signed_up, bob
):
    for name, size in (("BATCH", 2), ("LARGE_BATCH", 3), ("PHOTOS", 1)):
        monkeypatch.setattr(erasure, name, size)
    person = await signed_up("leaver_large")
    crowd = [await make_person(database, settings, f"l{number}") for number in range(5)]
    own = [await make_photo(database, person) for _ in range(3)]
    theirs = [await make_photo(database, one) for one in crowd]
    for one, photo in zip(crowd, theirs, strict=True):
        await make_follow(database, by=one, of=person)
        await make_follow(database, by=person, of=one)
        await make_like(database, by=person, of=photo)
        root = await make_comment(database, by=person, of=photo)
        leaf = await make_comment(database, by=one, of=photo, to=root)
        await make_comment(database, by=person, of=photo, to=leaf)
        for each in own:
            await make_like(database, by=one, of=each)
            await make_comment(database, by=one, of=each)

    await leave(person)
    await erased(person)

    assert await traces_of(database, person.key) == {}
    assert await wrong_counts(database) == {}
    left = select(func.count()).where(comments.c.photo_id.in_([each.key for each in theirs]))
    # Of each thread the root's place and the answer.
    assert await scalar(database, left) == 10


async def test_whole_threads_of_empty_places_are_pruned(
    database, exact, jobs, leave, erased, signed_up, ann, bob
):
    person = await signed_up("leaver_deep")
    photo = await make_photo(database, ann)
    last = None
    for _ in range(12):
        last = await make_comment(database, by=person, of=photo, to=last)

    await leave(person)
    await erased(person)

    assert await scalar(database, select(func.count()).where(comments.c.photo_id == photo.key)) == 0
    assert await wrong_counts(database) == {}


async def test_others_go_on_liking_and_commenting_meanwhile(
    database, ask, exact, jobs, leave, life, erased, signed_up, bob, cid
):
    person = await signed_up("leaver_busy")
    _, theirs = await life(person, bob, cid)
    await leave(person)
    like = "mutation($id: ID!) { likePhoto(id: $id) { errors { code } } }"
    unlike = "mutation($id: ID!) { unlikePhoto(id: $id) { errors { code } } }"
    write = """
    mutation($id: ID!) { addComment(input: {photoId: $id, body: "Hm"}) { errors { code } } }
    """

    async def busy(viewer):
        for _ in range(6):
            for mutation in (like, unlike, write):
                answer = await ask(mutation, viewer=viewer, id=theirs.id)
                assert next(iter(answer.values())) == {"errors": []}

    await asyncio.gather(busy(bob), busy(cid), erase(database, person.key))
    await erased(person)

    assert await wrong_counts(database) == {}
    assert await traces_of(database, person.key) == {}
