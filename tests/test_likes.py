"""Likes: what they do to counts and lists, and whom they are hidden from."""

import asyncio

import pytest
from sqlalchemy import func, select

from storage.rows import Visibility
from storage.tables import likes, photos
from tests.conftest import Errors
from tests.making import make_block, make_follow, make_like, make_person, make_photo

LIKE = """
mutation($id: ID!) { likePhoto(id: $id) {
  photo { id likeCount viewerHasLiked } errors { code message path }
} }
"""
UNLIKE = """
mutation($id: ID!) { unlikePhoto(id: $id) {
  photo { id likeCount viewerHasLiked } errors { code message path }
} }
"""
PHOTO = """
query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Photo {
  likeCount viewerHasLiked
  likers(first: $first, after: $after) {
    edges { cursor node { username } } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
} } }
"""


async def _seen(ask, photo, viewer=None, **variables):
    return (await ask(PHOTO, viewer=viewer, id=photo.id, **variables))["node"]


def _names(node):
    return [edge["node"]["username"] for edge in node["likers"]["edges"]]


async def _kept(database, photo):
    """The counter and the rows."""
    rows = select(func.count()).where(likes.c.photo_id == photo.key)
    counter = select(photos.c.like_count).where(photos.c.id == photo.key)
    async with database.connect() as connection:
        return (
            (await connection.execute(counter)).scalar_one(),
            (await connection.execute(rows)).scalar_one(),
        )


async def test_liking_twice_is_liking_once(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)

    for _ in range(2):
        answer = await ask(LIKE, viewer=bob, id=photo.id)
        assert answer["likePhoto"] == {
            "photo": {"id": photo.id, "likeCount": 1, "viewerHasLiked": True},
            "errors": [],
        }

    assert await _kept(database, photo) == (1, 1)
    assert (await _seen(ask, photo, bob))["viewerHasLiked"] is True
    assert (await _seen(ask, photo, ann))["viewerHasLiked"] is False
    assert (await _seen(ask, photo))["viewerHasLiked"] is False


async def test_unliking_twice_is_unliking_once(database, ask, ann, bob, cid):
    photo = await make_photo(database, owner=ann)
    await make_like(database, by=bob, of=photo)
    await make_like(database, by=cid, of=photo)

    for _ in range(2):
        answer = await ask(UNLIKE, viewer=bob, id=photo.id)
        assert answer["unlikePhoto"] == {
            "photo": {"id": photo.id, "likeCount": 1, "viewerHasLiked": False},
            "errors": [],
        }

    assert _names(await _seen(ask, photo)) == [cid.username]


async def test_one_operation_shows_each_change_as_it_is_then(database, ask, ann):
    photo = await make_photo(database, owner=ann)
    both = """
    mutation($id: ID!) {
      before: unlikePhoto(id: $id) { photo { likeCount viewerHasLiked } }
      liked: likePhoto(id: $id) { photo { likeCount viewerHasLiked likers { edges { cursor } } } }
      after: unlikePhoto(id: $id) { photo { likeCount viewerHasLiked likers { edges { cursor } } } }
    }
    """

    answer = await ask(both, viewer=ann, id=photo.id)

    assert answer["before"]["photo"] == {"likeCount": 0, "viewerHasLiked": False}
    assert answer["liked"]["photo"]["viewerHasLiked"] is True
    assert len(answer["liked"]["photo"]["likers"]["edges"]) == 1
    nothing = {"likeCount": 0, "viewerHasLiked": False, "likers": {"edges": []}}
    assert answer["after"]["photo"] == nothing


async def test_the_latest_liker_comes_first_and_pages_have_no_gap(database, settings, ask, ann):
    photo = await make_photo(database, owner=ann)
    people = [await make_person(database, settings, f"l{number}") for number in range(5)]
    for person in people:
        await make_like(database, by=person, of=photo)

    found, after = [], None
    for _ in range(3):
        page = await _seen(ask, photo, first=2, after=after)
        found += _names(page)
        after = page["likers"]["pageInfo"]["endCursor"]

    assert found == [person.username for person in reversed(people)]
    assert page["likers"]["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize("query", [LIKE, UNLIKE])
async def test_what_one_may_not_see_answers_like_what_is_not_there(
    database, ask, ann, bob, cid, query
):
    for_followers = await make_photo(database, owner=ann, visibility=Visibility.FOLLOWERS)
    private = await make_photo(database, owner=ann, visibility=Visibility.PRIVATE)
    unfinished = await make_photo(database, owner=ann, is_ready=False)
    public = await make_photo(database, owner=ann)
    await make_block(database, by=ann, of=cid)
    await make_follow(database, by=bob, of=ann)
    missing = [{"code": "NOT_FOUND", "message": "there is no such photo", "path": ["id"]}]

    for viewer, photo in [(bob, private), (bob, unfinished), (cid, public), (cid, for_followers)]:
        (answer,) = (await ask(query, viewer=viewer, id=photo.id)).values()
        assert answer == {"photo": None, "errors": missing}
        assert await _kept(database, photo) == (0, 0)
    for id in ("photo_" + "0" * 32, "nonsense", ann.id):
        (answer,) = (await ask(query, viewer=bob, id=id)).values()
        assert answer == {"photo": None, "errors": missing}
    (answer,) = (await ask(query, viewer=bob, id=for_followers.id)).values()
    assert answer["errors"] == []


async def test_the_owner_likes_their_own_photo_once_it_is_live(database, ask, ann):
    live = await make_photo(database, owner=ann)
    unfinished = await make_photo(database, owner=ann, is_ready=False)

    liked = await ask(LIKE, viewer=ann, id=live.id)
    refused = await ask(LIKE, viewer=ann, id=unfinished.id)

    assert liked["likePhoto"]["photo"]["likeCount"] == 1
    assert refused["likePhoto"]["photo"] is None
    assert refused["likePhoto"]["errors"][0]["code"] == "NOT_ALLOWED"
    assert await _kept(database, unfinished) == (0, 0)


async def test_guests_do_not_like(database, ask, ann):
    photo = await make_photo(database, owner=ann)

    with pytest.raises(Errors) as caught:
        await ask(LIKE, id=photo.id)

    assert caught.value.codes == ["UNAUTHENTICATED"]
    assert await _kept(database, photo) == (0, 0)


@pytest.mark.parametrize("direction", ["viewer blocks", "viewer is blocked"])
async def test_a_block_hides_likes_and_their_count(database, ask, ann, bob, cid, direction):
    photo = await make_photo(database, owner=ann)
    for liker in (ann, bob, cid):
        await make_like(database, by=liker, of=photo)
    by, of = (bob, cid) if direction == "viewer blocks" else (cid, bob)
    await make_block(database, by=by, of=of)

    everything = [cid.username, bob.username, ann.username]
    for viewer, names in [(None, everything), (ann, everything), (bob, everything[1:])]:
        node = await _seen(ask, photo, viewer)
        assert (node["likeCount"], _names(node)) == (len(names), names)


async def test_counts_stay_exact_when_fifty_like_and_unlike_at_once(database, settings, ask, ann):
    photo = await make_photo(database, owner=ann)
    people = [await make_person(database, settings, f"k{number}") for number in range(50)]

    async def insist(query, person):
        # More at once than a small machine has connections for: a client is told to come again.
        while True:
            try:
                return await ask(query, viewer=person, id=photo.id)
            except Errors as error:
                if error.codes != ["SERVICE_UNAVAILABLE"]:
                    raise
                await asyncio.sleep(0.1)

    async def come_and_go(number, person):
        for _ in range(4):
            await insist(LIKE, person)
            await insist(UNLIKE, person)
        if number % 2:
            await insist(LIKE, person)

    async with asyncio.timeout(120):
        await asyncio.gather(*(come_and_go(*each) for each in enumerate(people)))

    assert await _kept(database, photo) == (25, 25)
    node = await _seen(ask, photo, first=100)
    assert (node["likeCount"], len(_names(node))) == (25, 25)


async def test_the_same_like_many_times_at_once_is_one(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)

    await asyncio.gather(*(ask(LIKE, viewer=bob, id=photo.id) for _ in range(10)))
    assert await _kept(database, photo) == (1, 1)
    await asyncio.gather(*(ask(UNLIKE, viewer=bob, id=photo.id) for _ in range(10)))
    assert await _kept(database, photo) == (0, 0)


async def _feed_of(database, settings, ann, bob, count):
    await make_photo(database, owner=ann)
    for number in range(count):
        photo = await make_photo(database, owner=ann)
        await make_like(database, by=bob, of=photo)
        liker = await make_person(database, settings, f"s{number}")
        await make_like(database, by=liker, of=photo)


@pytest.mark.parametrize("is_blocking", [False, True])
async def test_likes_in_a_list_cost_the_same_for_one_photo_and_for_many(
    database, settings, ask_counted, ann, bob, cid, is_blocking
):
    query = """
    { feed(first: 100) { edges { node {
      likeCount viewerHasLiked likers(first: 3) { edges { node { username } } }
    } } } }
    """
    if is_blocking:
        await make_block(database, by=ann, of=cid)
    await _feed_of(database, settings, ann, bob, 0)
    _, for_one = await ask_counted(query, viewer=ann)
    await _feed_of(database, settings, ann, bob, 18)

    data, for_twenty = await ask_counted(query, viewer=ann)

    assert len(data["feed"]["edges"]) == 20
    # The feed with what is liked and what blocks hide, likers.
    assert (for_one, for_twenty) == (2, 2)
