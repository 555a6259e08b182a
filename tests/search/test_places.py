"""Finding photos near a point, and by several conditions."""

import math

import pytest

from storage.search.narrowing import EARTH_RADIUS_M
from tests.conftest import Errors
from tests.making import make_photo
from tests.search.finding import found, new_word, paged


async def test_conditions_hold_together(database, ask, ann):
    word, tag = new_word(), new_word()
    oslo, bergen = (59.91, 10.75), (60.39, 5.32)
    both = await make_photo(database, ann, title=word, tags=[tag], at=oslo)
    elsewhere = await make_photo(database, ann, title=word, tags=[tag], at=bergen)
    untagged = await make_photo(database, ann, title=word, at=oslo)
    silent = await make_photo(database, ann, tags=[tag], at=oslo)
    near = {"latitude": 59.91, "longitude": 10.75, "radiusMeters": 50_000}

    assert set(await found(ask, search=word)) == {both.id, elsewhere.id, untagged.id}
    assert set(await found(ask, search=word, tag=tag)) == {both.id, elsewhere.id}
    assert set(await found(ask, search=word, near=near)) == {both.id, untagged.id}
    assert set(await found(ask, tag=tag, near=near)) == {both.id, silent.id}
    assert await found(ask, search=word, tag=tag, near=near) == [both.id]


def _metres(one, other):
    """The distance on the ground by the haversine formula."""
    (lat1, lon1), (lat2, lon2) = (map(math.radians, place) for place in (one, other))
    a = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(a))


@pytest.mark.parametrize(
    "middle",
    [(46.94, 7.44), (-33.86, 151.2), (90.0, 0.0), (-90.0, 77.0), (-17.5, 180.0), (65.0, -179.999)],
)
async def test_near_means_near_on_the_ground_everywhere(database, ask, ann, middle):
    tag = new_word()
    places = [middle]
    for turn in range(12):
        away = 0.002 * (turn + 1) ** 2
        latitude = middle[0] + away * math.cos(turn)
        longitude = middle[1] + away * math.sin(turn) / max(0.02, math.cos(math.radians(middle[0])))
        latitude = math.copysign(180, latitude) - latitude if abs(latitude) > 90 else latitude
        places.append((latitude, (longitude + 180) % 360 - 180))
    made = {
        (await make_photo(database, ann, tags=[tag], at=place)).id: _metres(middle, place)
        for place in places
    }
    await make_photo(database, ann, tags=[tag])

    for radius in 1, 5_000, 20_000, 50_000:
        near = {"latitude": middle[0], "longitude": middle[1], "radiusMeters": radius}
        expected = sorted((id for id in made if made[id] <= radius), key=made.__getitem__)
        assert await found(ask, first=100, tag=tag, near=near) == expected
        assert await paged(ask, tag=tag, near=near) == expected
    assert {len([id for id in made if made[id] <= radius]) for radius in (1, 50_000)} >= {1}


async def test_the_edge_of_the_circle_is_exact_to_a_metre(database, ask, ann):
    tag = new_word()
    photo = await make_photo(database, ann, tags=[tag], at=(47.0, 8.1))
    metres = _metres((47.0, 8.0), (47.0, 8.1))
    near = {"latitude": 47.0, "longitude": 8.0}

    inside = near | {"radiusMeters": math.ceil(metres)}
    outside = near | {"radiusMeters": math.floor(metres)}
    assert await found(ask, tag=tag, near=inside) == [photo.id]
    assert await found(ask, tag=tag, near=outside) == []


async def test_photos_at_one_spot_page_without_gap_or_repeat(database, ask, ann):
    tag = new_word()
    made = [(await make_photo(database, ann, tags=[tag], at=(10.0, 20.0))).id for _ in range(5)]

    listed = await paged(ask, tag=tag, near={"latitude": 10.0, "longitude": 20.0})

    assert listed == made[::-1]


@pytest.mark.parametrize(
    ("near", "message"),
    [
        ({"latitude": 90.1, "longitude": 0}, "latitude must be from -90 to 90"),
        ({"latitude": 0, "longitude": -180.1}, "longitude must be from -180 to 180"),
        ({"latitude": 0, "longitude": 0, "radiusMeters": 0}, "radiusMeters must be from 1 to"),
        ({"latitude": 0, "longitude": 0, "radiusMeters": 50_001}, "radiusMeters must be from 1 to"),
    ],
)
async def test_a_circle_that_is_none_is_refused(ask, near, message):
    with pytest.raises(Errors, match=message) as refused:
        await found(ask, near=near)
    assert refused.value.codes == ["BAD_USER_INPUT"]
