"""Comments: threads, counts, deletion, and whom blocks hide what from."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from storage.rows import Visibility
from storage.tables import comments, photos
from tests.conftest import Errors
from tests.making import (
    make_block,
    make_comment,
    make_follow,
    make_person,
    make_photo,
)

ADD = """
mutation($input: AddCommentInput!) { addComment(input: $input) {
  comment { id body replyCount author { username } parent { id } photo { id commentCount } }
  errors { code message path }
} }
"""
DELETE = """
mutation($id: ID!) { deleteComment(id: $id) { deletedId errors { code message path } } }
"""
THREADS = """
query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Photo {
  commentCount
  comments(first: $first, after: $after) {
    edges { cursor node { id body } } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
} } }
"""
REPLIES = """
query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Comment {
  body replyCount parent { id } photo { commentCount }
  replies(first: $first, after: $after) {
    edges { cursor node { id body } } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
} } }
"""
NO_COMMENT = [{"code": "NOT_FOUND", "message": "there is no such comment", "path": ["id"]}]


async def _add(ask, viewer, photo, body="Oh.", **more):
    input = {"photoId": photo.id, "body": body, **more}
    return (await ask(ADD, viewer=viewer, input=input))["addComment"]


async def _delete(ask, viewer, comment):
    return (await ask(DELETE, viewer=viewer, id=comment.id))["deleteComment"]


async def _photo(ask, photo, viewer=None, **variables):
    return (await ask(THREADS, viewer=viewer, id=photo.id, **variables))["node"]


async def _comment(ask, comment, viewer=None, **variables):
    return (await ask(REPLIES, viewer=viewer, id=comment.id, **variables))["node"]


def _ids(connection):
    return [edge["node"]["id"] for edge in connection["edges"]]


async def _walk(ask, photo, viewer=None):
    """Every id that *viewer* can list, after comparing each count with what is listed."""
    node = await _photo(ask, photo, viewer, first=100)
    found, bodies, waiting = [], 0, list(node["comments"]["edges"])
    while waiting:
        entry = waiting.pop(0)["node"]
        shown = (await ask(REPLIES, viewer=viewer, id=entry["id"], first=100))["node"]
        assert shown["replyCount"] == len(shown["replies"]["edges"])
        assert shown["photo"]["commentCount"] == node["commentCount"]
        found.append(entry["id"])
        bodies += shown["body"] is not None
        waiting += shown["replies"]["edges"]
    assert node["commentCount"] == bodies
    return found


async def _is_exact(database, photo):
    """Whether every counter of the photo equals its rows."""
    counter = select(photos.c.comment_count).where(photos.c.id == photo.key)
    rows = select(func.count(comments.c.body)).where(comments.c.photo_id == photo.key)
    reply = comments.alias("reply")
    replies = select(func.count()).where(reply.c.parent_id == comments.c.id)
    wrong = select(func.count()).where(
        comments.c.photo_id == photo.key, comments.c.reply_count != replies.scalar_subquery()
    )
    async with database.connect() as connection:
        counted = (await connection.execute(counter)).scalar_one()
        assert counted == (await connection.execute(rows)).scalar_one()
        assert (await connection.execute(wrong)).scalar_one() == 0
    return counted


async def _rows(database, photo):
    query = select(func.count()).where(comments.c.photo_id == photo.key)
    async with database.connect() as connection:
        return (await connection.execute(query)).scalar_one()


async def test_a_comment_and_its_reply(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)

    first = await _add(ask, bob, photo, "  Lovely\nlight  ")
    reply = await _add(ask, ann, photo, "Thanks", parentId=first["comment"]["id"])

    assert first["errors"] == reply["errors"] == []
    assert first["comment"] | {"id": None} == {
        "id": None,
        "body": "Lovely\nlight",
        "replyCount": 0,
        "author": {"username": bob.username},
        "parent": None,
        "photo": {"id": photo.id, "commentCount": 1},
    }
    assert reply["comment"]["parent"] == {"id": first["comment"]["id"]}
    assert reply["comment"]["photo"]["commentCount"] == 2
    assert _ids((await _photo(ask, photo))["comments"]) == [first["comment"]["id"]]
    assert await _walk(ask, photo) == [first["comment"]["id"], reply["comment"]["id"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "INVALID"),
        (" \n\t ", "INVALID"),
        ("\u200b", "INVALID"),
        ("a\x00b", None),
        ("a\x07b", "INVALID"),
        ("x" * 1_001, "TOO_LONG"),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467" * 1_001, "TOO_LONG"),
    ],
)
async def test_a_body_that_cannot_be(database, ask, ann, body, code):
    photo = await make_photo(database, owner=ann)

    if code is None:
        with pytest.raises(Errors) as caught:
            await _add(ask, ann, photo, body)
        assert caught.value.codes == ["BAD_USER_INPUT"]
    else:
        answer = await _add(ask, ann, photo, body)
        assert answer["comment"] is None
        assert [(error["code"], error["path"]) for error in answer["errors"]] == [
            (code, ["input", "body"])
        ]

    assert await _rows(database, photo) == await _is_exact(database, photo) == 0


async def test_length_is_counted_as_people_see_it(database, ask, ann):
    photo = await make_photo(database, owner=ann)
    families = "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 1_000

    answer = await _add(ask, ann, photo, families)

    assert answer["comment"]["body"] == families


async def test_threads_are_newest_first_and_replies_oldest_first(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    threads = [await make_comment(database, by=bob, of=photo) for _ in range(5)]
    replies = [await make_comment(database, by=ann, of=photo, to=threads[2]) for _ in range(5)]

    async def pages(read, listed):
        found, after = [], None
        for _ in range(3):
            connection = (await read(after))[listed]
            found += _ids(connection)
            after = connection["pageInfo"]["endCursor"]
        assert connection["pageInfo"]["hasNextPage"] is False
        return found

    listed = await pages(lambda after: _photo(ask, photo, first=2, after=after), "comments")
    assert listed == [comment.id for comment in reversed(threads)]
    listed = await pages(lambda after: _comment(ask, threads[2], first=2, after=after), "replies")
    assert listed == [comment.id for comment in replies]


async def test_paging_is_stable_while_comments_come_and_go(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    thread = await make_comment(database, by=bob, of=photo)
    replies = [await make_comment(database, by=ann, of=photo, to=thread) for _ in range(4)]
    first = (await _comment(ask, thread, first=2))["replies"]

    await _delete(ask, ann, replies[1])
    late = await make_comment(database, by=ann, of=photo, to=thread)
    second = await _comment(ask, thread, first=100, after=first["pageInfo"]["endCursor"])

    assert _ids(first) == [replies[0].id, replies[1].id]
    assert _ids(second["replies"]) == [replies[2].id, replies[3].id, late.id]


async def test_a_cursor_of_another_list_is_refused(database, ask, ann):
    photo = await make_photo(database, owner=ann)
    thread = await make_comment(database, by=ann, of=photo)
    cursor = (await _photo(ask, photo))["comments"]["pageInfo"]["endCursor"]

    with pytest.raises(Errors) as caught:
        await _comment(ask, thread, after=cursor)

    assert caught.value.codes == ["BAD_USER_INPUT"]


async def test_commenting_where_one_may_not(database, ask, ann, bob, cid):
    private = await make_photo(database, owner=ann, visibility=Visibility.PRIVATE)
    followers = await make_photo(database, owner=ann, visibility=Visibility.FOLLOWERS)
    unfinished = await make_photo(database, owner=ann, is_ready=False)
    public = await make_photo(database, owner=ann)
    await make_block(database, by=ann, of=cid)
    missing = {"code": "NOT_FOUND", "message": "there is no such photo"}
    missing["path"] = ["input", "photoId"]

    for viewer, photo in [(bob, private), (bob, followers), (bob, unfinished), (cid, public)]:
        assert await _add(ask, viewer, photo) == {"comment": None, "errors": [missing]}
        assert await _rows(database, photo) == await _is_exact(database, photo) == 0
    own = await _add(ask, ann, unfinished)
    assert own["errors"][0]["code"] == "NOT_ALLOWED"
    with pytest.raises(Errors) as caught:
        await _add(ask, None, public)
    assert caught.value.codes == ["UNAUTHENTICATED"]
    await make_follow(database, by=bob, of=ann)
    assert (await _add(ask, bob, followers))["errors"] == []


async def test_a_parent_that_cannot_be(database, ask, ann, bob, cid):
    photo = await make_photo(database, owner=ann)
    other = await make_photo(database, owner=ann)
    elsewhere = await make_comment(database, by=ann, of=other)
    deleted = await make_comment(database, by=ann, of=photo)
    await make_comment(database, by=bob, of=photo, to=deleted)
    await _delete(ask, ann, deleted)
    hidden = await make_comment(database, by=cid, of=photo)
    below_hidden = await make_comment(database, by=ann, of=photo, to=hidden)
    await make_block(database, by=cid, of=bob)
    before = await _walk(ask, photo)

    for parent in (elsewhere.id, deleted.id, hidden.id, below_hidden.id, photo.id, "nonsense"):
        answer = await _add(ask, bob, photo, parentId=parent)
        assert answer["comment"] is None
        assert answer["errors"] == [
            {
                "code": "NOT_FOUND",
                "message": "there is no such comment",
                "path": ["input", "parentId"],
            }
        ]
    assert await _walk(ask, photo) == before
    assert await _is_exact(database, photo) == 3


async def test_everything_wrong_is_said_at_once(ask, ann):
    input = {"photoId": "nonsense", "body": "", "parentId": "nonsense"}

    answer = (await ask(ADD, viewer=ann, input=input))["addComment"]

    assert [error["path"][-1] for error in answer["errors"]] == ["body", "photoId", "parentId"]


async def test_the_author_and_the_owner_delete_and_nobody_else(database, ask, ann, bob, cid):
    photo = await make_photo(database, owner=ann)
    first = await make_comment(database, by=bob, of=photo)
    second = await make_comment(database, by=bob, of=photo)

    refused = await _delete(ask, cid, first)
    assert (refused["deletedId"], refused["errors"][0]["code"]) == (None, "NOT_ALLOWED")
    assert await _walk(ask, photo) == [second.id, first.id]
    assert await _delete(ask, bob, first) == {"deletedId": first.id, "errors": []}
    assert await _delete(ask, ann, second) == {"deletedId": second.id, "errors": []}
    assert await _walk(ask, photo) == []
    assert await _rows(database, photo) == 0


async def test_deleting_what_one_may_not_see_or_what_is_gone(database, ask, ann, bob, cid):
    photo = await make_photo(database, owner=ann, visibility=Visibility.FOLLOWERS)
    thread = await make_comment(database, by=ann, of=photo)
    reply = await make_comment(database, by=ann, of=photo, to=thread)
    refused = {"deletedId": None, "errors": NO_COMMENT}

    assert await _delete(ask, bob, thread) == refused
    assert (await ask(DELETE, viewer=bob, id="nonsense"))["deleteComment"] == refused
    assert await _walk(ask, photo, ann) == [thread.id, reply.id]
    assert (await _delete(ask, ann, thread))["errors"] == []
    assert await _delete(ask, ann, thread) == refused
    assert (await _delete(ask, ann, reply))["errors"] == []
    assert await _delete(ask, ann, reply) == refused
    assert await _rows(database, photo) == await _is_exact(database, photo) == 0


async def test_a_tombstone_stays_while_replies_remain(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    thread = await make_comment(database, by=bob, of=photo)
    reply = await make_comment(database, by=ann, of=photo, to=thread)

    await _delete(ask, bob, thread)

    node = await _comment(ask, thread)
    assert (node["body"], node["replyCount"], _ids(node["replies"])) == (None, 1, [reply.id])
    assert node["photo"]["commentCount"] == 1
    assert await _walk(ask, photo) == [thread.id, reply.id]


async def test_tombstones_without_replies_go_with_the_last_one(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    thread = await make_comment(database, by=bob, of=photo)
    line = [thread]
    for _ in range(200):
        line.append(await make_comment(database, by=bob, of=photo, to=line[-1]))
    side = await make_comment(database, by=ann, of=photo, to=line[50])
    for comment in line[1:-1]:
        assert (await _delete(ask, bob, comment))["errors"] == []
    assert await _rows(database, photo) == 202
    assert await _is_exact(database, photo) == 3

    await _delete(ask, bob, line[-1])

    # What is left is the way from the thread to the reply at its side.
    assert await _walk(ask, photo) == [comment.id for comment in line[:51]] + [side.id]
    assert await _is_exact(database, photo) == 2
    await _delete(ask, ann, side)
    assert await _walk(ask, photo) == [thread.id]
    assert await _rows(database, photo) == await _is_exact(database, photo) == 1


@pytest.mark.parametrize("direction", ["viewer blocks", "viewer is blocked"])
async def test_a_block_hides_comments_with_all_below_and_counts_agree(
    database, ask, ann, bob, cid, direction
):
    photo = await make_photo(database, owner=ann)
    open_ = await make_comment(database, by=ann, of=photo)
    theirs = await make_comment(database, by=cid, of=photo, to=open_)
    under = await make_comment(database, by=ann, of=photo, to=theirs)
    deeper = await make_comment(database, by=cid, of=photo, to=under)
    deepest = await make_comment(database, by=bob, of=photo, to=deeper)
    beside = await make_comment(database, by=bob, of=photo, to=open_)
    thread = await make_comment(database, by=cid, of=photo)
    below_thread = await make_comment(database, by=ann, of=photo, to=thread)
    await _delete(ask, cid, deeper)
    by, of = (bob, cid) if direction == "viewer blocks" else (cid, bob)
    await make_block(database, by=by, of=of)

    everything = [thread.id, open_.id, below_thread.id, theirs.id, beside.id, under.id]
    everything += [deeper.id, deepest.id]
    for viewer in (None, ann):
        assert await _walk(ask, photo, viewer) == everything
    assert await _walk(ask, photo, bob) == [open_.id, beside.id]
    ids = [theirs, under, deeper, deepest, below_thread, thread, beside]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Comment { parent { id } } } }"
    nodes = (await ask(query, viewer=bob, ids=[comment.id for comment in ids]))["nodes"]
    assert nodes == [None] * 6 + [{"id": beside.id, "parent": {"id": open_.id}}]
    for comment in (theirs, under, deepest):
        assert await _delete(ask, bob, comment) == {"deletedId": None, "errors": NO_COMMENT}


async def test_comments_are_reached_only_through_a_photo_one_sees(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    comment = await make_comment(database, by=bob, of=photo)
    hide = update(photos).where(photos.c.id == photo.key).values(visibility=Visibility.PRIVATE)
    async with database.begin() as tx:
        await tx.execute(hide)

    assert await _comment(ask, comment) is None
    assert await _comment(ask, comment, bob) is None
    assert (await _comment(ask, comment, ann))["body"] == "Oh."


async def test_counts_stay_exact_when_many_write_and_delete_in_one_thread(
    database, settings, ask, ann
):
    photo = await make_photo(database, owner=ann)
    thread = await make_comment(database, by=ann, of=photo)
    # Two of each at once, and no more than there are connections: nobody is sent away.
    people = [await make_person(database, settings, f"w{number}") for number in range(5)]

    async def write_and_delete(person):
        for _ in range(6):
            first = (await _add(ask, person, photo, parentId=thread.id))["comment"]["id"]
            second = (await _add(ask, person, photo, parentId=first))["comment"]["id"]
            await asyncio.gather(
                ask(DELETE, viewer=person, id=first), ask(DELETE, viewer=person, id=second)
            )
        await _add(ask, person, photo, parentId=thread.id)

    await asyncio.gather(*(write_and_delete(person) for person in people))

    assert await _is_exact(database, photo) == 6
    assert await _rows(database, photo) == 6
    assert len(await _walk(ask, photo)) == 6


async def test_a_reply_and_the_deletion_of_its_parent_at_once(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    for _ in range(10):
        thread = await make_comment(database, by=ann, of=photo)
        reply, _ = await asyncio.gather(
            _add(ask, bob, photo, parentId=thread.id), _delete(ask, ann, thread)
        )
        listed = await _walk(ask, photo)
        if reply["errors"]:
            assert thread.id not in listed
        else:
            assert {thread.id, reply["comment"]["id"]} <= set(listed)

    assert await _is_exact(database, photo) == await _rows(database, photo) // 2


@pytest.mark.parametrize("is_blocking", [False, True])
async def test_comments_in_a_list_cost_the_same_for_one_and_for_many(
    database, settings, ask_counted, ann, bob, cid, is_blocking
):
    query = """
    { feed(first: 25) { edges { node { commentCount comments(first: 3) { edges { node {
      body author { username } photo { id } parent { id } replyCount
      replies(first: 3) { edges { node { body parent { id } } } }
    } } } } } } }
    """
    if is_blocking:
        await make_block(database, by=ann, of=cid)

    async def commented():
        photo = await make_photo(database, owner=ann)
        author = await make_person(database, settings, "t")
        for _ in range(2):
            thread = await make_comment(database, by=author, of=photo)
            await make_comment(database, by=bob, of=photo, to=thread)

    await commented()
    _, for_one = await ask_counted(query, viewer=ann)
    for _ in range(19):
        await commented()

    data, for_twenty = await ask_counted(query, viewer=ann)

    assert len(data["feed"]["edges"]) == 20
    # The feed with what blocks hide of comments, threads with their authors and with what blocks
    # hide of replies, photos, replies, parents of the replies.
    assert (for_one, for_twenty) == (5, 5)
