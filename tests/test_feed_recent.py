"""The feed in its usual order: the newest of all authors together, whoever has how many."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from storage import feed
from storage.feed import MANY_FOLLOWED, STEPS
from storage.rows import Visibility
from storage.tables import photos, users
from tests.making import make_follow, make_person, make_photo

PAGE = """
query($first: Int, $after: String) {
  feed(first: $first, after: $after) {
    edges { node { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
WHOLE = """
{ feed { edges { node {
  owner { username viewerFollow } variants { name } likeCount viewerHasLiked commentCount
} } } }
"""
# Whose photo each is, the newest first; in capitals those that only their owner may see.
TURNS = ["BBBabccaab", "cCcAbBbabacC", "aaaaaaaabc", "BCBCBCb", "aBcBcBcB"]
# How many the viewer is said to follow, and how far such a viewer walks.
WALKS = [(2, STEPS), (MANY_FOLLOWED, 3), (MANY_FOLLOWED, STEPS)]


@pytest.fixture
def walk(request, monkeypatch):
    monkeypatch.setattr(feed, "STEPS", request.param)
    feed._of_many.cache_clear()
    yield
    feed._of_many.cache_clear()


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("first", [1, 2, 3, 20])
@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(("followed", "walk"), WALKS, indirect=["walk"])
async def test_pages_are_the_newest_of_all_authors(
    database, settings, ask, turns, first, at_once, followed, walk
):
    viewer, bob, cid, stranger = [
        await make_person(database, settings, name) for name in ("ann", "bob", "cid", "dora")
    ]
    authors = {"a": viewer, "b": bob, "c": cid}
    for author in (bob, cid):
        await make_follow(database, by=viewer, of=author)
    await _say_they_follow(database, viewer, followed)
    made = []
    for turn in reversed(turns):
        is_private = turn.isupper()
        visibility = Visibility.PRIVATE if is_private else Visibility.PUBLIC
        photo = await make_photo(database, authors[turn.lower()], visibility=visibility)
        await make_photo(database, stranger)
        if not is_private or turn == "A":
            made.insert(0, photo.id)
    if at_once:
        # Then the ids decide, which were made in that order.
        async with database.begin() as tx:
            await tx.execute(update(photos).values(created_at=datetime(2026, 1, 1, tzinfo=UTC)))

    seen, after = [], None
    while True:
        page = (await ask(PAGE, viewer=viewer, first=first, after=after))["feed"]
        assert len(page["edges"]) == min(first, len(made) - len(seen))
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == made


@pytest.mark.parametrize(("followed", "statements"), [(1, 1), (MANY_FOLLOWED, 2)])
async def test_all_that_is_wanted_comes_along_either_way(
    database, ask_counted, ann, bob, followed, statements
):
    await make_follow(database, by=ann, of=bob)
    await _say_they_follow(database, ann, followed)
    await make_photo(database, bob)

    data, counted = await ask_counted(WHOLE, viewer=ann)

    (edge,) = data["feed"]["edges"]
    assert edge["node"]["owner"] == {"username": bob.username, "viewerFollow": "FOLLOWING"}
    assert len(edge["node"]["variants"]) == 3
    assert counted == statements


@pytest.mark.parametrize("has_photo", [False, True])
@pytest.mark.parametrize(
    ("followed", "statements"), [(0, 1), (MANY_FOLLOWED - 1, 1), (MANY_FOLLOWED, 2)]
)
async def test_only_who_follows_many_is_asked_for_twice(
    database, ask_counted, ann, has_photo, followed, statements
):
    await _say_they_follow(database, ann, followed)
    if has_photo:
        await make_photo(database, ann)

    data, counted = await ask_counted(PAGE, viewer=ann, first=3)

    assert len(data["feed"]["edges"]) == has_photo
    assert counted == statements


async def _say_they_follow(database, viewer, followed):
    """It decides how the page is looked for, and nothing else."""
    async with database.begin() as tx:
        counted = update(users).where(users.c.id == viewer.key)
        await tx.execute(counted.values(following_count=followed))
