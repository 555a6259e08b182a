"""Nothing a camera or an editor wrote beside the pixels leaves with them."""

import io
import zipfile
from collections.abc import Sequence

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from workers.images import Limits, Picture, Square, squares
from workers.images.ladder import render

CANARY = b"CANARY"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- CANARY xmp --></x:xmpmeta>'
ICC = b"\0" * 36 + b"acsp" + b"\0" * 88 + b"CANARY icc"
IPTC = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x10\x1c\x02\x78\0\x0bCANARY iptc"


def exif() -> bytes:
    tags = Image.Exif()
    tags[ExifTags.Base.ImageDescription] = "CANARY description"
    tags[ExifTags.Base.Artist] = "CANARY artist"
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"CANARY maker note"
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = b"CANARY place"
    # A thumbnail lies behind the tags, as a picture of its own.
    return tags.tobytes() + b"\xff\xd8\xff\xe1CANARY thumbnail\xff\xd9"


def jpeg(scene: Image.Image) -> bytes:
    stream = io.BytesIO()
    scene.save(stream, "JPEG", exif=exif(), xmp=XMP, comment=b"CANARY comment", icc_profile=ICC)
    data = stream.getvalue()
    segment = b"\xff\xed" + (len(IPTC) + 2).to_bytes(2, "big") + IPTC
    return data[:2] + segment + data[2:] + b"PK\x03\x04CANARY behind the end<script>"


def png(scene: Image.Image) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "CANARY text")
    text.add_text("Description", "CANARY packed text", zip=True)
    text.add_itxt("Title", "CANARY international text")
    text.add(b"prVt", b"CANARY private chunk")
    stream = io.BytesIO()
    scene.save(stream, "PNG", pnginfo=text, exif=exif(), icc_profile=ICC)
    return stream.getvalue() + b"CANARY"


def webp(scene: Image.Image) -> bytes:
    stream = io.BytesIO()
    scene.save(stream, "WEBP", exif=exif(), xmp=XMP, icc_profile=ICC)
    return stream.getvalue()


def avif(scene: Image.Image) -> bytes:
    stream = io.BytesIO()
    scene.save(stream, "AVIF", exif=exif(), xmp=XMP, speed=10)
    return stream.getvalue()


def gif(scene: Image.Image) -> bytes:
    stream = io.BytesIO()
    scene.save(stream, "GIF", comment=b"CANARY comment")
    return stream.getvalue()


def chunks(data: bytes) -> list[bytes]:
    found, at = [], 12
    while at < len(data):
        found.append(data[at : at + 4])
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return found


def segments(data: bytes) -> list[tuple[int, bytes]]:
    """Marker and content of all segments of a JPEG, whose scans must be followed by its end."""
    found, at = [], 2
    while data[at + 1] != 0xD9:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
        while data[at] != 0xFF or data[at + 1] in {0, *range(0xD0, 0xD8)}:
            at += 1
    assert at + 2 == len(data)
    return found


def require_only_pixels(picture: Picture | Square) -> None:
    """Nothing is there but what draws the picture."""
    if picture.content_type == "image/webp":
        assert set(chunks(picture.data)) <= {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
        assert int.from_bytes(picture.data[4:8], "little") + 8 == len(picture.data)
        return
    first, *others = segments(picture.data)
    # JFIF's own, without a thumbnail.
    assert first == (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    # Tables, the frame, scans.
    assert {marker for marker, _ in others} == {0xDB, 0xC4, 0xC2, 0xDA}


def require_bare(made: Sequence[Picture | Square]) -> None:
    assert made
    for picture in made:
        assert CANARY not in picture.data
        require_only_pixels(picture)
        with Image.open(io.BytesIO(picture.data)) as image:
            image.load()
            assert not dict(image.getexif())
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)


def everything_made(data: bytes) -> list[Picture | Square]:
    """The variants of a photo and the squares of an avatar."""
    made = [*render(data, Limits()).pictures, *squares.render(data, Limits()).squares]
    assert len(made) >= 7
    return made


@pytest.mark.parametrize("make", [jpeg, png, webp, avif, gif])
def test_no_metadata_leaves(scene, make):
    data = make(scene)
    assert CANARY in data

    require_bare(everything_made(data))


def test_no_metadata_leaves_with_alpha(scene):
    image = scene.copy()
    image.putalpha(100)

    require_bare(everything_made(png(image)))


@pytest.mark.parametrize(
    "name", ["photos/gps_1.jpg", "photos/camera_canon.jpg", "odd/exif_text.png", "odd/exif.avif"]
)
def test_no_metadata_leaves_a_real_picture(corpus, name):
    require_bare(everything_made((corpus / name).read_bytes()))


SCRIPT = b"<script>alert('CANARY')</script>"


def with_archive(data: bytes) -> bytes:
    """A picture that opens as a ZIP archive too."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("CANARY.html", SCRIPT)
    return stream.getvalue()


def with_comment(data: bytes, text: bytes) -> bytes:
    return data[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + data[2:]


def gif_and_script() -> bytes:
    """A GIF whose width reads as the beginning of a comment: also `GIF89a/*...*/=alert()`."""
    stream = io.BytesIO()
    Image.new("P", (0x2A2F, 2)).save(stream, "GIF")
    return stream.getvalue() + b"*/=alert('CANARY')"


def polyglots(scene: Image.Image, photo: bytes) -> dict[str, bytes]:
    stream = io.BytesIO()
    scene.save(stream, "PNG")
    return {
        "JPEG and HTML": with_comment(photo, SCRIPT),
        "JPEG and HTML behind": photo + b"<html>" + SCRIPT,
        "JPEG and ZIP": with_archive(photo),
        "JPEG and JS": with_comment(photo, b"*/=alert('CANARY');/*"),
        "PNG and ZIP": with_archive(stream.getvalue()),
        "GIF and JS": gif_and_script(),
        "PDF behind JPEG": photo + b"%PDF-1.7 CANARY",
        "two JPEGs": photo + photo + b"CANARY",
    }


@pytest.mark.parametrize("kind", list(polyglots(Image.new("RGB", (1, 1)), b"\xff\xd8")))
def test_a_picture_that_is_something_else_too_is_a_picture_only(scene, photo, kind):
    data = polyglots(scene, photo)[kind]
    assert CANARY in data
    if "ZIP" in kind:
        assert zipfile.is_zipfile(io.BytesIO(data))

    made = everything_made(data)

    require_bare(made)
    for picture in made:
        assert not zipfile.is_zipfile(io.BytesIO(picture.data))
        assert b"<script" not in picture.data.lower()


def test_a_picture_of_ours_is_encoded_again(scene):
    """What a client sends is never passed on: bytes it chose could aim at whoever decodes them."""
    own = render(png(scene), Limits()).pictures
    for picture in own:
        again = render(picture.data, Limits())

        assert (again.width, again.height) == (picture.width, picture.height)
        assert picture.data not in {each.data for each in again.pictures}
