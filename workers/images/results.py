"""What goes into the rendering of a picture and what can come out of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

CONTENT_TYPE = "image/webp"
JPEG: Final = "image/jpeg"

# Edges of squares, in pixels.
RUNGS: Final = (64, 128, 256, 512)

# What is believed of the figures a camera writes.
RANGES: Final = {
    "focal_length_mm": (0.1, 100_000.0),
    "f_number": (0.1, 1_000.0),
    "exposure_s": (1e-9, 1e7),
    "iso": (1.0, 1e8),
}
LONGEST_NAME: Final = 100

PictureName = Literal["THUMB", "MEDIUM", "FULL"]
RejectionCode = Literal["UNSUPPORTED_FORMAT", "CORRUPT_IMAGE", "TOO_MANY_PIXELS"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost; memory is that of the whole child process."""

    max_pixels: int = 100_000_000
    memory_bytes: int = 512 * 1024**2
    cpu_s: int = 10
    wall_s: int = 20


@dataclass(frozen=True, slots=True)
class Picture:
    """One rung of the ladder, free of all metadata."""

    name: PictureName
    data: bytes
    width: int
    height: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Shot:
    """What the camera wrote beside the pixels; None for what it did not, or what cannot be.

    `taken_at` has an offset where the camera wrote one. Without it the time is naive: it is
    the camera's wall clock, and nobody knows in which zone. The place is in degrees.
    """

    taken_at: datetime | None = None
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    focal_length_mm: float | None = None
    f_number: float | None = None
    exposure_s: float | None = None
    iso: int | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """All that is kept of an original; width and height are those of the upright original."""

    width: int
    height: int
    blurhash: str
    dominant_color: str
    shot: Shot
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Square:
    """The middle of a picture, free of all metadata; the edge may be less than its rung's."""

    rung: int
    data: bytes
    edge: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Squares:
    """The middle of one picture in several sizes, smallest first."""

    squares: tuple[Square, ...]


class Rejected(Exception):
    """The picture will never render, and the message tells its author why."""

    def __init__(self, code: RejectionCode, message: str) -> None:
        super().__init__(message)
        self.code: RejectionCode = code
        self.message = message


class Crashed(Exception):
    """The child ended without an answer, so the picture may or may not render another time."""
