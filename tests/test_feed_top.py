"""The feed in the order TOP: scored, and the same list for as long as one scrolls."""

import secrets
from datetime import timedelta

import pytest

from tests.conftest import Errors
from tests.making import make_block, make_follow, make_person, make_photo

TOP = """
query($first: Int, $after: String, $order: FeedOrder! = TOP) {
  feed(first: $first, after: $after, order: $order) {
    edges { cursor node { id } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
HOUR = timedelta(hours=1)


async def _page(ask, viewer, **arguments):
    feed = (await ask(TOP, viewer=viewer, **arguments))["feed"]
    return [edge["node"]["id"] for edge in feed["edges"]], feed["pageInfo"]


async def _made(database, owner, *, age, likes=0, comments=0, by=None, **says):
    """A photo with likes and comments that are a minute old, by made-up people or *by*."""
    photo = await make_photo(database, owner, **says)
    async with database.begin() as tx:
        await tx.exec_driver_sql(
            "update photos set created_at = now() - $2::interval where id = $1", (photo.key, age)
        )
    await _liked(database, photo, likes, age=timedelta(minutes=1))
    await _commented(database, photo, owner, comments, age=timedelta(minutes=1))
    return photo


async def _liked(database, photo, many, *, age):
    async with database.begin() as tx:
        await tx.exec_driver_sql(
            "with people as (insert into users (username) select $3 || n "
            "from generate_series(1, $2::int) n returning id) "
            "insert into likes (photo_id, user_id, created_at) "
            "select $1, id, now() - $4::interval from people",
            (photo.key, many, secrets.token_hex(8), age),
        )
        await tx.exec_driver_sql(
            "update photos set like_count = like_count + $2 where id = $1", (photo.key, many)
        )


async def _commented(database, photo, author, many, *, age):
    async with database.begin() as tx:
        await tx.exec_driver_sql(
            "insert into comments (photo_id, author_id, body, created_at) "
            "select $1, $2, 'Oh.', now() - $4::interval from generate_series(1, $3::int)",
            (photo.key, author.key, many, age),
        )
        await tx.exec_driver_sql(
            "update photos set comment_count = comment_count + $2 where id = $1", (photo.key, many)
        )


async def test_likes_and_comments_weigh_and_age_takes_away(database, ask, ann, bob):
    await make_follow(database, by=ann, of=bob)
    # Beside each its score: what it is worth, by what its age takes away.
    plain = await _made(database, bob, age=HOUR)  # 1 / 5.20 = 0.19
    liked = await _made(database, bob, age=HOUR, likes=3)  # 4 / 5.20 = 0.77
    commented = await _made(database, ann, age=HOUR, comments=2)  # 5 / 5.20 = 0.96
    old = await _made(database, bob, age=48 * HOUR, likes=30)  # 31 / 353.6 = 0.09
    fresh = await _made(database, bob, age=timedelta())  # 1 / 2.83 = 0.35

    ids, info = await _page(ask, ann)

    assert ids == [commented.id, liked.id, fresh.id, plain.id, old.id]
    assert info["hasNextPage"] is False


async def test_only_the_last_seven_days_count(database, ask, ann):
    await _made(database, ann, age=7 * 24 * HOUR + HOUR, likes=50)
    inside = await _made(database, ann, age=7 * 24 * HOUR - HOUR)

    assert (await _page(ask, ann))[0] == [inside.id]


async def test_top_shows_no_more_than_recent(database, settings, ask, ann, bob, cid):
    blocked = await make_person(database, settings, "blocked")
    for person in bob, blocked:
        await make_follow(database, by=ann, of=person)
    await make_block(database, by=blocked, of=ann)
    own = await _made(database, ann, age=HOUR)
    followed = await _made(database, bob, age=2 * HOUR)
    await _made(database, blocked, age=HOUR, likes=9)
    await _made(database, cid, age=HOUR, likes=9)
    await _made(database, bob, age=HOUR, visibility="PRIVATE", likes=9)
    await make_photo(database, ann, is_ready=False)

    top, _ = await _page(ask, ann)
    recent, _ = await _page(ask, ann, order="RECENT")

    assert top == recent == [own.id, followed.id]


async def test_a_scroll_is_stable_while_likes_comments_and_photos_arrive(database, ask, ann, bob):
    await make_follow(database, by=ann, of=bob)
    made = [await _made(database, bob, age=number * HOUR, likes=number % 3) for number in range(9)]
    as_it_was, _ = await _page(ask, ann, first=9)
    assert set(as_it_was) == {photo.id for photo in made}
    scrolled, info = await _page(ask, ann, first=2)

    while info["hasNextPage"]:
        for photo in made:
            await _liked(database, photo, secrets.randbelow(20), age=timedelta())
            await _commented(database, photo, ann, secrets.randbelow(5), age=timedelta())
        await make_photo(database, bob)
        ids, info = await _page(ask, ann, first=2, after=info["endCursor"])
        scrolled += ids

    assert scrolled == as_it_was
    assert (await _page(ask, ann, first=9))[0] != as_it_was


async def test_the_newest_photo_is_there_at_once(database, ask, ann):
    before = await _made(database, ann, age=HOUR)
    photo = await make_photo(database, ann)

    assert (await _page(ask, ann))[0] == [photo.id, before.id]


async def test_photos_of_one_score_page_without_gap_or_repeat(database, ask, ann):
    made = [await _made(database, ann, age=HOUR) for _ in range(5)]
    async with database.begin() as tx:
        await tx.exec_driver_sql(
            "update photos set created_at = now() - interval '1 hour' where owner_id = $1",
            (ann.key,),
        )
    scrolled, info = await _page(ask, ann, first=2)
    while info["hasNextPage"]:
        ids, info = await _page(ask, ann, first=2, after=info["endCursor"])
        scrolled += ids

    assert scrolled == [photo.id for photo in reversed(made)]


async def test_a_cursor_of_the_other_order_is_refused(database, ask, ann):
    await make_photo(database, ann)
    _, of_top = await _page(ask, ann)
    _, of_recent = await _page(ask, ann, order="RECENT")

    for order, info in ("TOP", of_recent), ("RECENT", of_top):
        with pytest.raises(Errors) as refused:
            await _page(ask, ann, order=order, after=info["endCursor"])
        assert refused.value.codes == ["BAD_USER_INPUT"]


async def test_top_needs_a_session(ask):
    with pytest.raises(Errors) as refused:
        await ask(TOP)
    assert refused.value.codes == ["UNAUTHENTICATED"]


async def test_top_is_one_statement_for_one_photo_and_for_twenty(
    database, settings, ask_counted, ann
):
    for number in range(20):
        owner = await make_person(database, settings, f"o{number}")
        await make_follow(database, by=ann, of=owner)
        await _made(database, owner, age=HOUR, likes=number)
        if number in {0, 19}:
            answer, total = await ask_counted(TOP, viewer=ann)
            assert len(answer["feed"]["edges"]) == number + 1
            assert total == 1
