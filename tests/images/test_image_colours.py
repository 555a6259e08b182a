"""Colours against a second way to compute them: by hand, from the definitions."""

import io
import struct

import pytest
from PIL import Image

from workers.images import Limits
from workers.images.ladder import render

# What WebP's own chroma and 8-bit steps may add; in levels of 255.
TOLERANCE = 5
GAMMA = 563 / 256

# Columns of red, green and blue in XYZ, adapted to D50.
DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
WHITE = (0.96420, 1.00000, 0.82491)
TO_SRGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)

COLOURS = [(180, 90, 60), (70, 150, 90), (60, 80, 170), (128, 128, 128), (230, 220, 200)]


def profile(columns, space=b"RGB ") -> bytes:
    """An ICC profile of version 2 with three primaries and one gamma, or gray with the gamma."""

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 563) + b"\0\0"
    name = b"made for a test\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 78
    tags = [(b"desc", described), (b"wtpt", xyz(WHITE)), (b"cprt", b"text\0\0\0\0nobody's\0\0\0\0")]
    if space == b"GRAY":
        tags.append((b"kTRC", curve))
    else:
        tags += [
            (name + b"XYZ", xyz(values))
            for name, values in zip((b"r", b"g", b"b"), columns, strict=True)
        ]
        tags += [(name + b"TRC", curve) for name in (b"r", b"g", b"b")]
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, unpadded in tags:
        content = unpadded + b"\0" * (-len(unpadded) % 4)
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content
    header = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"\0" * 4, 0x02400000, b"mntr", space, b"XYZ "
    )
    header += b"\0" * 12 + b"acsp" + b"\0" * 28
    header += b"".join(struct.pack(">i", round(v * 65536)) for v in WHITE)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def srgb_level(linear: float) -> float:
    linear = min(max(linear, 0.0), 1.0)
    return 255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055)


def by_hand(colour, columns) -> list[float]:
    linear = [(level / 255) ** GAMMA for level in colour]
    xyz = [sum(columns[c][row] * linear[c] for c in range(3)) for row in range(3)]
    return [srgb_level(sum(f * v for f, v in zip(row, xyz, strict=True))) for row in TO_SRGB]


def seen(image: Image.Image, kind: str, **options) -> tuple[int, ...]:
    """The colour in the middle of what becomes of a picture."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    full = render(stream.getvalue(), Limits()).pictures[2]
    with Image.open(io.BytesIO(full.data)) as found:
        return found.convert("RGB").getpixel((found.width // 2, found.height // 2))


def flat(mode, colour) -> Image.Image:
    return Image.new(mode, (64, 64), colour)


@pytest.mark.parametrize("columns", [DISPLAY_P3, ADOBE_RGB], ids=["Display P3", "Adobe RGB"])
@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_wide_gamuts_become_srgb(columns, colour, kind):
    quality = {} if kind == "PNG" else {"quality": 98}

    found = seen(flat("RGB", colour), kind, icc_profile=profile(columns), **quality)

    assert found == pytest.approx(by_hand(colour, columns), abs=TOLERANCE)


def test_a_wide_gamut_makes_a_difference():
    colour = COLOURS[1]

    assert max(abs(a - b) for a, b in zip(by_hand(colour, ADOBE_RGB), colour, strict=True)) > 30


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_a_profile_counts_beside_alpha_and_palette(mode):
    image = flat("RGB", COLOURS[1])
    image = image.quantize(2) if mode == "P" else image.convert("RGBA")

    found = seen(image, "PNG", icc_profile=profile(ADOBE_RGB))

    assert found == pytest.approx(by_hand(COLOURS[1], ADOBE_RGB), abs=TOLERANCE)


@pytest.mark.parametrize("level", [20, 100, 180])
def test_a_gray_profile_counts(level):
    wanted = srgb_level((level / 255) ** GAMMA)

    found = seen(flat("L", level), "PNG", icc_profile=profile((), b"GRAY"))

    assert found == pytest.approx([wanted] * 3, abs=TOLERANCE)


@pytest.mark.parametrize("space", [b"CMYK", b"GRAY"])
def test_a_profile_for_other_channels_is_ignored(space):
    foreign = profile(DISPLAY_P3, space)

    assert seen(flat("RGB", COLOURS[0]), "PNG", icc_profile=foreign) == seen(
        flat("RGB", COLOURS[0]), "PNG"
    )


def without_adobe_marker(data: bytes) -> bytes:
    start = data.index(b"\xff\xee")
    return data[:start] + data[start + 2 + int.from_bytes(data[start + 2 : start + 4], "big") :]


@pytest.mark.parametrize("inks", [(200, 40, 90, 30), (0, 180, 220, 0), (30, 20, 10, 120)])
@pytest.mark.parametrize("has_mark", [True, False])
def test_inks_become_light(inks, has_mark):
    wanted = [(255 - ink) * (255 - inks[3]) / 255 for ink in inks[:3]]
    stream = io.BytesIO()
    # Stored inverted, as Adobe does and browsers expect with and without its mark.
    flat("CMYK", inks).save(stream, "JPEG", quality=98)
    data = stream.getvalue() if has_mark else without_adobe_marker(stream.getvalue())

    with Image.open(io.BytesIO(render(data, Limits()).pictures[2].data)) as full:
        assert full.convert("RGB").getpixel((32, 32)) == pytest.approx(wanted, abs=TOLERANCE)


@pytest.mark.parametrize("level", [0, 300, 30_000, 65_535])
def test_sixteen_bits_are_divided_not_clipped(level):
    assert seen(flat("I;16", level), "PNG") == pytest.approx([level / 257] * 3, abs=2)


@pytest.mark.parametrize(("mode", "colour"), [("1", 1), ("L", 90), ("LA", (90, 255))])
def test_gray_stays_gray(mode, colour):
    level = {"1": 255}.get(mode, 90)

    assert seen(flat(mode, colour), "PNG") == pytest.approx([level] * 3, abs=2)
