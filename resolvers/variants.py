"""The sizes of a photo, and where their bytes are."""

from collections.abc import Awaitable, Sequence
from typing import Annotated

import strawberry

from resolvers.context import Context
from resolvers.edges import edge
from resolvers.extend import costs
from schema.enums import VariantFormat
from schema.photos import Photo, Variant, smallest
from storage import variants
from storage.rows import PhotoId, VariantRow

Format = Annotated[VariantFormat, strawberry.argument(description="What the bytes are.")]
MinWidth = Annotated[int, strawberry.argument(description="In pixels.")]


def _made(
    context: Context, ids: list[PhotoId], *, format: VariantFormat, **_: object
) -> Awaitable[Sequence[list[VariantRow] | None]]:
    loaders = context.loaders
    return (loaders.variants if format is VariantFormat.WEBP else loaders.jpegs).many(ids)


def _is_webp(*, format: VariantFormat, **_: object) -> bool:
    return format is VariantFormat.WEBP


@costs(4)
@edge(variants.ALONG, by="id", ask=_made, only=_is_webp)
def every_variant(
    _photo: Photo,
    rows: list[VariantRow] | None,
    context: Context,
    format: Format = VariantFormat.WEBP,  # noqa: ARG001 - The rows are of that format.
) -> list[Variant]:
    """Every size, ascending by width; empty until READY."""
    address = context.parts.media.of
    return [Variant.of(row, address) for row in rows or ()]


@costs(4)
@edge(variants.ALONG, by="id", ask=_made, only=_is_webp)
def variant(
    _photo: Photo,
    rows: list[VariantRow] | None,
    context: Context,
    min_width: MinWidth = 640,
    format: Format = VariantFormat.WEBP,  # noqa: ARG001 - As above.
) -> Variant | None:
    """The smallest variant at least this wide, else the widest; null until READY."""
    chosen = smallest(rows or (), min_width)
    return Variant.of(chosen, context.parts.media.of) if chosen else None
