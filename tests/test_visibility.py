"""The rules of who sees what, in statements of any depth."""

import itertools

import pytest
from sqlalchemy import exists, literal, select, true
from sqlalchemy.dialects.postgresql import insert as upsert

from storage import feed
from storage.feed import MANY_FOLLOWED
from storage.rows import PageRequest, Visibility
from storage.tables import comments, departures, follows, likes, photos, users
from storage.visibility import followees, shown_to_followers, user_visible_to, visible_to
from tests.making import (
    make_block,
    make_comment,
    make_follow,
    make_like,
    make_person,
    make_photo,
    make_private,
)


@pytest.fixture
async def world(database, settings):
    """Photos of every audience by owners of every kind, all of them liked by their owners."""
    viewer = await make_person(database, settings, "viewer")
    owners = {
        kind: await make_person(database, settings, kind)
        for kind in ("open", "private", "followed", "blocked", "blocking", "leaving")
    }
    for kind in ("private", "followed"):
        await make_follow(database, by=viewer, of=owners["followed"])
        await make_private(database, owners[kind])
    await make_block(database, by=viewer, of=owners["blocked"])
    await make_block(database, by=owners["blocking"], of=viewer)
    shown = {}
    for (kind, owner), audience in itertools.product(owners.items(), Visibility):
        photo = await make_photo(database, owner, visibility=audience)
        await make_like(database, by=owner, of=photo)
        await make_comment(database, by=owner, of=photo)
        shown[photo.key] = (kind, audience.value)
    async with database.begin() as tx:
        await tx.execute(departures.insert().values(user_id=owners["leaving"].key))
    return viewer, shown


SEEN = {("open", "PUBLIC"), ("followed", "PUBLIC"), ("followed", "FOLLOWERS")}
SEEN_BY_GUESTS = {("open", "PUBLIC"), ("blocked", "PUBLIC"), ("blocking", "PUBLIC")}


def _directly(rule):
    return select(photos.c.id).where(rule)


def _one_deeper(rule):
    liked = select(1).where(likes.c.photo_id == photos.c.id, rule)
    return select(photos.c.id).where(exists(liked.correlate_except(likes)))


def _two_deeper(rule):
    said = select(1).where(comments.c.photo_id == photos.c.id, rule)
    liked = select(1).where(
        likes.c.photo_id == photos.c.id, exists(said.correlate_except(comments))
    )
    return select(photos.c.id).where(exists(liked.correlate_except(likes)))


def _beside(rule):
    liked = select(likes.c.user_id).where(likes.c.photo_id == photos.c.id, rule)
    return select(photos.c.id).join(liked.correlate_except(likes).lateral(), true())


@pytest.mark.parametrize("nested", [_directly, _one_deeper, _two_deeper, _beside])
async def test_a_photo_is_seen_by_the_same_people_at_any_depth(database, world, nested):
    viewer, shown = world
    expected = {viewer.key: SEEN, None: SEEN_BY_GUESTS}
    for who, seen in expected.items():
        query = nested(visible_to(who)).where(photos.c.id.in_(shown))
        async with database.connect() as connection:
            found = (await connection.execute(query)).scalars().all()
        assert {shown[id] for id in found} == seen


@pytest.mark.parametrize("nested", [_directly, _one_deeper, _two_deeper, _beside])
async def test_the_viewer_can_be_a_column_of_the_outermost_statement(database, world, nested):
    viewer, shown = world
    inner = nested(visible_to(users.c.id)).where(photos.c.id.in_(shown)).correlate_except(photos)
    entry = inner.lateral("entry")
    query = (
        select(entry.c.id).select_from(users.join(entry, true())).where(users.c.id == viewer.key)
    )
    async with database.connect() as connection:
        found = (await connection.execute(query)).scalars().all()

    assert {shown[id] for id in found} == SEEN


OPENED = set(itertools.product(("open", "private", "followed"), ("PUBLIC", "FOLLOWERS")))


@pytest.fixture
async def following(database, world):
    """Whoever is followed by chance or by a fault: a follow alone opens nothing."""
    viewer, shown = world
    async with database.begin() as tx:
        owners = select(photos.c.owner_id).where(photos.c.id.in_(shown)).distinct()
        everybody = select(literal(viewer.key), owners.subquery().c.owner_id)
        followed = upsert(follows).from_select(["follower_id", "followee_id"], everybody)
        await tx.execute(followed.on_conflict_do_nothing())
    return world


async def test_what_followers_are_shown_of_their_followees_is_what_they_may_see(
    database, following
):
    viewer, shown = following
    known = followees(viewer.key).subquery("known")
    listed = select(photos.c.id).join(known, known.c.id == photos.c.owner_id)
    queries = listed.where(shown_to_followers()), _directly(visible_to(viewer.key))
    async with database.connect() as connection:
        one, other = [
            {shown[id] for id in await connection.scalars(query.where(photos.c.id.in_(shown)))}
            for query in queries
        ]

    assert one == other == OPENED


# A page that is not full is looked for otherwise than one that is.
@pytest.mark.parametrize("first", [len(OPENED) - 1, len(OPENED)])
@pytest.mark.parametrize("followed", [len(OPENED), MANY_FOLLOWED])
async def test_a_home_feed_shows_what_may_be_seen(database, following, first, followed):
    viewer, shown = following
    async with database.begin() as tx:
        counted = users.update().where(users.c.id == viewer.key)
        await tx.execute(counted.values(following_count=followed))

    async with database.connect() as connection:
        page = await feed.recent(connection, viewer.key, PageRequest(first, None))

    opened = [id for id, kind in shown.items() if kind in OPENED]
    assert [photo.id for photo in page.rows] == opened[::-1][:first]
    assert page.has_next == (first < len(OPENED))


async def test_a_user_is_known_to_the_same_people_at_any_depth(database, world):
    viewer, shown = world
    liked = select(1).where(likes.c.user_id == users.c.id, user_visible_to(viewer.key))
    query = select(users.c.username).where(
        exists(liked.where(likes.c.photo_id.in_(shown)).correlate_except(likes))
    )
    async with database.connect() as connection:
        found = (await connection.execute(query)).scalars().all()

    kinds = {name.partition("_")[0] for name in found}
    assert kinds == {"open", "private", "followed"}
