"""Files that are small and mean much work: each ends, typed, within what a picture may cost."""

import io
import struct
import zlib

import pytest
from PIL import Image

from tests.images.test_image_mutations import ending
from workers.images import Studio


def chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png_with(*chunks: bytes) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), "#336699").save(stream, "PNG")
    data = stream.getvalue()
    # Behind the header.
    return data[:33] + b"".join(chunks) + data[33:]


def packed_text() -> bytes:
    return png_with(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50 * 2**20), 9)))


def packed_profile() -> bytes:
    return png_with(chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(50 * 2**20), 9)))


def many_texts() -> bytes:
    return png_with(*[chunk(b"tEXt", b"Comment\0%d" % number) for number in range(100_000)])


def many_frames() -> bytes:
    stream = io.BytesIO()
    frames = [Image.new("P", (8, 8), number % 2) for number in range(10_000)]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def many_large_frames() -> bytes:
    stream = io.BytesIO()
    frames = [Image.new("RGB", (1000, 1000), (number, 0, 0)) for number in range(60)]
    options = {"lossless": True, "method": 0, "quality": 0}
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "bomb", [packed_text, packed_profile, many_texts, many_frames, many_large_frames]
)
async def test_a_parser_bomb_ends(studio: Studio, bomb):
    assert await ending(studio, bomb()) in {"READY", "CORRUPT_IMAGE", "TOO_MANY_PIXELS"}
