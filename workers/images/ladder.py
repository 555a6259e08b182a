"""The whole way of one picture: open, decode once, shrink in a cascade, encode."""

import io
from collections.abc import Iterable, Mapping

from PIL import Image

from workers.images import exif, formats, pixels, placeholder
from workers.images.results import CONTENT_TYPE, JPEG, Limits, Picture, PictureName, Rendered

LADDER: dict[PictureName, int] = {"THUMB": 320, "MEDIUM": 1080, "FULL": 2048}
_QUALITY = 80
# Methods 5 and 6 save 2 and 5 percent of the bytes for up to twice the time; 2 costs 4 percent.
_METHOD = 4
# A JPEG may be decoded to so much of FULL and enlarged: half of a camera's 4000 pixels instead of
# all of them takes half the time, and has the likeness of others for its bytes.
_ENOUGH = 0.975


def render(data: bytes, limits: Limits) -> Rendered:
    """Everything made of an original; Rejected if it is not a picture we take.

    The same bytes give the same result. Pillow's process-wide pixel limit follows *limits*,
    and only `Studio` holds memory and time to them.
    """
    with formats.quietly_opened(data, limits) as original:
        return _rendered(original)


def _rendered(original: Image.Image) -> Rendered:
    size = original.size
    full_size = pixels.fitting(size, LADDER["FULL"])
    formats.decode(original, nearly(full_size))
    # EXIF may lie behind the pixels, and is out of reach once the original is closed.
    orientation, shot = exif.orientation(original), exif.shot(original)
    small = pixels.shrunk(original, full_size, may_close=True)
    small = pixels.in_srgb(small, original.info)
    full = pixels.upright(small, orientation)
    medium = pixels.shrunk(full, pixels.fitting(full.size, LADDER["MEDIUM"]))
    thumb = pixels.shrunk(medium, pixels.fitting(full.size, LADDER["THUMB"]))
    lies_on_its_side = full.size != small.size
    return Rendered(
        width=size[1] if lies_on_its_side else size[0],
        height=size[0] if lies_on_its_side else size[1],
        blurhash=placeholder.blurred(thumb),
        dominant_color=placeholder.dominant_color(thumb),
        shot=shot,
        pictures=_encoded({"THUMB": thumb, "MEDIUM": medium, "FULL": full}),
    )


def nearly(size: tuple[int, int]) -> tuple[int, int]:
    """What a JPEG is decoded to, at the least, to become *size*."""
    width, height = (max(1, int(edge * _ENOUGH)) for edge in size)
    return width, height


def _encoded(rungs: dict[PictureName, Image.Image]) -> tuple[Picture, ...]:
    """Every rung in every format; rungs of one size are the same bytes."""
    made: list[Picture] = []
    for content_type, encode in ((CONTENT_TYPE, webp), (JPEG, jpeg)):
        by_size = {image.size: encode(image) for image in _of_each_size(rungs)}
        made += [
            Picture(name, by_size[image.size], image.width, image.height, content_type)
            for name, image in rungs.items()
        ]
    return tuple(made)


def _of_each_size(rungs: Mapping[PictureName, Image.Image]) -> Iterable[Image.Image]:
    return {image.size: image for image in rungs.values()}.values()


def jpeg(image: Image.Image) -> bytes:
    """*image* on white, for what shows no WebP: larger, and with nothing attached either."""
    encoded = io.BytesIO()
    options = {"quality": _QUALITY, "progressive": True, "optimize": True}
    pixels.bare(pixels.on_white(image)).save(encoded, "JPEG", **options)
    return encoded.getvalue()


def webp(image: Image.Image) -> bytes:
    """*image* as it is served: small, and with nothing attached."""
    encoded = io.BytesIO()
    pixels.bare(image).save(encoded, "WEBP", quality=_QUALITY, method=_METHOD)
    return encoded.getvalue()
