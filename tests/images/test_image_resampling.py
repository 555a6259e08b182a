"""libvips' filter gives what Pillow's gives."""

import pytest
from PIL import Image, ImageChops, ImageStat

from workers.images import resampling

SIZES = [(97, 61), (50, 40), (101, 67), (101, 20), (34, 23)]


@pytest.fixture
def picture(scene) -> Image.Image:
    alpha = Image.linear_gradient("L").resize((101, 67))
    colours = scene.convert("RGB").resize((101, 67))
    colours.putalpha(alpha)
    return colours


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_the_filter_of_pillow(picture, mode, size):
    image = picture.convert("RGB").convert(mode) if mode == "CMYK" else picture.convert(mode)

    ours = resampling.shrunk(image, size)
    theirs = image.resize(size, Image.Resampling.BICUBIC)

    assert (ours.mode, ours.size) == (mode, size)
    difference = ImageStat.Stat(ImageChops.difference(seen(ours), seen(theirs)))
    assert max(difference.mean) <= 1.5


def seen(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "RGBA"):
        canvas = Image.new("RGBA", image.size, "#336699")
        return Image.alpha_composite(canvas, image.convert("RGBA")).convert("RGB")
    return image


def test_what_is_transparent_colours_nothing():
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 33, 64))

    smaller = resampling.shrunk(image, (20, 20))

    shown = [pixel for pixel in smaller.get_flattened_data() if pixel[3]]
    assert len(shown) >= 200
    assert {pixel[:3] for pixel in shown} == {(0, 0, 255)}


@pytest.mark.parametrize("may_close", [True, False])
def test_an_image_that_may_be_closed_is(picture, may_close):
    resampling.shrunk(picture, (20, 20), may_close=may_close)

    assert is_closed(picture) is may_close


def is_closed(image: Image.Image) -> bool:
    try:
        image.getpixel((0, 0))
    except ValueError:
        return True
    return False
