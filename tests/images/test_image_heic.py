"""HEIC: a picture like any other with the extra `heic`, and refused in so many words without."""

import io
import sys
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from tests.images.test_image_colours import DISPLAY_P3, by_hand, profile
from tests.images.test_image_corpus import distance
from workers.images import Limits, Rejected, Studio, formats, pixels
from workers.images.ladder import render

WITHOUT = (sys.executable, "-I", str(Path(__file__).with_name("child_without_heic.py")))
FILE_TYPE = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"

with_heic = pytest.mark.skipif(not formats.HAS_HEIF, reason="the extra heic is not installed")


async def test_without_the_extra_it_is_refused():
    async with Studio(children=1, command=WITHOUT) as studio:
        with pytest.raises(Rejected) as refused:
            await studio.render(FILE_TYPE + b"\0" * 64)

    assert refused.value.code == "UNSUPPORTED_FORMAT"
    assert "JPEG, PNG, WebP, GIF or AVIF" in refused.value.message


async def test_a_phones_picture_without_the_extra(corpus, photo):
    async with Studio(children=1, command=WITHOUT) as studio:
        with pytest.raises(Rejected) as refused:
            await studio.render((corpus / "odd/iphone.heic").read_bytes())
        assert await studio.render(photo) == render(photo, Limits())

    assert refused.value.code == "UNSUPPORTED_FORMAT"


def encoded(image: Image.Image, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "HEIF", quality=95, **options)
    return stream.getvalue()


@with_heic
async def test_a_phones_picture_with_the_extra(corpus, studio):
    rendered = await studio.render((corpus / "odd/iphone.heic").read_bytes())

    assert [each.content_type for each in rendered.pictures] == ["image/webp"] * 3 + [
        "image/jpeg"
    ] * 3


@with_heic
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_upright(scene, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    rendered = render(encoded(scene, exif=exif.tobytes()), Limits())

    lies = orientation > 4
    assert (rendered.width, rendered.height) == ((400, 600) if lies else (600, 400))
    with Image.open(io.BytesIO(rendered.pictures[2].data)) as full:
        turned = pixels.upright(scene, orientation)
        assert distance(full.convert("RGB"), turned) < 5


@with_heic
def test_its_profile_counts(scene):
    colour = (70, 150, 90)
    data = encoded(Image.new("RGB", (64, 64), colour), icc_profile=profile(DISPLAY_P3))

    with Image.open(io.BytesIO(render(data, Limits()).pictures[2].data)) as full:
        found = full.convert("RGB").getpixel((32, 32))
    assert found == pytest.approx(by_hand(colour, DISPLAY_P3), abs=5)


@with_heic
def test_nothing_of_its_metadata_leaves(scene):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "CANARY"
    data = encoded(scene, exif=exif, xmp=b"<x:xmpmeta>CANARY</x:xmpmeta>")
    assert b"CANARY" in data

    assert not [each for each in render(data, Limits()).pictures if b"CANARY" in each.data]
