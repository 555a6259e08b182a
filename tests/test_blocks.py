"""Blocks: what they end, what they hide, and that lifting them brings nothing back."""

import pytest

from tests.making import make_follow, make_person, make_photo, make_private

BLOCK = """
mutation($id: ID!) { blockUser(id: $id) {
  user { id viewerFollow followsViewer photos { edges { node { id } } } } errors { code }
} }
"""
UNBLOCK = "mutation($id: ID!) { unblockUser(id: $id) { user { id } errors { code } } }"
BLOCKED = "query($first: Int) { blockedUsers(first: $first) { edges { node { id } } } }"
SEEN = """
query($id: ID!, $photo: ID!, $name: String!) {
  node(id: $id) { id }
  photo: node(id: $photo) { id }
  user(username: $name) { id }
  feed { edges { node { id } } }
  viewer { followerCount followingCount followers { edges { node { id } } } }
}
"""


async def blocked(ask, viewer):
    found = (await ask(BLOCKED, viewer=viewer, first=100))["blockedUsers"]["edges"]
    return [edge["node"]["id"] for edge in found]


async def test_a_block_ends_and_hides_everything_in_both_directions(database, ask, ann, bob):
    await make_follow(database, by=ann, of=bob)
    await make_follow(database, by=bob, of=ann)
    photos = {ann.id: await make_photo(database, owner=ann), bob.id: None}
    photos[bob.id] = await make_photo(database, owner=bob)

    for _ in range(2):
        answer = (await ask(BLOCK, viewer=ann, id=bob.id))["blockUser"]
        assert answer == {
            "user": {
                "id": bob.id,
                "viewerFollow": "NONE",
                "followsViewer": False,
                "photos": {"edges": []},
            },
            "errors": [],
        }

    for viewer, other in ((ann, bob), (bob, ann)):
        own = photos[viewer.id].id
        seen = await ask(
            SEEN, viewer=viewer, id=other.id, photo=photos[other.id].id, name=other.username
        )
        assert seen == {
            "node": None,
            "photo": None,
            "user": None,
            "feed": {"edges": [{"node": {"id": own}}]},
            "viewer": {"followerCount": 0, "followingCount": 0, "followers": {"edges": []}},
        }
    assert await blocked(ask, ann) == [bob.id]
    assert await blocked(ask, bob) == []


async def test_a_block_ends_a_request_that_waits(database, ask, ann, bob):
    await make_private(database, ann)
    await make_follow(database, by=bob, of=ann)

    await ask(BLOCK, viewer=ann, id=bob.id)
    await ask(UNBLOCK, viewer=ann, id=bob.id)

    waiting = await ask("{ followRequests { edges { node { id } } } }", viewer=ann)
    assert waiting["followRequests"]["edges"] == []


async def test_lifting_a_block_brings_nothing_back(database, ask, ann, bob):
    await make_follow(database, by=ann, of=bob)
    await ask(BLOCK, viewer=ann, id=bob.id)

    lifted = await ask(UNBLOCK, viewer=ann, id=bob.id)
    again = await ask(UNBLOCK, viewer=ann, id=bob.id)

    assert lifted["unblockUser"] == again["unblockUser"] == {"user": {"id": bob.id}, "errors": []}
    assert await blocked(ask, ann) == []
    person = "query($id: ID!) { node(id: $id) { ... on User { viewerFollow followerCount } } }"
    seen = (await ask(person, viewer=ann, id=bob.id))["node"]
    assert seen == {"viewerFollow": "NONE", "followerCount": 0}


async def test_two_blocks_are_lifted_one_by_one(database, ask, ann, bob):
    await ask(BLOCK, viewer=ann, id=bob.id)
    refused = await ask(BLOCK, viewer=bob, id=ann.id)
    assert refused["blockUser"]["errors"] == [{"code": "NOT_FOUND"}]

    await ask(UNBLOCK, viewer=ann, id=bob.id)
    await ask(BLOCK, viewer=bob, id=ann.id)

    answer = await ask(UNBLOCK, viewer=ann, id=bob.id)
    assert answer["unblockUser"] == {"user": None, "errors": [{"code": "NOT_FOUND"}]}


@pytest.mark.parametrize("mutation", [BLOCK, UNBLOCK])
async def test_nobody_there_cannot_be_blocked(ask, ann, mutation):
    answer = await ask(mutation, viewer=ann, id="user_" + "0" * 32)

    payload = next(iter(answer.values()))
    assert payload == {"user": None, "errors": [{"code": "NOT_FOUND"}]}


async def test_oneself_cannot_be_blocked(ask, ann):
    answer = await ask(BLOCK, viewer=ann, id=ann.id)

    assert answer["blockUser"] == {"user": None, "errors": [{"code": "NOT_ALLOWED"}]}
    assert await blocked(ask, ann) == []


@pytest.mark.parametrize("size", [1, 20])
async def test_the_list_of_blocked_users_is_one_statement(
    database, settings, ask, ask_counted, ann, size
):
    for number in range(size):
        person = await make_person(database, settings, f"x{number}")
        await ask(BLOCK, viewer=ann, id=person.id)

    data, total = await ask_counted(BLOCKED, viewer=ann, first=100)

    assert (len(data["blockedUsers"]["edges"]), total) == (size, 1)


async def test_counts_leave_out_whom_a_block_hides(database, ask, ann, bob, cid):
    await make_follow(database, by=cid, of=ann)
    await make_follow(database, by=ann, of=cid)
    person = """
    query($id: ID!) { node(id: $id) { ... on User {
      followerCount followingCount
      followers { edges { node { id } } } following { edges { node { id } } }
    } } }
    """
    await ask(BLOCK, viewer=bob, id=cid.id)

    nothing = {"edges": []}
    for_bob = (await ask(person, viewer=bob, id=ann.id))["node"]
    for_cid = (await ask(person, viewer=cid, id=ann.id))["node"]

    assert for_bob == {
        "followerCount": 0,
        "followingCount": 0,
        "followers": nothing,
        "following": nothing,
    }
    assert (for_cid["followerCount"], for_cid["followingCount"]) == (1, 1)
