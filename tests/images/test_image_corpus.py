"""Real pictures by others, rendered within the limits that production has."""

import io

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from workers.images import Limits, Rejected, Rendered, Studio, formats
from workers.images.ladder import render

# The tiny files of hostile/ that end READY decode to at most 100 by 100 pixels.
EXPECTED = {
    "hostile/background_outside_palette.gif": "READY",
    "hostile/crash_1.tif": "UNSUPPORTED_FORMAT",
    "hostile/decompression_bomb.gif": "TOO_MANY_PIXELS",
    "hostile/decompression_bomb_extents.gif": "READY",
    "hostile/icc_after_sof.jpg": "READY",
    "hostile/jpeg2000.jp2": "UNSUPPORTED_FORMAT",
    "hostile/layers.psd": "UNSUPPORTED_FORMAT",
    "hostile/no_palette.gif": "READY",
    "hostile/postscript.eps": "UNSUPPORTED_FORMAT",
    "odd/animated.gif": "READY",
    "odd/animated.webp": "READY",
    "odd/cmyk.jpg": "READY",
    "odd/comment.gif": "READY",
    "odd/corrupted.jpg": "CORRUPT_IMAGE",
    "odd/empty_exif_value.jpg": "READY",
    "odd/exif.avif": "READY",
    "odd/exif_text.png": "READY",
    "odd/flower.webp": "READY",
    "odd/gray.jpg": "READY",
    "odd/icc_profile.jpg": "READY",
    "odd/invalid_exif_1.jpg": "READY",
    "odd/invalid_exif_2.jpg": "READY",
    "odd/iphone.heic": "UNSUPPORTED_FORMAT",
    "odd/long_description.jpg": "READY",
    "odd/orientation_6.webp": "READY",
    "odd/png_16bit.png": "READY",
    "odd/png_gray_transparent.png": "READY",
    "odd/png_palette_alpha.png": "READY",
    "odd/png_rgba.png": "READY",
    "odd/qtables_16bit.jpg": "READY",
    "odd/rot1mir1.avif": "READY",
    "odd/scan.tiff": "UNSUPPORTED_FORMAT",
    "odd/zero_length_exif_string.jpg": "READY",
    "photos/camera_canon.jpg": "READY",
    "photos/camera_large.jpg": "READY",
    "photos/gps_1.jpg": "READY",
    "photos/gps_2.jpg": "READY",
    "photos/landscape_1.jpg": "READY",
    "photos/landscape_2.jpg": "READY",
    "photos/landscape_3.jpg": "READY",
    "photos/landscape_4.jpg": "READY",
    "photos/landscape_5.jpg": "READY",
    "photos/landscape_6.jpg": "READY",
    "photos/landscape_7.jpg": "READY",
    "photos/landscape_8.jpg": "READY",
    "photos/no_exif.jpg": "READY",
    "photos/phone_iphone.jpg": "READY",
    "photos/phone_jolla.jpg": "READY",
    "photos/phone_nokia.jpg": "READY",
}


async def outcome(studio: Studio, data: bytes) -> str:
    try:
        await studio.render(data)
    except Rejected as rejected:
        return rejected.code
    return "READY"


def distance(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures' channels, in levels of 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def thumb(rendered: Rendered) -> Image.Image:
    return Image.open(io.BytesIO(rendered.pictures[0].data)).convert("RGB")


def test_every_picture_of_the_corpus_has_an_expectation(corpus):
    found = {str(path.relative_to(corpus)) for path in corpus.glob("*/*")}

    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_picture_of_the_corpus_ends_as_it_should(corpus, studio, name):
    expected = EXPECTED[name]
    if name == "odd/iphone.heic" and formats.HAS_HEIF:
        expected = "READY"

    assert await outcome(studio, (corpus / name).read_bytes()) == expected


async def test_all_orientations_of_a_scene_come_out_upright(corpus, studio):
    rendered = [
        await studio.render((corpus / f"photos/landscape_{orientation}.jpg").read_bytes())
        for orientation in range(1, 9)
    ]

    assert {(each.width, each.height) for each in rendered} == {(600, 450)}
    upright = thumb(rendered[0])
    distances = [distance(upright, thumb(each)) for each in rendered]
    # Each file was compressed by itself, so they differ by a little more than nothing.
    assert max(distances) < 5
    assert distance(upright, ImageOps.mirror(upright)) > 20
    assert distance(upright, ImageOps.flip(upright)) > 20


@pytest.mark.parametrize("name", ["odd/orientation_6.webp", "odd/rot1mir1.avif"])
async def test_other_formats_are_turned_upright_too(corpus, studio, name):
    data = (corpus / name).read_bytes()
    with Image.open(io.BytesIO(data)) as original:
        reference = ImageOps.exif_transpose(original).convert("RGB")

    rendered = await studio.render(data)

    assert (rendered.width, rendered.height) == reference.size
    found = Image.open(io.BytesIO(rendered.pictures[2].data)).convert("RGB")
    assert distance(found, reference) < 5


async def test_a_child_renders_what_this_process_renders(corpus, studio):
    data = (corpus / "photos/gps_1.jpg").read_bytes()

    first, second = await studio.render(data), await studio.render(data)

    assert first == second == render(data, Limits())
