"""Nothing a camera or an editor wrote beside the pixels leaves with them."""

import io

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from workers.images import Limits, Rendered, render

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


def require_bare(rendered: Rendered) -> None:
    for picture in rendered.pictures:
        assert CANARY not in picture.data
        assert set(chunks(picture.data)) <= {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
        with Image.open(io.BytesIO(picture.data)) as image:
            image.load()
            assert not dict(image.getexif())
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)


@pytest.mark.parametrize("make", [jpeg, png, webp, avif, gif])
def test_no_metadata_leaves(scene, make):
    data = make(scene)
    assert CANARY in data

    require_bare(render(data, Limits()))


def test_no_metadata_leaves_with_alpha(scene):
    image = scene.copy()
    image.putalpha(100)

    require_bare(render(png(image), Limits()))


@pytest.mark.parametrize(
    "name", ["photos/gps_1.jpg", "photos/camera_canon.jpg", "odd/exif_text.png", "odd/exif.avif"]
)
def test_no_metadata_leaves_a_real_picture(corpus, name):
    require_bare(render((corpus / name).read_bytes(), Limits()))
