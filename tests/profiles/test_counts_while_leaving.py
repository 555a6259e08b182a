"""While an account is taken apart, counts agree with what can be listed, at every step."""

import pytest

from storage import erasure
from tests.making import make_block, make_comment, make_follow, make_like, make_person, make_photo
from tests.profiles.operations import LEAVE, PASSWORD

LISTED = """
query($person: ID!, $photo: ID!) {
  person: node(id: $person) { ... on User {
    followerCount followingCount
    followers { edges { node { id } } } following { edges { node { id } } }
  } }
  photo: node(id: $photo) { ... on Photo {
    likeCount commentCount likers { edges { node { id } } }
    comments(first: 5) { edges { node { ...entry replies(first: 5) { edges { node { ...entry
      replies(first: 5) { edges { node { ...entry } } }
    } } } } } }
  } }
}
fragment entry on Comment { id body replyCount }
"""
TOLD = """
{ notifications { unreadCount edges { node { isRead actorCount actors(first: 100) { id } } } } }
"""


@pytest.fixture
def agreed(ask):
    """Compares every count with its list, as a viewer; what can be listed."""

    async def agreed(viewer, person, photo):
        seen = await ask(LISTED, viewer=viewer, person=person.id, photo=photo.id)
        follows, shown = seen["person"], seen["photo"]
        counts = [
            (follows["followerCount"], len(follows["followers"]["edges"])),
            (follows["followingCount"], len(follows["following"]["edges"])),
            (shown["likeCount"], len(shown["likers"]["edges"])),
        ]
        assert [count for count, _ in counts] == [listed for _, listed in counts]
        bodies = [each for entry in shown["comments"]["edges"] for each in _bodies(entry["node"])]
        assert shown["commentCount"] == len([body for body in bodies if body is not None])
        return [count for count, _ in counts], sorted(filter(None, bodies))

    return agreed


def _bodies(entry):
    replies = [edge["node"] for edge in entry.get("replies", {"edges": []})["edges"]]
    if "replies" in entry:
        assert entry["replyCount"] == len(replies)
    return [entry["body"], *(body for reply in replies for body in _bodies(reply))]


async def _inbox(ask, viewer):
    told = (await ask(TOLD, viewer=viewer))["notifications"]
    entries = [edge["node"] for edge in told["edges"]]
    assert told["unreadCount"] == len([entry for entry in entries if not entry["isRead"]])
    for entry in entries:
        assert entry["actorCount"] == len(entry["actors"])
    return len(entries)


async def test_counts_agree_with_lists_at_every_step(
    database, settings, monkeypatch, ask, signed_up, agreed, bob, cid
):
    for name in ("BATCH", "LARGE_BATCH", "PHOTOS"):
        monkeypatch.setattr(erasure, name, 1)
    person = await signed_up("leaver_counted")
    blocker = await make_person(database, settings, "blocker")
    photo = await make_photo(database, bob)
    for follower in (person, cid):
        await make_follow(database, by=follower, of=bob)
        await make_follow(database, by=bob, of=follower)
        await make_like(database, by=follower, of=photo)
    await _talk(ask, photo, person, cid, bob)
    await make_comment(database, by=blocker, of=photo, body="Blocked")
    await make_block(database, by=blocker, of=cid)
    viewers = (bob, cid, None)

    left = (await ask(LEAVE, viewer=person, password=PASSWORD))["deleteAccount"]

    assert left["errors"] == []
    assert [(await agreed(viewer, bob, photo))[0] for viewer in viewers] == [[1, 1, 1]] * 3
    assert await _inbox(ask, bob) == 3
    steps = 0
    for take in erasure.PARTS:
        is_done = False
        while not is_done:
            async with database.begin() as tx:
                is_done = not await take(tx, person.key)
            steps += 1
            for viewer in viewers:
                assert (await agreed(viewer, bob, photo))[0] == [1, 1, 1]
            assert await _inbox(ask, bob) == 3
    assert steps > len(erasure.PARTS) + 8
    # Replies come back to light under the empty place of what they reply to.
    assert (await agreed(bob, bob, photo))[1] == ["Answer", "Blocked", "Other"]
    assert (await agreed(cid, bob, photo))[1] == ["Answer", "Other"]


async def _talk(ask, photo, person, other, owner):
    add = """
    mutation($input: AddCommentInput!) { addComment(input: $input) { comment { id } } }
    """

    async def say(viewer, body, parent=None):
        input = {"photoId": photo.id, "body": body, "parentId": parent}
        return (await ask(add, viewer=viewer, input=input))["addComment"]["comment"]["id"]

    first = await say(person, "First")
    await say(person, "Leaf", await say(owner, "Answer", first))
    await say(person, "Alone")
    await say(other, "Other")


async def test_what_hangs_on_a_leaving_author_is_reached_by_nobody(
    database, ask, signed_up, bob, cid
):
    person = await signed_up("leaver_above")
    photo = await make_photo(database, bob)
    first = await make_comment(database, by=person, of=photo)
    answer = await make_comment(database, by=cid, of=photo, to=first)

    await ask(LEAVE, viewer=person, password=PASSWORD)

    for viewer in (bob, cid, None):
        node = "query($id: ID!) { node(id: $id) { id } }"
        assert await ask(node, viewer=viewer, id=answer.id) == {"node": None}
