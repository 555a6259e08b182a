"""The middle of a picture, as avatars are: square, upright, in a few sizes."""

from typing import Final

from PIL import Image

from workers.images import exif, formats, ladder, pixels
from workers.images.results import CONTENT_TYPE, RUNGS, Limits, Square, Squares

# What lies further out is never seen, and can be longer than there is memory for.
_MOST_PROPORTION: Final = 4


def render(data: bytes, limits: Limits) -> Squares:
    """Squares of every rung up to the first that the picture does not exceed; never enlarged.

    Rejected if it is not a picture we take. The same bytes give the same result.
    """
    with formats.quietly_opened(data, limits) as original:
        return _rendered(original)


def _rendered(original: Image.Image) -> Squares:
    formats.decode(original, _covering(original.size, RUNGS[-1]))
    orientation, said = exif.orientation(original), original.info
    near = _middle(original, _MOST_PROPORTION)
    small = pixels.shrunk(near, _covering(near.size, RUNGS[-1]), may_close=True)
    square = pixels.upright(_middle(pixels.in_srgb(small, said), 1), orientation)
    return Squares(tuple(_encoded(square, rung) for rung in _rungs(square.width)))


def _covering(size: tuple[int, int], short_edge: int) -> tuple[int, int]:
    """The size with the same proportions and that short edge, or *size* if it is smaller."""
    shortest = min(size)
    if shortest <= short_edge:
        return size
    width, height = (round(edge * short_edge / shortest) for edge in size)
    return width, height


def _middle(image: Image.Image, proportion: int) -> Image.Image:
    """The middle of *image*, whose long edge is at most that many times the short one."""
    most = min(image.size) * proportion
    width, height = min(image.width, most), min(image.height, most)
    if (width, height) == image.size:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _rungs(edge: int) -> list[int]:
    enough = next((rung for rung in RUNGS if rung >= edge), RUNGS[-1])
    return [rung for rung in RUNGS if rung <= enough]


def _encoded(square: Image.Image, rung: int) -> Square:
    edge = min(rung, square.width)
    image = pixels.shrunk(square, (edge, edge))
    return Square(rung, ladder.webp(image), edge, CONTENT_TYPE)
