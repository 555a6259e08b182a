"""What a client shows before the picture has arrived."""

import blurhash
from PIL import Image

from workers.images.pixels import on_white

_EDGE = 32
_COLOURS = 6
_OPAQUE = 128
_WHITE = "#ffffff"


def blurred(image: Image.Image) -> str:
    """The blurhash of an RGB or RGBA picture, 4 by 3 components, shown on white."""
    small = on_white(_small(image))
    across, pixels = small.width * 3, small.tobytes()
    rows = [pixels[at : at + across] for at in range(0, len(pixels), across)]
    nested = [[row[at : at + 3] for at in range(0, across, 3)] for row in rows]
    return str(blurhash.encode(nested, 4, 3))


def dominant_color(image: Image.Image) -> str:
    """The commonest of the few colours that describe the opaque part best, as #rrggbb."""
    pixels = _small(image).convert("RGBA").tobytes()
    opaque = b"".join(
        pixels[at : at + 3] for at in range(0, len(pixels), 4) if pixels[at + 3] >= _OPAQUE
    )
    if not opaque:
        return _WHITE
    row = Image.frombytes("RGB", (len(opaque) // 3, 1), opaque)
    reduced = row.quantize(_COLOURS, Image.Quantize.MEDIANCUT, kmeans=1)
    counts = reduced.histogram()
    commonest = counts.index(max(counts))
    palette = reduced.getpalette() or []
    return "#" + bytes(palette[commonest * 3 : commonest * 3 + 3]).hex()


def _small(image: Image.Image) -> Image.Image:
    copy = image.copy()
    copy.thumbnail((_EDGE, _EDGE), Image.Resampling.BOX)
    return copy
