"""What an owner says about a photo, checked."""

import math
import re
from typing import Final

from resolvers.texts import line, prose, visible_length
from schema.photos import LocationInput, PublishPhotoInput
from storage.photos import Draft
from storage.refusals import Invalid, TooLong, together
from storage.rows import Visibility

MAX_TITLE: Final = 100
MAX_CAPTION: Final = 2_200
MAX_ALT_TEXT: Final = 1_000
MAX_TAGS: Final = 30
MAX_TAG: Final = 50
MAX_PLACE: Final = 100

Place = tuple[float, float, str | None]


def of(input: PublishPhotoInput) -> Draft:
    """The draft. Raises Refusals with everything that is wrong with it."""
    title, caption, alt_text, (latitude, longitude, name), words = together(
        lambda: line(input.title, MAX_TITLE, "input", "title"),
        lambda: prose(input.caption, MAX_CAPTION, "input", "caption"),
        lambda: prose(input.alt_text, MAX_ALT_TEXT, "input", "altText"),
        lambda: place(input.location) or (None, None, None),
        lambda: tags(input.tags),
    )
    return Draft(
        title=title,
        caption=caption,
        alt_text=alt_text,
        tags=words,
        latitude=latitude,
        longitude=longitude,
        location_name=name,
        visibility=Visibility(input.visibility),
    )


def tags(written: list[str]) -> list[str]:
    """The tags in lower case without #, each once, in their order. Raises Invalid or TooLong."""
    path = ("input", "tags")
    clean = [line(tag, MAX_TAG + 1, *path).removeprefix("#").casefold() for tag in written]
    for tag in clean:
        if not re.fullmatch(r"\w+", tag):
            raise Invalid("a tag is one word of letters, digits and underscores", *path)
        if visible_length(tag) > MAX_TAG:
            raise TooLong(f"a tag has at most {MAX_TAG} characters", *path)
    unique = list(dict.fromkeys(clean))
    if len(unique) > MAX_TAGS:
        raise TooLong(f"there are {len(unique)} tags; the most is {MAX_TAGS}", *path)
    return unique


def place(location: LocationInput | None) -> Place | None:
    """Latitude, longitude and name. Raises Invalid when it is nowhere on Earth."""
    if location is None:
        return None
    _within(location.latitude, 90, "latitude")
    _within(location.longitude, 180, "longitude")
    name = line(location.name or "", MAX_PLACE, "input", "location", "name")
    return location.latitude, location.longitude, name or None


def _within(degrees: float, limit: int, name: str) -> None:
    if not math.isfinite(degrees) or abs(degrees) > limit:
        raise Invalid(f"{name} must be from -{limit} to {limit}", "input", "location", name)
