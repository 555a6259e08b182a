"""What is deleted between two reads of one answer: never an internal error."""

import pytest

from storage import departures, edits, photos, users
from tests.conftest import Errors
from tests.making import make_comment, make_photo

OWNED = "query($id: ID!) { node(id: $id) { ... on Photo { id owner { id username } } } }"
# A list whose owners do not come along with it.
TAGGED = (
    "query($tag: String!) { photos(tag: $tag) { edges { node { id owner { id username } } } } }"
)
WRITTEN = "query($id: ID!) { node(id: $id) { ... on Comment { id author { username } } } }"
ABOUT = "query($id: ID!) { node(id: $id) { ... on Comment { body photo { id } } } }"


@pytest.fixture
def before(monkeypatch):
    """Lets something happen right before a storage function is called the first time."""

    def before(module, name, happen):
        read = getattr(module, name)
        happened = []

        async def later(*arguments, **named):
            if not happened:
                happened.append(name)
                await happen()
            return await read(*arguments, **named)

        monkeypatch.setattr(module, name, later)
        return happened

    return before


@pytest.fixture
def leave(database):
    async def leave(key):
        async with database.begin() as tx:
            known = await users.credentials_by_id(tx, key)
            await departures.begin(tx, known)

    return leave


async def test_an_owner_who_just_left_is_a_stand_in(database, ask, before, leave, ann, bob):
    photo = await make_photo(database, ann, tags=[ann.username])
    happened = before(users, "by_ids", lambda: leave(ann.key))

    seen = await ask(TAGGED, viewer=bob, tag=ann.username)

    assert happened == ["by_ids"]
    [edge] = seen["photos"]["edges"]
    assert edge["node"] == {
        "id": photo.id,
        "owner": {"id": "user_" + "0" * 32, "username": "[deleted]"},
    }
    assert await ask(OWNED, viewer=bob, id=photo.id) == {"node": None}


async def test_an_author_who_just_left_is_a_stand_in(database, ask, before, leave, ann, bob):
    comment = await make_comment(database, by=ann, of=await make_photo(database, bob))
    happened = before(users, "by_ids", lambda: leave(ann.key))

    seen = await ask(WRITTEN, viewer=bob, id=comment.id)

    assert happened == ["by_ids"]
    assert seen["node"] == {"id": comment.id, "author": {"username": "[deleted]"}}
    assert await ask(WRITTEN, viewer=bob, id=comment.id) == {"node": None}


async def test_a_photo_that_was_just_deleted_is_not_found(database, ask, before, ann, bob):
    photo = await make_photo(database, ann)
    comment = await make_comment(database, by=bob, of=photo)

    async def deleted():
        async with database.begin() as tx:
            await edits.remove(tx, photo.key, ann.key)

    happened = before(photos, "by_ids", deleted)

    async def told():
        try:
            return await ask(ABOUT, viewer=bob, id=comment.id)
        except Errors as missing:
            return missing.codes

    # An executor that begins anew finds nothing; one that does not says what is missing.
    assert await told() in ({"node": None}, ["NOT_FOUND"])
    assert happened == ["by_ids"]
    assert await ask(ABOUT, viewer=bob, id=comment.id) == {"node": None}


async def test_blocking_somebody_who_just_left_is_refused(database, ask, before, leave, ann, bob):
    block = "mutation($id: ID!) { blockUser(id: $id) { user { id } errors { code path } } }"
    await ask(block, viewer=bob, id=ann.id)
    happened = before(users, "require", lambda: leave(ann.key))

    answer = (await ask(block, viewer=bob, id=ann.id))["blockUser"]

    assert happened == ["require"]
    assert answer == {"user": None, "errors": [{"code": "NOT_FOUND", "path": ["id"]}]}
