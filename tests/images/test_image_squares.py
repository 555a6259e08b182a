"""The middle of a picture: square, upright, in sizes, and made behind the same walls."""

import io
import sys
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from storage import avatars
from workers.images import Crashed, Limits, Rejected, Studio, squares
from workers.images.results import RUNGS


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def thirds(*colors: str, across: bool = True) -> Image.Image:
    """Three bands of colour, 900 by 300 or 300 by 900; the middle one is a square."""
    image = Image.new("RGB", (900, 300) if across else (300, 900))
    for place, color in enumerate(colors):
        corner = (place * 300, 0) if across else (0, place * 300)
        image.paste(Image.new("RGB", (300, 300), color), corner)
    return image


def made(data: bytes) -> dict[int, Image.Image]:
    found = squares.render(data, Limits()).squares
    return {square.rung: Image.open(io.BytesIO(square.data)) for square in found}


@pytest.mark.parametrize(
    ("size", "edges"),
    [
        ((3000, 2000), [64, 128, 256, 512]),
        ((1000, 999), [64, 128, 256, 512]),
        ((512, 513), [64, 128, 256, 512]),
        ((300, 400), [64, 128, 256, 300]),
        ((128, 128), [64, 128]),
        ((129, 200), [64, 128, 129]),
        ((40, 30), [30]),
        ((7000, 5), [5]),
        ((1, 1), [1]),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_sizes_are_exact_and_never_enlarged(size, edges, kind):
    found = squares.render(encoded(Image.new("RGB", size, "#336699"), kind), Limits()).squares

    assert [square.rung for square in found] == list(RUNGS[: len(edges)])
    assert [square.edge for square in found] == edges
    for square in found:
        with Image.open(io.BytesIO(square.data)) as image:
            assert (image.format, image.size) == ("WEBP", (square.edge, square.edge))


@pytest.mark.parametrize("across", [True, False])
def test_the_middle_is_kept(across):
    largest = made(encoded(thirds("red", "lime", "blue", across=across)))[512]

    assert largest.size == (300, 300)
    for place in ((5, 5), (150, 150), (294, 294)):
        red, green, blue = largest.convert("RGB").getpixel(place)
        assert (red < 40, green > 215, blue < 40) == (True, True, True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright_and_bare(orientation):
    upright = Image.new("RGB", (200, 120), "black")
    upright.paste("white", (0, 0, 100, 60))
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    lying = upright.transpose(back[orientation]) if orientation in back else upright
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "a canary"

    found = made(encoded(lying, "JPEG", quality=95, exif=exif))[128]

    grey = found.convert("L")
    assert grey.size == (120, 120)
    corners = [grey.getpixel(place) > 128 for place in ((8, 8), (111, 8), (8, 111), (111, 111))]
    assert corners == [True, False, False, False]
    assert dict(found.getexif()) == {}
    assert set(found.info) <= {"loop", "background", "timestamp", "duration"}


def test_transparency_is_kept():
    largest = made(encoded(Image.new("RGBA", (100, 80), (10, 20, 30, 0))))[128]

    assert largest.mode == "RGBA"
    assert largest.getpixel((40, 40))[3] == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no picture at all", "UNSUPPORTED_FORMAT"),
        (encoded(Image.new("RGB", (64, 64), "red"), "JPEG")[:-200], "CORRUPT_IMAGE"),
    ],
)
async def test_a_child_refuses_what_is_no_picture(studio, data, code):
    with pytest.raises(Rejected) as caught:
        await studio.squares(data)

    assert caught.value.code == code


async def test_a_child_makes_both_one_after_the_other(studio, photo):
    first = await studio.squares(photo)
    ladder = await studio.render(photo)
    again = await studio.squares(photo)

    assert first == again == squares.render(photo, Limits())
    assert len(ladder.pictures) == 6


async def test_a_child_that_answers_something_else_is_ended(photo):
    script = Path(__file__).with_name("sabotaged_child.py")
    async with Studio(children=1, command=(sys.executable, str(script))) as opened:
        with pytest.raises(Crashed):
            await opened.render(b"mistake " + photo)
        assert len((await opened.render(photo)).pictures) == 6


def test_a_photo_of_the_corpus(corpus):
    found = made((corpus / "photos" / "gps_1.jpg").read_bytes())

    # The photo is 640 by 480, and is not enlarged.
    assert [image.size for image in found.values()] == [(min(edge, 480),) * 2 for edge in RUNGS]


def test_the_rows_know_the_same_rungs():
    assert avatars.RUNGS == RUNGS
