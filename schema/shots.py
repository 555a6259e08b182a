"""What a camera wrote beside the pixels, as clients see it."""

from typing import Self

import strawberry

from storage import shots


@strawberry.type(
    description="What a photo was taken with, as its file says. A field is null where it does not."
)
class Camera:
    make: str | None = strawberry.field(description="Who made it, e.g. Canon.")
    model: str | None = strawberry.field(description="Which one it is, e.g. EOS R6.")
    lens: str | None = strawberry.field(description="The lens, as its maker calls it.")
    focal_length_mm: float | None = strawberry.field(
        description="The focal length, in millimetres."
    )
    f_number: float | None = strawberry.field(description="The aperture, e.g. 2.8 for f/2.8.")
    exposure_s: float | None = strawberry.field(
        description="How long the shutter was open, in seconds."
    )
    iso: int | None = strawberry.field(description="The sensitivity, as ISO 12232 has it.")

    @classmethod
    def of(cls, row: shots.Camera) -> Self | None:
        """The camera; None when nothing is known, or shown, of it."""
        if row == shots.Camera():
            return None
        return cls(
            make=row.make,
            model=row.model,
            lens=row.lens,
            focal_length_mm=row.focal_length_mm,
            f_number=row.f_number,
            exposure_s=row.exposure_s,
            iso=row.iso,
        )
