"""What photos are searched by: words, a tag, a place; checked, and asked for."""

import math
from typing import Annotated, Final

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers import marks
from resolvers.finding import Asked, searched
from resolvers.paging import BadArgument, requested, requested_scored
from schema.photos import NearInput, PhotoConnection
from storage.rows import UserId
from storage.search import nearby
from storage.search import photos as search_photos
from storage.search.narrowing import Narrowed, Near

MAX_RADIUS_M: Final = 50_000
# No condition at all.
ANY: Final = Narrowed()

PhotoSearch = Annotated[
    str | None,
    strawberry.argument(
        description="Words of title, tags, caption or alt text, all of which a photo must have; "
        "the last may be the beginning of one. Case and accents do not count, nothing in the "
        "text has a special meaning, and with few matches words spelled alike count too. Matches "
        "in title and tags come first; of more than 1,000 matches the newest. Up to 100 "
        "characters; empty is as if not given, and without any letter or digit nothing is found."
    ),
]
Tag = Annotated[
    str | None,
    strawberry.argument(
        description="A whole tag in any case, with or without #. Up to 100 characters; empty is "
        "as if not given."
    ),
]
Around = Annotated[
    NearInput | None,
    strawberry.argument(description="Only photos whose owners share that they were taken there."),
]


async def photos_by(
    connection: AsyncConnection,
    asked: Asked,
    text: str | None,
    narrowed: Narrowed,
    viewer: UserId | None,
) -> PhotoConnection:
    """Public photos that meet every condition, of which there is one at least.

    Raises BadArgument for a cursor of another list.
    """
    if text is not None:
        scored = requested_scored("found", asked.first, asked.after)
        found = await search_photos.matching(connection, text, narrowed, scored, viewer)
        return PhotoConnection.of(found, "found")
    if narrowed.near is not None:
        scored = requested_scored("near", asked.first, asked.after)
        around = await nearby.page(connection, narrowed.near, narrowed.tag, scored, viewer)
        return PhotoConnection.of(around, "near")
    assert narrowed.tag is not None
    request = requested("tagged", asked.first, asked.after)
    having = await search_photos.tagged(connection, narrowed.tag, request, viewer)
    return PhotoConnection.of(having, "tagged")


def narrowed(tag: str | None, near: NearInput | None) -> Narrowed:
    """What else a photo must be. Raises BadArgument for a circle that is none on Earth."""
    text = searched(tag, "tag")
    return Narrowed(
        tag=marks.tag(text.removeprefix("#")) if text is not None else None,
        near=_circle(near) if near is not None else None,
    )


def _circle(near: NearInput) -> Near:
    _check_degrees(near.latitude, 90, "latitude")
    _check_degrees(near.longitude, 180, "longitude")
    if not 1 <= near.radius_meters <= MAX_RADIUS_M:
        raise BadArgument(f"radiusMeters must be from 1 to {MAX_RADIUS_M}")
    return Near(near.latitude, near.longitude, near.radius_meters)


def _check_degrees(degrees: float, limit: int, name: str) -> None:
    if not math.isfinite(degrees) or abs(degrees) > limit:
        raise BadArgument(f"{name} must be from -{limit} to {limit}")
