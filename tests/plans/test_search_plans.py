"""What searches and the feed cost among 200,000 photos: rows and buffers, not time.

Rows are those that scans of tables and indexes met, used or not.
"""

import pytest
from sqlalchemy import text

from storage import feed
from storage.rows import PageRequest, ScoredRequest
from storage.search import nearby, photos, users
from storage.search.narrowing import Narrowed, Near

PAGE = 20
TOWN = (48.0, 11.0)


@pytest.fixture(params=["guest", "viewer"])
async def viewer(request, many):
    return await _newest_user(many) if request.param == "viewer" else None


async def _newest_user(many):
    newest = text("select id from users order by created_at desc limit 1")
    async with many.connect() as connection:
        return (await connection.execute(newest)).scalar_one()


@pytest.mark.parametrize(
    ("typed", "found", "most_rows", "most_buffers"),
    [
        # In one photo of ten: the newest come first, from the index that lists them.
        ("sunset", PAGE, 1_000, 2_000),
        ("sunst", PAGE, 1_000, 2_000),
        ("su", PAGE, 1_000, 2_000),
        # In 40 photos and in 500: all are ranked.
        ("quokka", PAGE, 1_000, 2_000),
        ("quoka", PAGE, 1_000, 2_000),
        ("harbour", PAGE, 3_000, 2_000),
        # In 6,600 photos, all of them old: what is new is looked through, then those are sorted.
        ("christmas", PAGE, 20_000, 20_000),
        # Two words that are frequent and never meet.
        ("sunset w100", 0, 100, 1_000),
        ("nothingofthekind", 0, 100, 1_000),
    ],
)
async def test_words(cost_of, viewer, typed, found, most_rows, most_buffers):
    page, cost = await cost_of(
        lambda connection: photos.matching(
            connection, typed, Narrowed(), ScoredRequest(PAGE), viewer
        )
    )

    assert len(page.rows) == found
    assert cost.statements == 3
    assert not cost.scanned & {"photos", "users"}
    assert "photos_words_idx" in cost.indexes or "photos_public_idx" in cost.indexes
    assert cost.rows <= most_rows
    assert cost.buffers <= most_buffers


@pytest.mark.parametrize("typed", ["sunset", "harbour", "quoka"])
async def test_a_later_page_of_words_costs_no_more(cost_of, typed):
    after = None
    for _ in range(2):
        page, cost = await cost_of(
            lambda connection, after=after: photos.matching(
                connection, typed, Narrowed(), ScoredRequest(PAGE, after), None
            )
        )
        after = page.cursors[-1]

    assert cost.statements == 2
    assert not cost.scanned & {"photos", "users"}
    assert cost.rows <= 3_000


@pytest.mark.parametrize("tag", ["beach", "rare", "christmas"])
async def test_a_tag_that_is_common_or_rare_or_out_of_season(cost_of, viewer, tag):
    page, cost = await cost_of(
        lambda connection: photos.tagged(connection, tag, PageRequest(PAGE), viewer)
    )

    assert len(page.rows) == PAGE
    assert not cost.scanned & {"photos", "users", "photo_tags"}
    assert "photo_tags_list_idx" in cost.indexes
    assert cost.rows <= 200
    assert cost.buffers <= 500


@pytest.mark.parametrize("radius", [10, 5_000, 50_000])
async def test_near_the_middle_of_a_town(cost_of, viewer, radius):
    page, cost = await cost_of(
        lambda connection: nearby.page(
            connection, Near(*TOWN, radius), None, ScoredRequest(PAGE), viewer
        )
    )

    assert len(page.rows) == PAGE
    assert not cost.scanned & {"photos", "users"}
    assert "photos_point_idx" in cost.indexes
    assert cost.rows <= 2_000
    assert cost.buffers <= 4_000


@pytest.mark.parametrize("middle", [(-40.0, -100.0), (47.0, 11.0)])
async def test_near_nothing(cost_of, viewer, middle):
    page, cost = await cost_of(
        lambda connection: nearby.page(
            connection, Near(*middle, 50_000), None, ScoredRequest(PAGE), viewer
        )
    )

    assert page.rows == []
    assert not cost.scanned & {"photos", "users"}
    assert cost.rows <= 2_000


@pytest.mark.parametrize(
    ("typed", "tag", "radius"),
    [("sunset", None, 5_000), ("christmas", "christmas", None), ("harbour", None, 50_000)],
)
async def test_conditions_together(cost_of, typed, tag, radius):
    narrowed = Narrowed(tag, Near(*TOWN, radius) if radius else None)
    page, cost = await cost_of(
        lambda connection: photos.matching(connection, typed, narrowed, ScoredRequest(PAGE), None)
    )

    assert len(page.rows) == PAGE
    assert not cost.scanned & {"photos", "users"}
    assert cost.rows <= 60_000
    assert cost.buffers <= 20_000


@pytest.mark.parametrize(
    ("typed", "most_rows"),
    # One user of five is called Ann; one in 4,096 has a last name that begins so.
    [("ann", 25_000), ("a", 25_000), ("user1234", 3_000), ("usr123", 3_000), ("abc", 3_000)],
)
async def test_people(cost_of, viewer, typed, most_rows):
    page, cost = await cost_of(
        lambda connection: users.matching(connection, typed, ScoredRequest(PAGE), viewer)
    )

    assert page.rows
    assert cost.statements == 1
    assert "users" not in cost.scanned
    assert "users_names_idx" in cost.indexes
    assert cost.rows <= most_rows
    assert cost.buffers <= 5_000


@pytest.mark.parametrize(
    ("tag", "found", "most_rows", "most_buffers"),
    [
        ("rare", 0, 5_000, 5_000),
        ("christmas", PAGE, 200_000, 30_000),
        ("beach", 0, 200_000, 30_000),
    ],
)
async def test_a_tag_that_is_scarce_in_a_large_circle(cost_of, tag, found, most_rows, most_buffers):
    page, cost = await cost_of(
        lambda connection: nearby.page(
            connection, Near(*TOWN, 50_000), tag, ScoredRequest(PAGE), None
        )
    )

    assert len(page.rows) == found
    assert not cost.scanned & {"photos", "users"}
    # There are 76,000 photos in the circle; each is met in the index and itself.
    assert cost.rows <= most_rows
    assert cost.buffers <= most_buffers


async def test_top_counts_what_came_since_and_never_all_likes(cost_of, many):
    viewer = await _newest_user(many)
    page, cost = await cost_of(lambda connection: feed.top(connection, viewer, ScoredRequest(PAGE)))

    assert len(page.rows) == PAGE
    assert cost.statements == 1
    assert not cost.scanned & {"photos", "users", "likes"}
    # 2,000 people are followed; one of 20,000 likes is on a photo among the 500.
    assert cost.rows <= 15_000


@pytest.mark.parametrize(
    ("typed", "word"), [("sunset", "sunset"), ("christmas", "christmas"), ("sunst", "sunset")]
)
async def test_of_very_many_matches_the_newest_come_without_gap_or_repeat(many, typed, word):
    expected = text(
        "select photos.id from photos join users on users.id = owner_id where not is_private "
        "and visibility = 'PUBLIC' and (title = :word or caption = :word) "
        "order by photos.created_at desc, photos.id desc limit 60"
    )
    found, after = [], None
    async with many.connect() as connection:
        for _ in range(3):
            request = ScoredRequest(PAGE, after)
            page = await photos.matching(connection, typed, Narrowed(), request, None)
            found += [row.id for row in page.rows]
            after = page.cursors[-1]
            assert page.has_next

        assert found == list((await connection.execute(expected, {"word": word})).scalars())
