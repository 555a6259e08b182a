"""What a photo's owner may delete under it: every comment that others see there."""

import pytest

from tests.making import make_block, make_comment, make_follow, make_photo, make_private

REMOVE = "mutation($id: ID!) { deleteComment(id: $id) { deletedId errors { code path } } }"
THREAD = """
query($id: ID!) { node(id: $id) { ... on Photo {
  commentCount comments { edges { node { id body } } }
} } }
"""
GONE = {"deletedId": None, "errors": [{"code": "NOT_FOUND", "path": ["id"]}]}


async def _seen(ask, photo, viewer=None):
    node = (await ask(THREAD, viewer=viewer, id=photo.id))["node"]
    return node["commentCount"], [edge["node"]["body"] for edge in node["comments"]["edges"]]


@pytest.mark.parametrize("blocks_whom", ["the owner the author", "the author the owner"])
async def test_a_block_does_not_keep_the_owner_from_it(database, ask, ann, bob, cid, blocks_whom):
    photo = await make_photo(database, ann)
    insult = await make_comment(database, by=bob, of=photo, body="Ugly")
    by, of = (ann, bob) if blocks_whom == "the owner the author" else (bob, ann)
    await make_block(database, by=by, of=of)
    assert await _seen(ask, photo, ann) == (0, [])
    assert await _seen(ask, photo, cid) == (1, ["Ugly"])

    removed = (await ask(REMOVE, viewer=ann, id=insult.id))["deleteComment"]

    assert removed == {"deletedId": insult.id, "errors": []}
    assert await _seen(ask, photo, cid) == (0, [])
    assert (await ask(REMOVE, viewer=ann, id=insult.id))["deleteComment"] == GONE


async def test_a_block_above_does_not_keep_the_owner_from_a_reply(database, ask, ann, bob, cid):
    photo = await make_photo(database, ann)
    first = await make_comment(database, by=bob, of=photo, body="First")
    reply = await make_comment(database, by=cid, of=photo, to=first, body="Reply")
    await make_block(database, by=ann, of=bob)

    removed = (await ask(REMOVE, viewer=ann, id=reply.id))["deleteComment"]

    assert removed["errors"] == []
    assert await _seen(ask, photo, cid) == (1, ["First"])


async def test_elsewhere_a_block_hides_the_comment(database, ask, ann, bob, cid):
    photo = await make_photo(database, cid)
    comment = await make_comment(database, by=bob, of=photo, body="Hm")
    await make_block(database, by=ann, of=bob)

    assert (await ask(REMOVE, viewer=ann, id=comment.id))["deleteComment"] == GONE
    assert await _seen(ask, photo, cid) == (1, ["Hm"])


async def test_its_author_does_not_reach_it_under_a_photo_they_do_not_see(
    database, ask, ann, bob, cid
):
    photo = await make_photo(database, ann)
    await make_follow(database, by=cid, of=ann)
    comment = await make_comment(database, by=bob, of=photo, body="Hm")
    await make_private(database, ann)

    assert (await ask(REMOVE, viewer=bob, id=comment.id))["deleteComment"] == GONE
    assert await _seen(ask, photo, cid) == (1, ["Hm"])
