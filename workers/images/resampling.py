"""Making a picture smaller by libvips, whose filter uses the vectors of the processor.

Only its filter is used: no file is opened and nothing is decoded by it. A region is computed by the
thread that asks for it, so a child that may have no threads can use it as well.
"""

from typing import Final

import pyvips
from PIL import Image

from workers.images.strips import strips

# Catmull-Rom, the same as Pillow's bicubic; Lanczos gives no more likeness for its bytes.
_KERNEL: Final = "cubic"
_STRIP_ROWS: Final = 128
# What is transparent must not colour its neighbours.
_PREMULTIPLIED: Final = {"LA": "La", "RGBA": "RGBa"}

# Operations are not kept for a second time: no picture comes twice.
pyvips.cache_set_max(0)


def shrunk(image: Image.Image, size: tuple[int, int], *, may_close: bool = False) -> Image.Image:
    """*image*, of mode L, LA, RGB, RGBA or CMYK, at *size*, of which no edge is longer.

    libvips refuses to make an edge 500 times as short; averaging comes before that.
    An image that may be closed gives its memory back before the filter asks for more.
    """
    mode, (width, height) = image.mode, image.size
    filtered_mode = _PREMULTIPLIED.get(mode, mode)
    bands = len(image.getbands())
    packed = _packed(image, filtered_mode, bands)
    if may_close:
        image.close()
    source = pyvips.Image.new_from_memory(packed, width, height, bands, "uchar")
    smaller = source.reduce(width / size[0], height / size[1], kernel=_KERNEL)
    region = pyvips.Region.new(smaller)
    strips = (
        region.fetch(0, top, size[0], min(_STRIP_ROWS, size[1] - top))
        for top in range(0, size[1], _STRIP_ROWS)
    )
    filtered = Image.frombytes(filtered_mode, size, b"".join(strips))
    return filtered if filtered_mode == mode else filtered.convert(mode)


def _packed(image: Image.Image, mode: str, bands: int) -> bytearray:
    """The pixels of *image* in *mode*, row after row, a byte for each band."""
    # What grows is moved, and for that moment there twice.
    packed = bytearray(image.width * image.height * bands)
    for top, strip in strips(image):
        data = (strip if strip.mode == mode else strip.convert(mode)).tobytes()
        at = top * image.width * bands
        packed[at : at + len(data)] = data
    return packed
