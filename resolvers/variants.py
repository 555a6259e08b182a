"""The sizes of a photo, and where their bytes are."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from schema.photos import Photo, Variant, smallest

MinWidth = Annotated[int, strawberry.argument(description="In pixels.")]


async def every_variant(photo: strawberry.Parent[Photo], info: Info) -> list[Variant]:
    """Every size, ascending by width; empty until READY."""
    rows = await info.context.loaders.variants.load(photo.key) or []
    media = info.context.parts.media
    return [Variant.of(row, media.of(row.key)) for row in rows]


async def variant(
    photo: strawberry.Parent[Photo], info: Info, min_width: MinWidth = 640
) -> Variant | None:
    """The smallest variant at least this wide, else the widest; null until READY."""
    return smallest(await every_variant(photo, info), min_width)
