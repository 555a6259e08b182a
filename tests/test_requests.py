"""Private accounts: who asks, who is let in, who is sent away."""

import asyncio

import pytest

from tests.making import make_follow, make_person, make_private

CHANGE = """
mutation($id: ID!) {{ {mutation}(id: $id) {{
  user {{ id viewerFollow followsViewer }} errors {{ code message path }}
}} }}
"""
WAITING = """
query($first: Int, $after: String) { followRequests(first: $first, after: $after) {
  edges { node { username } } pageInfo { hasNextPage endCursor }
} }
"""
COUNTS = "query($id: ID!) { node(id: $id) { ... on User { followerCount followingCount } } }"


async def change(ask, mutation, viewer, other):
    data = await ask(CHANGE.format(mutation=mutation), viewer=viewer, id=other.id)
    return data[mutation]


async def waiting(ask, viewer, **variables):
    found = (await ask(WAITING, viewer=viewer, **variables))["followRequests"]["edges"]
    return [edge["node"]["username"] for edge in found]


async def counts(ask, *people):
    found = [(await ask(COUNTS, id=person.id))["node"] for person in people]
    return [(each["followerCount"], each["followingCount"]) for each in found]


async def test_who_is_accepted_follows(database, ask, ann, bob):
    await make_private(database, ann)
    await make_follow(database, by=bob, of=ann)
    assert await waiting(ask, ann) == [bob.username]
    assert await counts(ask, ann, bob) == [(0, 0), (0, 0)]

    for _ in range(2):
        accepted = await change(ask, "acceptFollow", ann, bob)
        assert accepted["user"] == {"id": bob.id, "viewerFollow": "NONE", "followsViewer": True}

    assert await waiting(ask, ann) == []
    assert await counts(ask, ann, bob) == [(1, 0), (0, 1)]


async def test_who_is_declined_does_not_follow_and_may_ask_again(database, ask, ann, bob):
    await make_private(database, ann)
    await make_follow(database, by=bob, of=ann)

    declined = await change(ask, "declineFollow", ann, bob)
    again = await change(ask, "declineFollow", ann, bob)

    assert declined["errors"] == []
    assert (again["user"], again["errors"][0]["code"]) == (None, "NOT_FOUND")
    assert await waiting(ask, ann) == []
    assert await counts(ask, ann, bob) == [(0, 0), (0, 0)]
    assert (await change(ask, "followUser", bob, ann))["user"]["viewerFollow"] == "REQUESTED"


async def test_only_who_asks_can_be_accepted(ask, ann, bob):
    answer = await change(ask, "acceptFollow", ann, bob)

    assert (answer["user"], answer["errors"][0]["code"]) == (None, "NOT_FOUND")
    assert await counts(ask, ann, bob) == [(0, 0), (0, 0)]


async def test_accepting_and_withdrawing_at_once_leaves_one_of_the_two(database, ask, ann, bob):
    await make_private(database, ann)
    for _ in range(5):
        await make_follow(database, by=bob, of=ann)
        await asyncio.gather(
            change(ask, "acceptFollow", ann, bob),
            change(ask, "unfollowUser", bob, ann),
            change(ask, "declineFollow", ann, bob),
        )
        person = (await change(ask, "unfollowUser", bob, ann))["user"]
        assert person["viewerFollow"] == "NONE"
        assert await counts(ask, ann, bob) == [(0, 0), (0, 0)]
    assert await waiting(ask, ann) == []


async def test_a_follower_can_be_removed(database, ask, ann, bob):
    await make_follow(database, by=bob, of=ann)
    await make_follow(database, by=ann, of=bob)

    for _ in range(2):
        removed = await change(ask, "removeFollower", ann, bob)
        assert removed["user"] == {
            "id": bob.id,
            "viewerFollow": "FOLLOWING",
            "followsViewer": False,
        }

    assert await counts(ask, ann, bob) == [(0, 1), (1, 0)]


async def test_requests_are_listed_for_their_receiver_in_pages(database, settings, ask, ann):
    await make_private(database, ann)
    people = [await make_person(database, settings, f"w{number}") for number in range(3)]
    for person in people:
        await make_follow(database, by=person, of=ann)

    first = (await ask(WAITING, viewer=ann, first=2))["followRequests"]
    rest = await waiting(ask, ann, first=2, after=first["pageInfo"]["endCursor"])

    listed = [edge["node"]["username"] for edge in first["edges"]] + rest
    assert listed == [person.username for person in reversed(people)]
    assert await waiting(ask, people[0]) == []


@pytest.mark.parametrize("size", [1, 20])
async def test_the_list_of_requests_is_one_statement(database, settings, ask_counted, ann, size):
    await make_private(database, ann)
    for number in range(size):
        person = await make_person(database, settings, f"s{number}")
        await make_follow(database, by=person, of=ann)

    data, total = await ask_counted(WAITING, viewer=ann, first=100)

    assert (len(data["followRequests"]["edges"]), total) == (size, 1)
