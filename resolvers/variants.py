"""The sizes of a photo, and where their bytes are."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from resolvers.batches import batched
from resolvers.context import Info
from resolvers.extend import costs
from schema.enums import VariantFormat
from schema.photos import Photo, Variant, smallest
from storage.rows import VariantRow

Format = Annotated[VariantFormat, strawberry.argument(description="What the bytes are.")]
MinWidth = Annotated[int, strawberry.argument(description="In pixels.")]


@costs(4)
@batched
async def every_variant(
    photos: Sequence[Photo], info: Info, format: Format = VariantFormat.WEBP
) -> list[list[Variant]]:
    """Every size, ascending by width; empty until READY."""
    found = await _made(photos, info, format)
    address = info.context.parts.media.of
    return [[Variant.of(row, address) for row in rows or ()] for rows in found]


@costs(4)
@batched
async def variant(
    photos: Sequence[Photo],
    info: Info,
    min_width: MinWidth = 640,
    format: Format = VariantFormat.WEBP,
) -> list[Variant | None]:
    """The smallest variant at least this wide, else the widest; null until READY."""
    found = await _made(photos, info, format)
    chosen = [smallest(rows or (), min_width) for rows in found]
    address = info.context.parts.media.of
    return [Variant.of(row, address) if row else None for row in chosen]


async def _made(
    photos: Sequence[Photo], info: Info, format: VariantFormat
) -> list[list[VariantRow] | None]:
    loaders = info.context.loaders
    loader = loaders.variants if format is VariantFormat.WEBP else loaders.jpegs
    return await loader.many([photo.row.id for photo in photos])
