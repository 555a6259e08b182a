"""What a picture becomes: sizes, alpha, colours, placeholders, times."""

import io
from datetime import UTC, datetime, timedelta, timezone

import blurhash
import pytest
from PIL import ExifTags, Image

from workers.images import Limits, Rendered
from workers.images.ladder import render


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def shown(rendered: Rendered, name: str) -> Image.Image:
    picture = next(each for each in rendered.pictures if each.name == name)
    return Image.open(io.BytesIO(picture.data))


@pytest.mark.parametrize(
    ("size", "ladder"),
    [
        ((3000, 2000), [(320, 213), (1080, 720), (2048, 1365)]),
        ((2000, 3000), [(213, 320), (720, 1080), (1365, 2048)]),
        ((2048, 2048), [(320, 320), (1080, 1080), (2048, 2048)]),
        ((2049, 100), [(320, 16), (1080, 53), (2048, 100)]),
        ((500, 250), [(320, 160), (500, 250), (500, 250)]),
        ((320, 7), [(320, 7), (320, 7), (320, 7)]),
        ((7000, 5), [(320, 1), (1080, 1), (2048, 1)]),
        ((1, 1), [(1, 1), (1, 1), (1, 1)]),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_ladder_is_exact_and_never_enlarges(size, ladder, kind):
    rendered = render(encoded(Image.new("RGB", size, "#336699"), kind), Limits())

    assert (rendered.width, rendered.height) == size
    assert [each.name for each in rendered.pictures] == ["THUMB", "MEDIUM", "FULL"] * 2
    assert [(each.width, each.height) for each in rendered.pictures] == ladder * 2
    types = [each.content_type for each in rendered.pictures]
    assert types == ["image/webp"] * 3 + ["image/jpeg"] * 3
    for picture in rendered.pictures:
        with Image.open(io.BytesIO(picture.data)) as image:
            assert Image.MIME[image.format] == picture.content_type
            assert image.size == (picture.width, picture.height)


def test_a_large_picture_keeps_its_geometry():
    # 9,001 by 4,501 is averaged by four on the way, with a rest at both edges.
    image = Image.new("L", (9001, 4501))
    image.paste(255, (4500, 0, 9001, 4501))

    full = shown(render(encoded(image, compress_level=1), Limits()), "FULL").convert("L")

    middle = 4500 / 9001 * 2048
    assert full.size == (2048, 1024)
    for row in (0, 512, 1023):
        assert full.getpixel((round(middle) - 5, row)) < 8
        assert full.getpixel((round(middle) + 5, row)) > 247
    assert full.getpixel((2047, 1023)) > 250


def test_alpha_is_kept(scene):
    image = scene.copy()
    image.putalpha(Image.linear_gradient("L").resize(image.size))

    full = shown(render(encoded(image), Limits()), "FULL")

    assert full.mode == "RGBA"
    for row in (0, 100, 200, 399):
        found, wanted = full.getpixel((300, row))[3], image.getpixel((300, row))[3]
        assert abs(found - wanted) <= 2


def test_a_jpeg_shows_what_is_transparent_on_white():
    image = Image.new("RGBA", (400, 400), (200, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 200, 400))

    full = render(encoded(image), Limits()).pictures[5]

    with Image.open(io.BytesIO(full.data)) as shown_on_white:
        assert shown_on_white.getpixel((50, 200)) == pytest.approx((255, 255, 255), abs=2)
        assert shown_on_white.getpixel((350, 200)) == pytest.approx((200, 0, 0), abs=4)


def test_transparency_by_palette_and_by_key_is_kept():
    palette = Image.new("P", (40, 40), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    palette.paste(0, (0, 0, 20, 40))
    key = Image.new("RGB", (40, 40), (200, 0, 0))
    key.paste((0, 0, 0), (0, 0, 20, 40))
    gray = Image.new("LA", (40, 40), (76, 255))
    gray.paste((0, 0), (0, 0, 20, 40))

    for data in (
        encoded(palette, transparency=0),
        encoded(palette, "GIF", transparency=0),
        encoded(key, transparency=(0, 0, 0)),
        encoded(gray),
    ):
        full = shown(render(data, Limits()), "FULL")
        assert full.getpixel((5, 20))[3] == 0
        assert full.getpixel((35, 20))[3] == 255


def test_only_the_first_frame_counts():
    red, blue = Image.new("RGB", (60, 60), "#c00000"), Image.new("RGB", (60, 60), "#0000c0")

    for kind in ("GIF", "WEBP", "PNG", "MPO", "AVIF"):
        data = encoded(red, kind, save_all=True, append_images=[blue])
        found = shown(render(data, Limits()), "FULL").convert("RGB").getpixel((30, 30))
        assert found[0] > 180, kind
        assert found[2] < 20, kind


def test_the_same_bytes_give_the_same_bytes(photo):
    assert render(photo, Limits()) == render(photo, Limits())


def blurred(image: Image.Image) -> Image.Image:
    rows = blurhash.decode(render(encoded(image), Limits()).blurhash, 40, 20)
    pixels = bytes(level for row in rows for pixel in row for level in pixel)
    return Image.frombytes("RGB", (40, 20), pixels)


def test_the_blurhash_describes_the_picture():
    image = Image.new("RGBA", (400, 200), (220, 200, 40, 255))
    image.paste((20, 40, 160, 255), (0, 0, 200, 200))

    left, right = (
        blurred(image).resize((1, 1), Image.Resampling.BOX, box).getpixel((0, 0))
        for box in ((0, 0, 20, 20), (20, 0, 40, 20))
    )

    assert left == pytest.approx((20, 40, 160), abs=45)
    assert right == pytest.approx((220, 200, 40), abs=45)


def test_the_blurhash_of_nothing_is_white():
    # The components of blurhash are not quite orthogonal, so flat is not perfectly flat.
    assert min(low for low, _ in blurred(Image.new("RGBA", (40, 20))).getextrema()) > 220


def test_the_dominant_colour_is_the_commonest_that_can_be_seen():
    image = Image.new("RGBA", (300, 300), (0, 255, 0, 0))
    image.paste((200, 30, 40, 255), (0, 0, 300, 100))
    image.paste((10, 10, 120, 255), (0, 0, 40, 100))

    assert render(encoded(image), Limits()).dominant_color == "#c81e28"
    assert render(encoded(Image.new("RGBA", (9, 9))), Limits()).dominant_color == "#ffffff"


def taken(when: object, offset: object = None) -> datetime | None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = when
    if offset is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = offset
    return render(encoded(Image.new("RGB", (8, 8)), "JPEG", exif=exif), Limits()).shot.taken_at


def test_the_time_is_the_cameras():
    naive = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC).replace(tzinfo=None)
    tokyo = naive.replace(tzinfo=timezone(timedelta(hours=9)))

    assert taken("2024:05:06 07:08:09") == naive
    assert taken("2024:05:06 07:08:09", "+09:00") == tokyo
    assert taken("2024:05:06 07:08:09", "+99:00") == naive
    assert taken("2024:05:06 07:08:09", "     ") == naive


@pytest.mark.parametrize("when", ["0000:00:00 00:00:00", "yesterday", "", "0001:01:01 00:00:00"])
def test_a_time_that_never_was_is_none(when):
    assert taken(when) is None


@pytest.mark.parametrize(
    ("marker", "content"),
    [
        (0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff broken"),
        (0xE1, b"Exif\0\0nonsense"),
        (0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 40),
        (0xE2, b"ICC_PROFILE\0\1\1no profile at all"),
        (0xE2, b"ICC_PROFILE\0\7\1out of seven"),
        (0xE2, b"ICC_PROFILE\0\1\1" + b"\0" * 36 + b"acsp" + b"\xff" * 300),
        (0xE2, b"MPF\0nonsense"),
    ],
)
def test_broken_metadata_costs_nothing(photo, marker, content):
    segment = bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content

    assert render(photo[:2] + segment + photo[2:], Limits()) == render(photo, Limits())
