"""What goes into the rendering of a picture and what can come out of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

CONTENT_TYPE = "image/webp"

# Edges of squares, in pixels.
RUNGS: Final = (64, 128, 256, 512)

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
class Rendered:
    """All that is kept of an original; width and height are those of the upright original.

    `taken_at` has an offset where the camera wrote one. Without it the time is naive: it is
    the camera's wall clock, and nobody knows in which zone.
    """

    width: int
    height: int
    blurhash: str
    dominant_color: str
    taken_at: datetime | None
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
