"""Damage of every kind: bytes flipped, files cut. Each picture ends, and hurts nobody."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from workers.images import Rejected, Studio

# One of each kind that decoders treat differently; none of them large.
PICTURES = [
    "photos/gps_1.jpg",
    "odd/cmyk.jpg",
    "odd/gray.jpg",
    "odd/invalid_exif_2.jpg",
    "odd/png_rgba.png",
    "odd/png_palette_alpha.png",
    "odd/png_16bit.png",
    "odd/orientation_6.webp",
    "odd/exif.avif",
    "odd/animated.gif",
]
FLIPPED = 200
CUT = 50
# The header is where a changed byte changes most.
HEAD = 4_096


def flipped(data: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    changed = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        end = min(HEAD, len(data)) if chance.random() < 0.5 else len(data)
        changed[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(data: bytes, seed: int) -> bytes:
    return data[: random.Random(seed).randrange(len(data))]


async def ending(studio: Studio, data: bytes) -> str:
    """How a picture ends. Raises Crashed when that is none of the ways it may."""
    try:
        await studio.render(data)
    except Rejected as rejected:
        return rejected.code
    return "READY"


async def endings(studio: Studio, data: bytes, flips: range, cuts: range) -> Counter[str]:
    mutated = [flipped(data, seed) for seed in flips] + [cut(data, seed) for seed in cuts]
    return Counter(await asyncio.gather(*[ending(studio, each) for each in mutated]))


def require_an_end(found: Counter[str]) -> None:
    refusals = {"CORRUPT_IMAGE", "UNSUPPORTED_FORMAT", "TOO_MANY_PIXELS"}
    assert set(found) <= {"READY", *refusals}


@pytest.mark.parametrize("name", PICTURES)
async def test_damage_is_rendered_or_rejected(corpus: Path, studio, name):
    found = await endings(studio, (corpus / name).read_bytes(), range(4), range(2))

    assert found.total() == 6
    require_an_end(found)


@pytest.mark.torture
@pytest.mark.parametrize("name", PICTURES)
async def test_much_damage_is_rendered_or_rejected(corpus: Path, studio, name):
    data = (corpus / name).read_bytes()

    found = await endings(studio, data, range(FLIPPED), range(CUT))

    print(f"{name}: {dict(sorted(found.items()))}")  # noqa: T201 - The measured figure.
    assert found.total() == FLIPPED + CUT
    require_an_end(found)
