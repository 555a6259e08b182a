"""Photos as clients see them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Self

import strawberry

from schema.enums import PhotoFailureCode, PhotoStatus, VariantName, Visibility
from schema.errors import UserError
from schema.nodes import Node, global_id
from schema.pages import Listed, PageInfo, Scored, connected, in_list
from schema.views import view
from storage.rows import RETRYABLE, Page, PhotoId, PhotoRow, VariantRow


@strawberry.type(description="Where a photo was taken, as its owner chose to say.")
class Location:
    latitude: float = strawberry.field(description="Degrees north, -90 to 90.")
    longitude: float = strawberry.field(description="Degrees east, -180 to 180.")
    name: str | None = strawberry.field(description="What the owner calls the place.")


@strawberry.input(description="Where a photo was taken.")
class LocationInput:
    latitude: float = strawberry.field(description="Degrees north, -90 to 90.")
    longitude: float = strawberry.field(description="Degrees east, -180 to 180.")
    name: str | None = strawberry.field(
        default=None, description="What you call the place; up to 100 characters."
    )


@strawberry.input(description="A circle on the ground.")
class NearInput:
    latitude: float = strawberry.field(description="Degrees north of its middle, -90 to 90.")
    longitude: float = strawberry.field(description="Degrees east of its middle, -180 to 180.")
    radius_meters: int = strawberry.field(
        default=5000, description="From its middle to its edge, 1 to 50,000 metres."
    )


@strawberry.type(description="Why a photo could not be processed.")
class PhotoFailure:
    code: PhotoFailureCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, in English, for people.")
    retryable: bool = strawberry.field(
        description="Whether trying again may help; if not, upload another file."
    )


@view(own=("url",))
@strawberry.type(description="One size of a photo: upright, in sRGB, without any metadata.")
class Variant:
    name: VariantName = strawberry.field(description="Which step of the ladder it is.")
    url: str = strawberry.field(
        description="Where the bytes are. While the photo is for everybody, the address stays as "
        "it is and caches may keep it for good; else it works for some minutes: then ask again."
    )
    width: int = strawberry.field(description="In pixels.")
    height: int = strawberry.field(description="In pixels.")
    content_type: str = strawberry.field(description="The media type, e.g. image/webp.")
    byte_size: int = strawberry.field(description="In bytes.")
    row: strawberry.Private[VariantRow]

    @classmethod
    def of(cls, row: VariantRow, address: Callable[[str], str]) -> Self:
        """The variant, whose *address* follows from its key."""
        made = cls.__new__(cls)
        made.row, made.url = row, address(row.key)
        return made


def _location(photo: "Photo") -> Location | None:
    row = photo.row
    if row.latitude is None or row.longitude is None:
        return None
    return Location(latitude=row.latitude, longitude=row.longitude, name=row.location_name)


def _failure(photo: "Photo") -> PhotoFailure | None:
    row = photo.row
    if row.failure_code is None:
        return None
    return PhotoFailure(
        code=row.failure_code,
        message=row.failure_message or "",
        retryable=row.failure_code in RETRYABLE,
    )


@view(
    id=lambda photo: global_id("photo", photo.row.id),
    location=_location,
    failure=_failure,
)
@strawberry.type(description="A picture someone shared.")
class Photo(Node):
    title: str = strawberry.field(description="Empty when the owner gave none.")
    caption: str = strawberry.field(description="Empty when the owner wrote none.")
    alt_text: str = strawberry.field(
        description="What the picture shows, for those who do not see it; empty when not given."
    )
    tags: list[str] = strawberry.field(description="Lower-case words without the #.")
    location: Location | None = strawberry.field(
        description="Only what the owner chose to share; never taken from EXIF unasked."
    )
    visibility: Visibility = strawberry.field(description="Whom the owner shows it to.")
    status: PhotoStatus = strawberry.field(
        description="Whether it is live; nobody but the owner sees it before."
    )
    failure: PhotoFailure | None = strawberry.field(description="Set when status is FAILED.")
    created_at: datetime = strawberry.field(description="When it was published.")
    width: int | None = strawberry.field(
        description="In pixels, with the EXIF orientation applied; null until READY."
    )
    height: int | None = strawberry.field(
        description="In pixels, with the EXIF orientation applied; null until READY."
    )
    blurhash: str | None = strawberry.field(
        description="A blurred preview to show while loading, see blurha.sh; null until READY."
    )
    dominant_color: str | None = strawberry.field(
        description="The colour that fills most of it, e.g. #a0c4ff; null until READY."
    )
    row: strawberry.Private[PhotoRow]

    @property
    def key(self) -> PhotoId:
        """The id by which rows refer to it."""
        return self.row.id

    @classmethod
    def of(cls, row: PhotoRow) -> Self:
        made = cls.__new__(cls)
        made.row = row
        return made


@in_list
@strawberry.type(description="A photo in a list.")
class PhotoEdge:
    cursor: str = strawberry.field(description="The photo's place in this list.")
    node: Photo = strawberry.field(description="The photo.")


@strawberry.type(description="A page of photos.")
class PhotoConnection:
    edges: list[PhotoEdge] = strawberry.field(description="The photos of this page, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[PhotoRow], listed: Listed | Scored = "photos") -> Self:
        edges, page_info = connected(page, listed, PhotoEdge, Photo.of)
        return cls(edges=edges, page_info=page_info)


def smallest(variants: Sequence[VariantRow], min_width: int) -> VariantRow | None:
    """The first of the variants, by ascending width, that is wide enough; else the widest."""
    wide = (variant for variant in variants if variant.width >= min_width)
    return next(wide, variants[-1] if variants else None)


@strawberry.input(
    description="Publishing one upload twice returns the same photo. Others see the photo once "
    "it is READY."
)
class PublishPhotoInput:
    upload_id: strawberry.ID = strawberry.field(
        description="The upload whose bytes have arrived in the store."
    )
    title: str = strawberry.field(default="", description="Up to 100 characters.")
    caption: str = strawberry.field(default="", description="Up to 2,200 characters.")
    alt_text: str = strawberry.field(
        default="", description="What the picture shows; up to 1,000 characters."
    )
    tags: list[str] = strawberry.field(
        default_factory=list,
        description="Up to 30 words of letters, digits and underscores, with or without the #.",
    )
    location: LocationInput | None = strawberry.field(
        default=None, description="Where it was taken; left out, nothing is said."
    )
    visibility: Visibility = strawberry.field(
        default=Visibility.PUBLIC, description="Whom to show it to."
    )
    share_taken_at: bool = strawberry.field(
        default=False, description="Whether others are shown when it was taken, as its file says."
    )
    share_camera: bool = strawberry.field(
        default=False,
        description="Whether others are shown what it was taken with, as its file says.",
    )
    share_location: bool = strawberry.field(
        default=False,
        description="Whether `location` becomes where it was taken, as its file says, unless you "
        "give another. Without this nothing is kept of that.",
    )


@strawberry.input(
    description="What to change about a photo of yours. A field left out stays as it is."
)
class UpdatePhotoInput:
    id: strawberry.ID = strawberry.field(description="The photo.")
    title: str | None = strawberry.field(
        default=strawberry.UNSET, description="Up to 100 characters; null empties it."
    )
    caption: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Up to 2,200 characters; null empties it. Its hashtags become tags, and those "
        "it no longer has cease to be.",
    )
    alt_text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What the picture shows; up to 1,000 characters; null empties it.",
    )
    tags: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Up to 30 words of letters, digits and underscores, with or without the #, "
        "instead of those before; null removes all but the hashtags of the caption.",
    )
    location: LocationInput | None = strawberry.field(
        default=strawberry.UNSET, description="Where it was taken; null says nothing of it."
    )
    visibility: Visibility | None = strawberry.field(
        default=strawberry.UNSET, description="Whom to show it to; null leaves it as it is."
    )
    share_taken_at: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether others are shown when it was taken; null leaves it as it is.",
    )
    share_camera: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether others are shown what it was taken with; null leaves it as it is.",
    )


@strawberry.type(description="A photo, or what stood in the way.")
class PhotoPayload:
    photo: Photo | None = strawberry.field(
        default=None, description="The photo as it is now; null when the change was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
