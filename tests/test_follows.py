"""Following: what it does to states, counts and lists."""

import asyncio

import pytest

from tests.making import make_block, make_follow, make_person

FOLLOW = """
mutation($id: ID!) { followUser(id: $id) {
  user { id viewerFollow followerCount } errors { code message path }
} }
"""
UNFOLLOW = """
mutation($id: ID!) { unfollowUser(id: $id) {
  user { id viewerFollow followerCount } errors { code message path }
} }
"""
PERSON = """
query($name: String!) { user(username: $name) {
  viewerFollow followsViewer followerCount followingCount
  followers { edges { node { username } } }
  following { edges { node { username } } }
} }
"""


def _names(connection):
    return [edge["node"]["username"] for edge in connection["edges"]]


async def test_following_twice_is_following_once(ask, ann, bob):
    for _ in range(2):
        answer = await ask(FOLLOW, viewer=ann, id=bob.id)
        assert answer["followUser"] == {
            "user": {"id": bob.id, "viewerFollow": "FOLLOWING", "followerCount": 1},
            "errors": [],
        }

    person = (await ask(PERSON, viewer=bob, name=ann.username))["user"]
    assert (person["followsViewer"], person["followingCount"]) == (True, 1)
    assert _names(person["following"]) == [bob.username]


async def test_unfollowing_twice_is_unfollowing_once(database, ask, ann, bob, cid):
    await make_follow(database, by=ann, of=bob)
    await make_follow(database, by=cid, of=bob)

    for _ in range(2):
        answer = await ask(UNFOLLOW, viewer=ann, id=bob.id)
        assert answer["unfollowUser"]["user"] == {
            "id": bob.id,
            "viewerFollow": "NONE",
            "followerCount": 1,
        }

    person = (await ask(PERSON, name=bob.username))["user"]
    assert _names(person["followers"]) == [cid.username]


async def test_the_latest_follower_comes_first(database, settings, ask, ann):
    followers = [await make_person(database, settings, f"f{number}") for number in range(3)]
    for follower in followers:
        await make_follow(database, by=follower, of=ann)

    person = (await ask(PERSON, name=ann.username))["user"]

    assert _names(person["followers"]) == [follower.username for follower in reversed(followers)]


async def _nothing_changed(ask, *people):
    for person in people:
        seen = (await ask(PERSON, name=person.username))["user"]
        assert (seen["followerCount"], seen["followingCount"]) == (0, 0)


async def test_nobody_follows_themselves(ask, ann):
    answer = await ask(FOLLOW, viewer=ann, id=ann.id)

    assert answer["followUser"] == {
        "user": None,
        "errors": [
            {"code": "NOT_ALLOWED", "message": "you cannot follow yourself", "path": ["id"]}
        ],
    }
    await _nothing_changed(ask, ann)


@pytest.mark.parametrize("blocks", ["ann blocks bob", "bob blocks ann"])
async def test_a_block_looks_like_nobody_there(database, ask, ann, bob, blocks):
    people = {"ann": ann, "bob": bob}
    by, of = blocks.split(" blocks ")
    await make_block(database, by=people[by], of=people[of])

    blocked = await ask(FOLLOW, viewer=ann, id=bob.id)
    absent = await ask(FOLLOW, viewer=ann, id="user_" + "0" * 32)
    nonsense = await ask(FOLLOW, viewer=ann, id="nonsense")

    assert blocked == absent == nonsense
    assert blocked["followUser"]["errors"][0]["code"] == "NOT_FOUND"
    await _nothing_changed(ask, ann, bob)


async def test_a_private_account_is_asked_and_lets_everyone_in_when_it_becomes_public(
    ask, ann, bob, cid
):
    privacy = """
    mutation($to: Boolean!) { updateProfile(input: {isPrivate: $to}) {
      user { isPrivate followerCount } errors { code }
    } }
    """
    await ask(privacy, viewer=bob, to=True)
    for viewer in (ann, cid):
        asked = await ask(FOLLOW, viewer=viewer, id=bob.id)
        assert asked["followUser"]["user"]["viewerFollow"] == "REQUESTED"
        assert asked["followUser"]["user"]["followerCount"] == 0
    withdrawn = await ask(UNFOLLOW, viewer=cid, id=bob.id)
    assert withdrawn["unfollowUser"]["user"]["viewerFollow"] == "NONE"

    opened = await ask(privacy, viewer=bob, to=False)

    assert opened["updateProfile"]["user"] == {"isPrivate": False, "followerCount": 1}
    person = (await ask(PERSON, viewer=ann, name=bob.username))["user"]
    assert (person["viewerFollow"], _names(person["followers"])) == ("FOLLOWING", [ann.username])


async def test_counts_stay_exact_when_many_follow_and_leave_at_once(database, settings, ask, ann):
    people = [await make_person(database, settings, f"c{number}") for number in range(6)]

    async def come_and_go(person):
        for _ in range(4):
            await ask(FOLLOW, viewer=person, id=ann.id)
            await ask(FOLLOW, viewer=ann, id=person.id)
            await ask(UNFOLLOW, viewer=person, id=ann.id)
        await ask(FOLLOW, viewer=person, id=ann.id)

    await asyncio.gather(*(come_and_go(person) for person in people))

    person = (await ask(PERSON, name=ann.username))["user"]
    assert (person["followerCount"], person["followingCount"]) == (6, 6)
    assert len(person["followers"]["edges"]) == 6


async def test_a_profile_changes_only_in_what_is_given(ask, ann):
    change = """
    mutation($input: UpdateProfileInput!) { updateProfile(input: $input) {
      user { displayName bio isPrivate } errors { code path }
    } }
    """

    first = await ask(change, viewer=ann, input={"displayName": "Ann B.", "bio": "One\nTwo"})
    second = await ask(change, viewer=ann, input={"bio": None, "isPrivate": None})
    refused = await ask(change, viewer=ann, input={"displayName": " ", "bio": "x" * 501})
    third = await ask(change, viewer=ann, input={})

    assert first["updateProfile"]["user"]["bio"] == "One\nTwo"
    assert second["updateProfile"]["user"] == {
        "displayName": "Ann B.",
        "bio": "",
        "isPrivate": False,
    }
    assert refused["updateProfile"] == {
        "user": None,
        "errors": [
            {"code": "INVALID", "path": ["input", "displayName"]},
            {"code": "TOO_LONG", "path": ["input", "bio"]},
        ],
    }
    assert third["updateProfile"]["user"] == second["updateProfile"]["user"]
