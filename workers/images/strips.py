"""A picture in pieces of a bounded size: what is done with it needs no second large copy."""

from collections.abc import Iterator
from typing import Final

from PIL import Image

_PIXELS: Final = 2**20


def strips(image: Image.Image, multiple: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Strips of *image* from the top down, each with its first row, a *multiple* of rows high."""
    rows = max(1, _PIXELS // image.width // multiple) * multiple
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))
