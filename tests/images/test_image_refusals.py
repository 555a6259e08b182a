"""What is not rendered, and why its author is told."""

import io
import struct
import zlib

import pytest
from PIL import Image, JpegImagePlugin

from workers.images import Limits, Rejected, jpeg
from workers.images.ladder import render


def refused(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(Rejected) as raised:
        render(data, limits or Limits())
    assert raised.value.message == str(raised.value)
    return raised.value.code


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_claiming(width: int, height: int, depth: int = 1, colour: int = 0) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height", "depth", "colour"),
    [
        (20_000, 20_000, 1, 0),
        (20_000, 20_000, 8, 6),
        (2**31 - 1, 2**31 - 1, 1, 0),
        (1, 4_000_000, 1, 0),
        (10_000, 10_001, 1, 0),
    ],
)
def test_a_header_that_claims_too_much_is_enough(width, height, depth, colour):
    assert refused(png_claiming(width, height, depth, colour)) == "TOO_MANY_PIXELS"


@pytest.mark.parametrize("size", [(0, 0), (0, 10), (10, 0)])
def test_a_picture_without_pixels_is_damaged(size):
    assert refused(png_claiming(*size)) == "CORRUPT_IMAGE"


def test_headers_of_other_formats_are_believed_too(photo):
    frame = photo.index(b"\xff\xc0") + 5
    jpeg_lie = photo[:frame] + struct.pack(">HH", 65_500, 65_500) + photo[frame + 4 :]
    gif = encoded(Image.new("P", (8, 8)), "GIF")
    webp = encoded(Image.new("RGBA", (8, 8), (9, 9, 9, 9)), "WEBP")
    assert webp[12:16] == b"VP8X"
    webp_lie = webp[:24] + (16_000).to_bytes(3, "little") * 2 + webp[30:]

    assert refused(jpeg_lie) == "TOO_MANY_PIXELS"
    assert refused(gif[:6] + b"\xff" * 4 + gif[10:]) == "TOO_MANY_PIXELS"
    assert refused(webp_lie) == "TOO_MANY_PIXELS"


def test_the_limit_on_pixels_is_exact(scene):
    data = encoded(scene, "PNG")

    assert render(data, Limits(max_pixels=240_000)).width == 600
    assert refused(data, Limits(max_pixels=239_999)) == "TOO_MANY_PIXELS"


def test_what_the_decoder_needs_counts_as_well(photo, scene):
    tight = Limits(memory_bytes=97 * 1024**2)
    slow = encoded(scene.resize((900, 900)), "JPEG", progressive=True, subsampling=0)

    assert render(photo, tight).width == 600
    assert refused(slow, tight) == "TOO_MANY_PIXELS"
    assert refused(encoded(scene, "WEBP"), tight) == "TOO_MANY_PIXELS"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_damaged(scene, kind, share):
    data = encoded(scene, kind)

    assert refused(data[: int(len(data) * share)]) == "CORRUPT_IMAGE"


def restarted(scene: Image.Image) -> bytes:
    data = encoded(scene, "JPEG", restart_marker_rows=1)
    assert render(data, Limits()).width == 600
    return data


def test_lost_restart_intervals_are_damage(scene):
    data = restarted(scene)
    first, second = data.index(b"\xff\xd0"), data.index(b"\xff\xd1")
    ninth = data.index(b"\xff\xd0", second)

    assert refused(data[:first] + data[second:]) == "CORRUPT_IMAGE"
    # Eight at once leave the numbers in order; the decoder would stretch what is left.
    assert refused(data[:first] + data[ninth:]) == "CORRUPT_IMAGE"


def test_scans_without_end_are_damage(scene):
    data = encoded(scene, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")

    assert refused(data[:-2] + data[last:-2] * 200 + data[-2:]) == "CORRUPT_IMAGE"


def test_a_skeleton_is_that_of_the_first_picture(photo):
    with Image.open(io.BytesIO(photo)) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        found = jpeg.skeleton(photo + photo)
        assert jpeg.is_whole(image, found)
    assert found.scans == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"8BPS\0\1" + b"\0" * 40,
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"PK\3\4" + b"\0" * 30,
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
        b"\0\0\0\x0cjP  \r\n\x87\n",
        b"\0\0\1\0\1\0",
        b"BM" + b"\0" * 60,
        b"P6 1 1 255 abc",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"just words",
    ],
)
def test_other_kinds_of_files_are_not_opened(data):
    assert refused(data) == "UNSUPPORTED_FORMAT"


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "EPS", "PDF", "JPEG2000", "TGA", "PPM"])
def test_pictures_of_other_kinds_are_not_opened(scene, kind):
    assert refused(encoded(scene, kind)) == "UNSUPPORTED_FORMAT"


def test_a_right_beginning_does_not_make_a_picture():
    for start in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP"):
        assert refused(start + b"\x13" * 50) in {"CORRUPT_IMAGE", "TOO_MANY_PIXELS"}
