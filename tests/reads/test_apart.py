"""What does not come along with a list is read for itself, once for all that ask for it."""

import pytest
from sqlalchemy import insert, update

from resolvers.ahead import OF_USERS
from schema.users import DELETED
from storage import photos
from storage.tables import comments, departures
from tests.making import (
    make_block,
    make_comment,
    make_follow,
    make_jpegs,
    make_like,
    make_person,
    make_photo,
)

JPEGS = "query($format: VariantFormat!, $width: Int!) { feed { edges { node {"
JPEGS += " variants(format: $format) { url } variant(format: $format, minWidth: $width) { url }"
JPEGS += " } } } }"
MANY = "many: comments(first: 3) { edges { node { body } } pageInfo { hasNextPage } }"
ONE = "one: comments(first: 1) { edges { node { body } } pageInfo { hasNextPage } }"
LATER = "later: photos(first: 2, after: $after) { edges { node { id } } }"
FIRST = "first: photos(first: 1) { edges { node { id } } pageInfo { endCursor } }"
THREADS = "query($id: ID!) { node(id: $id) { ... on Photo { %s %s } } }"
PHOTOS = "query($name: String!, $after: String) { user(username: $name) { %s %s } }"
LIKERS = "likers { edges { node { followerCount } } }"
COUNTS = """
query($id: ID!) { node(id: $id) { ... on Photo {
  likeCount commentCount
  comments { edges { node { replyCount author { username followerCount followsViewer } } } }
} } }
"""


@pytest.fixture
async def shared(database, ann, bob):
    """Photos of Bob, whom Ann follows; the last has four comments by him."""
    await make_follow(database, by=ann, of=bob)
    made = [await make_photo(database, owner=bob) for _ in range(3)]
    for number in range(4):
        await make_comment(database, by=bob, of=made[-1], body=f"c{number}")
    return made


@pytest.mark.parametrize(
    ("format", "ending", "statements"), [("WEBP", "webp", 1), ("JPEG", "jpg", 2)]
)
async def test_variants_of_the_other_format(
    ask_counted, database, ann, shared, format, ending, statements
):
    await make_jpegs(database, shared)

    data, total = await ask_counted(JPEGS, viewer=ann, format=format, width=1)

    nodes = [edge["node"] for edge in data["feed"]["edges"]]
    urls = [each["url"] for node in nodes for each in (*node["variants"], node["variant"])]
    assert len(urls) == 4 * len(shared)
    assert all(url.endswith(f".{ending}") for url in urls)
    assert total == statements


@pytest.mark.parametrize("fields", [(MANY, ONE), (ONE, MANY)])
async def test_one_list_in_two_sizes(ask, ann, shared, fields):
    found = (await ask(THREADS % fields, viewer=ann, id=shared[-1].id))["node"]

    assert _bodies(found["many"]) == (["c3", "c2", "c1"], True)
    assert _bodies(found["one"]) == (["c3"], True)


@pytest.mark.parametrize("fields", [(FIRST, LATER), (LATER, FIRST)])
async def test_two_pages_of_one_list(ask, ann, bob, shared, fields):
    asked = {"viewer": ann, "name": bob.username}
    newest = [photo.id for photo in reversed(shared)]

    alone = (await ask(PHOTOS % fields, **asked))["user"]
    both = (await ask(PHOTOS % fields, **asked, after=alone["first"]["pageInfo"]["endCursor"]))[
        "user"
    ]

    assert [_ids(alone[name]) for name in ("first", "later")] == [newest[:1], newest[:2]]
    assert [_ids(both[name]) for name in ("first", "later")] == [newest[:1], newest[1:]]


@pytest.mark.parametrize("counted", ["likeCount", "owner { followingCount }"])
async def test_counts_of_those_who_were_read_later(
    ask_counted, database, ann, bob, cid, shared, counted
):
    """Whether anybody is hidden at all came along with the feed."""
    asked = f"{{ feed {{ edges {{ node {{ {counted} {LIKERS} }} }} }} }}"
    await make_follow(database, by=cid, of=bob)
    await make_like(database, by=cid, of=shared[0])
    await make_like(database, by=bob, of=shared[0])

    before, total = await ask_counted(asked, viewer=ann)
    await make_block(database, by=ann, of=cid)
    after, with_block = await ask_counted(asked, viewer=ann)

    assert sorted(_followers(before)) == [0, 2]
    assert _followers(after) == [1]
    # With a block somebody has to be counted.
    assert (total, with_block) == (2, 3)


async def test_whose_account_is_deleted_is_not_asked_for(
    ask_counted, database, settings, ann, bob, shared
):
    cat = await make_person(database, settings, "cat")
    await make_comment(database, by=cat, of=shared[-1])
    gone = update(comments).where(comments.c.author_id == cat.key)
    async with database.begin() as tx:
        await tx.execute(gone.values(author_id=None, body=None))

    data, total = await ask_counted(COUNTS, viewer=ann, id=shared[-1].id)

    authors = [edge["node"]["author"] for edge in data["node"]["comments"]["edges"]]
    stand_in = {"username": "[deleted]", "followerCount": 0, "followsViewer": False}
    assert authors[0] == stand_in
    assert [each["followerCount"] for each in authors[1:]] == [1] * 4
    assert total == 1


def test_the_stand_in_has_all_that_may_come_along_with_a_user():
    names = {brought.edge.name for brought in OF_USERS.values()} | {photos.ALONG.name}

    assert {getattr(DELETED, name) for name in names} == {None}


async def test_who_is_hidden_for_several_reasons_is_taken_off_once(
    ask, database, ann, bob, cid, shared
):
    photo = shared[-1]
    await make_like(database, by=cid, of=photo)
    await make_like(database, by=bob, of=photo)
    await make_comment(database, by=cid, of=photo)
    thread = await make_comment(database, by=bob, of=photo)
    await make_comment(database, by=cid, of=photo, to=thread)
    await make_follow(database, by=cid, of=bob)
    await make_block(database, by=ann, of=cid)
    await make_block(database, by=cid, of=ann)
    async with database.begin() as tx:
        await tx.execute(insert(departures).values(user_id=cid.key))

    found = (await ask(COUNTS, viewer=ann, id=photo.id))["node"]

    assert (found["likeCount"], found["commentCount"]) == (1, 5)
    counted = [edge["node"] for edge in found["comments"]["edges"]]
    assert [each["replyCount"] for each in counted] == [0] * 5
    assert {each["author"]["followerCount"] for each in counted} == {1}


def _followers(data):
    likers = [edge["node"]["likers"]["edges"] for edge in data["feed"]["edges"]]
    return [one["node"]["followerCount"] for found in likers for one in found]


def _bodies(page):
    bodies = [edge["node"]["body"] for edge in page["edges"]]
    return bodies, page["pageInfo"]["hasNextPage"]


def _ids(page):
    return [edge["node"]["id"] for edge in page["edges"]]
