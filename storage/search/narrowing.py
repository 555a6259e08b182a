"""What narrows a list of photos besides words: a tag, and the distance to a point."""

import math
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, and_, exists, func, literal, select, true
from sqlalchemy.sql import FromClause

from storage.tables import photo_tags, photos

# The mean radius of the Earth as the IUGG has it.
EARTH_RADIUS_M: Final = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Near:
    """A circle on the ground."""

    latitude: float
    longitude: float
    radius_m: int

    @property
    def radius(self) -> ColumnElement[float]:
        """The radius as `distance` measures: straight through an Earth of radius 1."""
        return literal(2 * math.sin(self.radius_m / EARTH_RADIUS_M / 2), Float)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Only photos with that tag, only photos in that circle."""

    tag: str | None = None
    near: Near | None = None


def within(narrowed: Narrowed, seen: FromClause = photos) -> list[ColumnElement[bool]]:
    """The conditions that *narrowed* stands for."""
    conditions: list[ColumnElement[bool]] = []
    if narrowed.tag is not None:
        conditions.append(has_tag(narrowed.tag, seen))
    if narrowed.near is not None:
        conditions.append(distance(narrowed.near, seen) <= narrowed.near.radius)
    return conditions


def has_tag(tag: str, seen: FromClause = photos) -> ColumnElement[bool]:
    """True for the photos with that tag."""
    tagged = and_(photo_tags.c.photo_id == seen.c.id, photo_tags.c.tag == tag)
    return exists(select(1).where(tagged))


def in_box(near: Near | None) -> ColumnElement[bool]:
    """True for the photos in a box around the circle, which is what the index can answer.

    PostgreSQL takes it for few photos however many there are, and prefers it to anything else.
    """
    if near is None:
        return true()
    box = func.cube_enlarge(_middle(near), near.radius, 3)
    is_inside = _point(photos.c.latitude, photos.c.longitude).bool_op("<@")(box)
    return and_(photos.c.latitude.is_not(None), is_inside)


def distance(near: Near, seen: FromClause = photos) -> ColumnElement[float]:
    """How far a photo is from the middle of the circle; grows as the distance on the ground."""
    return _point(seen.c.latitude, seen.c.longitude).op("<->", return_type=Float())(_middle(near))


def _middle(near: Near) -> ColumnElement[Any]:
    return _point(literal(near.latitude, Float), literal(near.longitude, Float))


def _point(latitude: ColumnElement[Any], longitude: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.earth_point(latitude, longitude)
