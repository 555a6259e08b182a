"""Notifications: who is told of what, what gathers, what is taken back, what is unread."""

import asyncio

import pytest

from storage import blocks, likes, notifications
from storage.rows import NotificationKind, Visibility
from tests.conftest import Errors
from tests.making import (
    make_comment,
    make_follow,
    make_like,
    make_person,
    make_photo,
    make_private,
)

LIST = """
query($first: Int, $after: String) { notifications(first: $first, after: $after) {
  unreadCount
  pageInfo { hasNextPage endCursor }
  edges { cursor node {
    id kind isRead createdAt actorCount
    actor { username } actors { username } photo { id owner { username } } comment { id body }
  } }
} }
"""
LIKE = "mutation($id: ID!) { likePhoto(id: $id) { errors { code } } }"
UNLIKE = "mutation($id: ID!) { unlikePhoto(id: $id) { errors { code } } }"
FOLLOW = "mutation($id: ID!) { followUser(id: $id) { errors { code } } }"
UNFOLLOW = "mutation($id: ID!) { unfollowUser(id: $id) { errors { code } } }"
BLOCK = "mutation($id: ID!) { blockUser(id: $id) { errors { code } } }"
COMMENT = """
mutation($input: AddCommentInput!) { addComment(input: $input) {
  comment { id } errors { code }
} }
"""
DELETE_COMMENT = "mutation($id: ID!) { deleteComment(id: $id) { errors { code } } }"
READ = """
mutation($before: DateTime) { markNotificationsRead(before: $before) {
  unreadCount errors { code }
} }
"""


@pytest.fixture
def told(ask):
    """What a person finds: the unread count, and each notification as kind, actors and state."""

    async def told(person):
        found = (await ask(LIST, viewer=person))["notifications"]
        nodes = [edge["node"] for edge in found["edges"]]
        for node in nodes:
            assert node["actor"] == node["actors"][0]
            assert len(node["actors"]) == min(node["actorCount"], 3)
        return found["unreadCount"], [
            (node["kind"], [actor["username"] for actor in node["actors"]], node["isRead"])
            for node in nodes
        ]

    return told


@pytest.fixture
def comment(ask):
    async def comment(person, photo, body="Oh.", to=None):
        given = {"photoId": photo.id, "body": body, "parentId": to}
        answer = await ask(COMMENT, viewer=person, input=given)
        assert answer["addComment"]["errors"] == []
        return answer["addComment"]["comment"]["id"]

    return comment


async def test_likes_of_one_photo_gather_until_they_are_read(ask, told, database, ann, bob, cid):
    photo, other = await make_photo(database, ann), await make_photo(database, ann)

    for person, liked in ((bob, photo), (bob, photo), (bob, other), (cid, photo), (ann, photo)):
        await ask(LIKE, viewer=person, id=liked.id)

    likes = [("LIKE", [cid.username, bob.username], False), ("LIKE", [bob.username], False)]
    assert await told(ann) == (2, likes)

    marked = await ask(READ, viewer=ann)
    assert marked["markNotificationsRead"] == {"unreadCount": 0, "errors": []}
    await ask(UNLIKE, viewer=bob, id=photo.id)
    await ask(LIKE, viewer=bob, id=photo.id)

    assert await told(ann) == (
        1,
        [
            ("LIKE", [bob.username], False),
            ("LIKE", [cid.username], True),
            ("LIKE", [bob.username], True),
        ],
    )


async def test_what_is_told_twice_is_told_once_even_when_it_was_read(ask, told, database, ann, bob):
    photo = await make_photo(database, ann)
    await make_like(database, by=bob, of=photo)
    await ask(READ, viewer=ann)

    async with database.begin() as tx:
        await notifications.tell(tx, ann.key, NotificationKind.LIKE, bob.key, photo=photo.key)

    assert await told(ann) == (0, [("LIKE", [bob.username], True)])


async def test_a_like_taken_back_is_told_no_more(ask, told, database, ann, bob, cid):
    photo = await make_photo(database, ann)
    await make_like(database, by=bob, of=photo)
    first = (await ask(LIST, viewer=ann))["notifications"]["edges"][0]
    await make_like(database, by=cid, of=photo)

    await ask(UNLIKE, viewer=cid, id=photo.id)

    assert (await ask(LIST, viewer=ann))["notifications"]["edges"] == [first]
    for _ in range(2):
        await ask(UNLIKE, viewer=bob, id=photo.id)
        assert await told(ann) == (0, [])


async def test_following_again_and_again_is_told_once(ask, told, ann, bob):
    for _ in range(3):
        await ask(FOLLOW, viewer=bob, id=ann.id)
        await ask(UNFOLLOW, viewer=bob, id=ann.id)
    assert await told(ann) == (0, [])

    await ask(FOLLOW, viewer=bob, id=ann.id)

    assert await told(ann) == (1, [("FOLLOW", [bob.username], False)])


async def test_a_request_is_told_until_it_is_answered(ask, told, database, ann, bob, cid):
    accept = "mutation($id: ID!) { acceptFollow(id: $id) { errors { code } } }"
    decline = "mutation($id: ID!) { declineFollow(id: $id) { errors { code } } }"
    await make_private(database, ann)
    for person in (bob, cid):
        await ask(FOLLOW, viewer=person, id=ann.id)
    asked = [("FOLLOW_REQUEST", [person.username], False) for person in (cid, bob)]
    assert await told(ann) == (2, asked)

    await ask(accept, viewer=ann, id=bob.id)
    await ask(decline, viewer=ann, id=cid.id)

    assert await told(ann) == (0, [])
    assert await told(bob) == (1, [("FOLLOW_ACCEPTED", [ann.username], False)])
    assert await told(cid) == (0, [])


async def test_becoming_public_tells_all_who_waited(ask, told, database, ann, bob, cid):
    opening = "mutation { updateProfile(input: {isPrivate: false}) { errors { code } } }"
    await make_private(database, ann)
    for person in (bob, cid):
        await ask(FOLLOW, viewer=person, id=ann.id)

    await ask(opening, viewer=ann)

    assert await told(ann) == (0, [])
    for person in (bob, cid):
        assert await told(person) == (1, [("FOLLOW_ACCEPTED", [ann.username], False)])


async def test_comments_replies_and_mentions_are_told_to_whom_they_concern(
    ask, told, comment, database, ann, bob, cid
):
    photo = await make_photo(database, ann)

    top = await comment(bob, photo, f"Look, @{cid.username} and @{ann.username}!")
    reply = await comment(cid, photo, "Indeed.", to=top)
    await comment(ann, photo, f"Thanks, says @{ann.username}")

    assert await told(ann) == (
        2,
        [("COMMENT", [cid.username], False), ("COMMENT", [bob.username], False)],
    )
    assert await told(bob) == (1, [("REPLY", [cid.username], False)])
    assert await told(cid) == (1, [("MENTION", [bob.username], False)])
    node = (await ask(LIST, viewer=bob))["notifications"]["edges"][0]["node"]
    assert node["photo"] == {"id": photo.id, "owner": {"username": ann.username}}
    assert node["comment"] == {"id": reply, "body": "Indeed."}

    await ask(DELETE_COMMENT, viewer=bob, id=top)
    assert await told(ann) == (1, [("COMMENT", [cid.username], False)])
    assert await told(cid) == (0, [])
    await ask(DELETE_COMMENT, viewer=cid, id=reply)
    assert await told(ann) == await told(bob) == (0, [])


async def test_what_becomes_invisible_leaves_the_notification_without_it(
    ask, comment, database, ann, bob, cid
):
    photo = await make_photo(database, ann, visibility=Visibility.FOLLOWERS)
    for person in (bob, cid):
        await make_follow(database, by=person, of=ann)
    top = await comment(bob, photo)
    await comment(cid, photo, to=top)

    await ask(UNFOLLOW, viewer=bob, id=ann.id)

    found = (await ask(LIST, viewer=bob))["notifications"]
    node = found["edges"][0]["node"]
    assert (found["unreadCount"], node["kind"]) == (1, "REPLY")
    assert (node["photo"], node["comment"]) == (None, None)


async def test_a_block_takes_back_what_each_was_told_of_the_other(
    ask, told, comment, database, ann, bob, cid
):
    of_ann, of_bob = await make_photo(database, ann), await make_photo(database, bob)
    for person in (bob, cid):
        await make_like(database, by=person, of=of_ann)
    await make_like(database, by=ann, of=of_bob)
    await make_follow(database, by=bob, of=ann)
    await comment(bob, of_ann, f"@{cid.username}")

    await ask(BLOCK, viewer=ann, id=bob.id)

    assert await told(ann) == (1, [("LIKE", [cid.username], False)])
    assert await told(bob) == (0, [])
    assert await told(cid) == (1, [("MENTION", [bob.username], False)])
    async with database.begin() as tx:
        for one, other in ((ann, bob), (bob, ann)):
            await notifications.tell(tx, one.key, NotificationKind.FOLLOW, other.key)
    assert await told(ann) == (1, [("LIKE", [cid.username], False)])
    assert await told(bob) == (0, [])


async def _until_somebody_waits(database):
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    async with asyncio.timeout(10), database.connect() as connection:
        while not (await connection.exec_driver_sql(waiting)).scalar_one():
            pass


@pytest.mark.parametrize("first", ["the like", "the block"])
async def test_nobody_is_told_across_a_block_that_is_made_meanwhile(
    told, database, ann, bob, first
):
    photo = await make_photo(database, ann)

    async def like(tx):
        await likes.add(tx, photo.key, bob.key)

    async def block(tx):
        await blocks.add(tx, ann.key, bob.key)

    async def second(act):
        async with database.begin() as tx:
            await act(tx)

    before, after = (like, block) if first == "the like" else (block, like)
    async with database.begin() as tx:
        await before(tx)
        other = asyncio.create_task(second(after))
        await _until_somebody_waits(database)
    await other

    assert await told(ann) == (0, [])


async def test_counts_stay_exact_when_many_like_and_unlike_and_read_at_once(
    ask, told, database, settings, ann
):
    photo = await make_photo(database, ann)
    people = [await make_person(database, settings, f"p{number}") for number in range(5)]

    async def like_and_unlike(person):
        for _ in range(4):
            await ask(LIKE, viewer=person, id=photo.id)
            await ask(UNLIKE, viewer=person, id=photo.id)
        await ask(LIKE, viewer=person, id=photo.id)

    async def read():
        for _ in range(6):
            await ask(READ, viewer=ann)

    await asyncio.gather(read(), *map(like_and_unlike, people))

    found = (await ask(LIST, viewer=ann, first=100))["notifications"]
    nodes = [edge["node"] for edge in found["edges"]]
    assert sum(node["actorCount"] for node in nodes) == 5
    assert found["unreadCount"] == sum(not node["isRead"] for node in nodes) <= 1


async def test_forgetting_a_person_forgets_what_was_told_of_them(
    told, comment, database, ann, bob, cid
):
    photo = await make_photo(database, ann)
    for person in (cid, bob):
        await make_like(database, by=person, of=photo)
    await make_follow(database, by=bob, of=ann)
    await comment(bob, photo)

    async with database.begin() as tx:
        await notifications.forget_actor(tx, bob.key)

    assert await told(ann) == (1, [("LIKE", [cid.username], False)])


async def test_reading_up_to_a_time_leaves_the_later_ones(ask, told, database, ann, bob, cid):
    await make_follow(database, by=bob, of=ann)
    shown = (await ask(LIST, viewer=ann))["notifications"]["edges"][0]["node"]
    await _a_moment_later(database, shown["createdAt"])
    await make_follow(database, by=cid, of=ann)

    for before, left in (("2020-01-01T00:00:00Z", 2), (shown["createdAt"], 1), (None, 0)):
        answer = await ask(READ, viewer=ann, before=before)
        assert answer["markNotificationsRead"] == {"unreadCount": left, "errors": []}
        states = [(kind, is_read) for kind, _, is_read in (await told(ann))[1]]
        assert states == [("FOLLOW", left < 1), ("FOLLOW", left < 2)]
    assert (await told(bob), await told(cid)) == ((0, []), (0, []))


async def _a_moment_later(database, shown):
    """Times are told in milliseconds: two things within one are not told apart."""
    async with database.connect() as connection:
        await connection.exec_driver_sql(
            f"do $$ begin while clock_timestamp() < '{shown}'::timestamptz + '2 ms'::interval "
            "loop end loop; end $$"
        )


async def test_pages_follow_each_other_without_gap_or_repeat(ask, database, settings, ann):
    for number in range(5):
        await make_follow(database, by=await make_person(database, settings, f"p{number}"), of=ann)
    whole = (await ask(LIST, viewer=ann))["notifications"]["edges"]

    paged, after = [], None
    for size in (2, 2, 1):
        page = (await ask(LIST, viewer=ann, first=2, after=after))["notifications"]
        assert (len(page["edges"]), page["unreadCount"]) == (size, 5)
        paged += page["edges"]
        after = page["pageInfo"]["endCursor"]

    assert paged == whole
    assert page["pageInfo"]["hasNextPage"] is False


async def test_a_node_is_for_its_recipient_only(ask, database, ann, bob):
    node = "query($id: ID!) { node(id: $id) { id ... on Notification { kind isRead } } }"
    await make_follow(database, by=bob, of=ann)
    id = (await ask(LIST, viewer=ann))["notifications"]["edges"][0]["node"]["id"]

    own = await ask(node, viewer=ann, id=id)

    assert own == {"node": {"id": id, "kind": "FOLLOW", "isRead": False}}
    for viewer in (bob, None):
        assert await ask(node, viewer=viewer, id=id) == {"node": None}


@pytest.mark.parametrize("query", [LIST, READ])
async def test_a_guest_must_sign_in(ask, query):
    with pytest.raises(Errors) as refused:
        await ask(query)

    assert refused.value.codes == ["UNAUTHENTICATED"]


async def test_a_few_statements_whatever_the_length(ask_counted, database, settings, ann, bob):
    photo = await make_photo(database, ann)
    await make_comment(database, by=ann, of=photo)
    await make_follow(database, by=bob, of=ann)
    data, one = await ask_counted(LIST, viewer=ann)
    assert len(data["notifications"]["edges"]) == 1
    for number in range(10):
        person = await make_person(database, settings, f"p{number}")
        await make_like(database, by=person, of=await make_photo(database, ann))
        await make_follow(database, by=person, of=ann)

    data, many = await ask_counted(LIST, viewer=ann)

    assert len(data["notifications"]["edges"]) == 20
    # The list, what is unread, the actors and their number; with photos these and their owners
    # at once.
    assert (one, many) == (4, 5)
