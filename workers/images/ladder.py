"""The whole way of one picture: open, decode once, shrink in a cascade, encode."""

import io

from PIL import Image

from workers.images import exif, formats, pixels, placeholder
from workers.images.results import CONTENT_TYPE, Limits, Picture, PictureName, Rendered

LADDER: dict[PictureName, int] = {"THUMB": 320, "MEDIUM": 1080, "FULL": 2048}
_QUALITY = 80
# Methods 5 and 6 save 2 and 5 percent of the bytes for up to twice the time; 2 costs 4 percent.
_METHOD = 4


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
    formats.decode(original, full_size)
    # EXIF may lie behind the pixels, and is out of reach once the original is closed.
    orientation, taken_at = exif.orientation(original), exif.taken_at(original)
    small = pixels.shrunk(original, full_size, may_close=True)
    small = pixels.in_srgb(small, original.info.get("icc_profile"))
    full = pixels.bare(pixels.upright(small, orientation))
    medium = pixels.shrunk(full, pixels.fitting(full.size, LADDER["MEDIUM"]))
    thumb = pixels.shrunk(medium, pixels.fitting(full.size, LADDER["THUMB"]))
    lies_on_its_side = full.size != small.size
    return Rendered(
        width=size[1] if lies_on_its_side else size[0],
        height=size[0] if lies_on_its_side else size[1],
        blurhash=placeholder.blurred(thumb),
        dominant_color=placeholder.dominant_color(thumb),
        taken_at=taken_at,
        pictures=_encoded({"THUMB": thumb, "MEDIUM": medium, "FULL": full}),
    )


def _encoded(rungs: dict[PictureName, Image.Image]) -> tuple[Picture, ...]:
    done: dict[tuple[int, int], bytes] = {}
    for image in rungs.values():
        if image.size not in done:
            done[image.size] = webp(image)
    return tuple(
        Picture(name, done[image.size], image.width, image.height, CONTENT_TYPE)
        for name, image in rungs.items()
    )


def webp(image: Image.Image) -> bytes:
    """*image* as it is served: small, and with nothing attached."""
    encoded = io.BytesIO()
    pixels.bare(image).save(encoded, "WEBP", quality=_QUALITY, method=_METHOD)
    return encoded.getvalue()
