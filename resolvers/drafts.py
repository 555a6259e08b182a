"""What an owner says about a photo, checked."""

import math
from collections.abc import Callable
from typing import Final, TypeVar

from strawberry import UNSET

from resolvers import marks
from resolvers.texts import line, prose, visible_length
from schema.photos import LocationInput, PublishPhotoInput, UpdatePhotoInput
from storage.edits import Edit
from storage.photos import Draft
from storage.refusals import Invalid, TooLong, together
from storage.rows import PhotoRow, Visibility
from storage.shots import Sharing

Value = TypeVar("Value")

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
        lambda: title_of(input.title),
        lambda: caption_of(input.caption),
        lambda: alt_text_of(input.alt_text),
        lambda: place(input.location) or (None, None, None),
        lambda: tags(input.tags),
    )
    return Draft(
        title=title,
        caption=caption,
        alt_text=alt_text,
        tags=with_hashtags(words, caption),
        latitude=latitude,
        longitude=longitude,
        location_name=name,
        visibility=Visibility(input.visibility),
        sharing=Sharing(input.share_taken_at, input.share_camera, input.share_location),
    )


def edit(input: UpdatePhotoInput) -> Edit:
    """What the input changes; null empties. Raises Refusals with everything wrong with it."""
    said: list[Edit] = together(
        lambda: _given(input.title, lambda text: Edit(title=title_of(text or ""))),
        lambda: _given(input.caption, lambda text: Edit(caption=caption_of(text or ""))),
        lambda: _given(input.alt_text, lambda text: Edit(alt_text=alt_text_of(text or ""))),
        lambda: _given(input.location, _located),
        lambda: _given(input.tags, lambda words: Edit(tags=tags(words or []))),
        lambda: Edit(visibility=Visibility(input.visibility)) if input.visibility else Edit(),
    )
    edit = Edit()
    for part in said:
        edit |= part
    return edit


def shared(input: UpdatePhotoInput) -> dict[str, bool]:
    """What the owner shares from now on of what the camera wrote, by the names of the columns."""
    chosen = {"shares_taken_at": input.share_taken_at, "shares_camera": input.share_camera}
    said = {name: is_shared for name, is_shared in chosen.items() if isinstance(is_shared, bool)}
    # Whoever says where it was does not want to be told by the file any more.
    return said if input.location is UNSET else {**said, "wants_location": False}


def retagged(edit: Edit, before: PhotoRow) -> Edit:
    """The edit with the tags that follow from it, the hashtags of the caption among them."""
    if "caption" not in edit and "tags" not in edit:
        return edit
    of_caption = marks.hashtags(before.caption)
    chosen = edit.get("tags", [tag for tag in before.tags if tag not in of_caption])
    return {**edit, "tags": with_hashtags(chosen, edit.get("caption", before.caption))}


def title_of(text: str) -> str:
    """A title. Raises TooLong or Invalid."""
    return line(text, MAX_TITLE, "input", "title")


def caption_of(text: str) -> str:
    """A caption. Raises TooLong or Invalid."""
    return prose(text, MAX_CAPTION, "input", "caption")


def alt_text_of(text: str) -> str:
    """A description for those who do not see the picture. Raises TooLong or Invalid."""
    return prose(text, MAX_ALT_TEXT, "input", "altText")


def tags(written: list[str]) -> list[str]:
    """The tags in lower case without #, each once, in their order. Raises Invalid or TooLong."""
    path = ("input", "tags")
    unique = list(dict.fromkeys(_tag(each, path) for each in written))
    if len(unique) > MAX_TAGS:
        raise TooLong(f"there are {len(unique)} tags; the most is {MAX_TAGS}", *path)
    return unique


def _tag(written: str, path: tuple[str, ...]) -> str:
    word = line(written.strip().removeprefix("#"), MAX_TAG, *path)
    if not marks.is_word(word):
        raise Invalid("a tag is one word of letters, digits and underscores", *path)
    tag = marks.tag(word)
    # Folding can make two letters of one.
    if visible_length(tag) > MAX_TAG:
        raise TooLong(f"a tag has at most {MAX_TAG} characters", *path)
    return tag


def with_hashtags(words: list[str], caption: str) -> list[str]:
    """*words*, and after them the hashtags of a caption while there is room for more tags.

    A caption is free text: what cannot be a tag is left as it is, never refused.
    """
    short = [tag for tag in marks.hashtags(caption) if visible_length(tag) <= MAX_TAG]
    return list(dict.fromkeys([*words, *short]))[: max(MAX_TAGS, len(words))]


def place(location: LocationInput | None) -> Place | None:
    """Latitude, longitude and name. Raises Invalid when it is nowhere on Earth."""
    if location is None:
        return None
    _within(location.latitude, 90, "latitude")
    _within(location.longitude, 180, "longitude")
    name = line(location.name or "", MAX_PLACE, "input", "location", "name")
    return location.latitude, location.longitude, name or None


def _given(value: Value | None, said: Callable[[Value | None], Edit]) -> Edit:
    return Edit() if value is UNSET else said(value)


def _located(location: LocationInput | None) -> Edit:
    latitude, longitude, name = place(location) or (None, None, None)
    return Edit(latitude=latitude, longitude=longitude, location_name=name)


def _within(degrees: float, limit: int, name: str) -> None:
    if not math.isfinite(degrees) or abs(degrees) > limit:
        raise Invalid(f"{name} must be from -{limit} to {limit}", "input", "location", name)
