"""From a decoded picture to an upright one in sRGB, never holding two large copies."""

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageCms

from workers.images import resampling
from workers.images.strips import strips

_SRGB = ImageCms.createProfile("sRGB")
# Pixels are averaged by two, three, ... as long as so many times the edge is left for the filter.
_AVERAGED_FROM = 1.5
# What a PNG of our days has, and how far from that a gamma is ignored, as browsers do.
_USUAL_GAMMA = 0.45455
_VISIBLE = 0.05

_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def fitting(size: tuple[int, int], long_edge: int) -> tuple[int, int]:
    """The size with the same proportions and that long edge, or *size* itself if it is smaller."""
    longest = max(size)
    if longest <= long_edge:
        return size
    width, height = (max(1, round(edge * long_edge / longest)) for edge in size)
    return width, height


def shrunk(image: Image.Image, size: tuple[int, int], *, may_close: bool = False) -> Image.Image:
    """*image* at *size*, 8 bits a channel, in one of the modes L, LA, RGB, RGBA and CMYK.

    An image that may be closed gives its memory back before the filter asks for more.
    """
    factor = max(1, int(max(image.size) / max(size) / _AVERAGED_FROM))
    plain = _plain(image, factor)
    if may_close and plain is not image:
        image.close()
    if plain.size == size:
        return plain
    if plain.width < size[0] or plain.height < size[1]:
        return plain.resize(size, Image.Resampling.BICUBIC)
    return resampling.shrunk(plain, size, may_close=may_close or plain is not image)


def _plain(image: Image.Image, factor: int) -> Image.Image:
    mode = _plain_mode(image)
    if factor == 1 and mode == image.mode:
        return image
    # Of the rest at the right and the bottom, half a pixel or more becomes one.
    width, height = (max(1, (edge + factor // 2) // factor) for edge in image.size)
    canvas = Image.new(mode, (width, height))
    for top, strip in strips(image, factor):
        canvas.paste(_in_plain_mode(strip, mode).reduce(factor), (0, top // factor))
    return canvas


def _plain_mode(image: Image.Image) -> str:
    if image.mode in ("LA", "CMYK"):
        return image.mode
    if image.mode in ("1", "L", "I", "I;16", "I;16B"):
        return "LA" if image.has_transparency_data else "L"
    return "RGBA" if image.has_transparency_data else "RGB"


def _in_plain_mode(strip: Image.Image, mode: str) -> Image.Image:
    if strip.mode in ("I", "I;16", "I;16B"):
        # A direct conversion to 8 bits would clip at 255 instead of dividing.
        strip = strip.convert("I").point(lambda level: level * (1 / 257) + 0.5)
        strip = strip.convert("L")
        strip.info.pop("transparency", None)
    return strip if strip.mode == mode else strip.convert(mode)


def in_srgb(image: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """*image* in mode RGB, or RGBA if any of it shows through, meant for a screen of the web.

    What its file says of its colours stands in *info*: a profile, else sRGB by name, else a gamma.
    """
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    colours = image.getchannel("L") if image.mode == "LA" else image
    colours = colours.convert("RGB") if colours.mode == "RGBA" else colours
    by_profile = _by_profile(colours, info.get("icc_profile"))
    converted = by_profile or _by_gamma(_in_plain_mode(colours, "RGB"), info)
    if alpha is not None and alpha.getextrema() != (255, 255):
        converted.putalpha(alpha)
    return converted


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """*image* converted by its profile; None if the profile is absent, broken or for other modes.

    What cannot be read is ignored, as browsers do: the pixels are fine.
    """
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if space == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if image.mode != {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(space):
            return None
        return ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _by_gamma(image: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """*image* as the gamma chunk of a PNG means it, where nothing better says it."""
    gamma = info.get("gamma")
    if "srgb" in info or not isinstance(gamma, float) or not 1 / 8 <= gamma <= 8:  # noqa: PLR2004
        return image
    exponent = _USUAL_GAMMA / gamma
    if abs(exponent - 1) < _VISIBLE:
        return image
    levels = [round(255 * (level / 255) ** exponent) for level in range(256)]
    return image.point(levels * 3)


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """*image* turned and mirrored as its EXIF orientation asks."""
    transposition = _TRANSPOSITIONS.get(orientation)
    return image if transposition is None else image.transpose(transposition)


def on_white(image: Image.Image) -> Image.Image:
    """*image*, of mode RGB or RGBA, as it looks on white paper."""
    if image.mode == "RGB":
        return image
    canvas = Image.new("RGBA", image.size, "#ffffff")
    return Image.alpha_composite(canvas, image).convert("RGB")


def bare(image: Image.Image) -> Image.Image:
    """The pixels of *image* and nothing that was ever attached to them."""
    canvas = Image.new(image.mode, image.size)
    canvas.paste(image)
    return canvas
