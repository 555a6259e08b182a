"""What people make: towns, balloons, paper and ornaments."""

import math
from random import Random

from PIL import Image, ImageDraw

from server.cli.pictures import brushes
from server.cli.pictures.brushes import FINE, Size

# How many of the houses have a mast.
MASTS = 0.3
ROCK = ["#34364f", "#111425"]


def skyline(size: Size, random: Random) -> Image.Image:
    """A city at dusk, its windows lit one by one."""
    picture = brushes.sky(size, ["#1b2250", "#5a3d7a", "#c8607a", "#f6a56b", "#ffd9a0"])
    width, height = size
    brushes.glow(picture, (int(width * 0.4), int(height * 0.72)), int(width * 0.7), "#ffe2a8", 0.6)
    rows = [(0.50, "#6d4a78", 0.0), (0.60, "#42325f", 0.18), (0.70, "#1d1c3d", 0.34)]
    for level, colour, lit in rows:
        x = -random.uniform(0, 0.05) * width
        while x < width:
            wide = random.uniform(0.07, 0.14) * width
            top = (level + random.uniform(-0.16, 0.12)) * height
            _house(picture, random, (x, top, x + wide, height), colour, lit)
            x += wide * random.uniform(0.92, 1.15)
    return picture


def _house(
    picture: Image.Image,
    random: Random,
    box: tuple[float, float, float, float],
    colour: str,
    lit: float,
) -> None:
    left, top, right, bottom = (round(edge) for edge in box)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((left, top, right, bottom), fill=colour)
    if random.random() < MASTS:
        middle = (left + right) // 2
        mast = picture.height // 22
        draw.rectangle((middle - 2, top - mast, middle + 2, top), fill=colour)
    window = picture.width // 90
    for x in range(left + window, right - window, window * 2):
        for y in range(top + window, bottom, round(window * 2.4)):
            if random.random() < lit:
                shade = random.choice(("#ffd98a", "#ffe9b8", "#f7b765"))
                draw.rectangle((x, y, x + window - 1, y + round(window * 1.3)), fill=shade)


def balloons(size: Size, random: Random) -> Image.Image:
    """Hot-air balloons in the morning, above green hills."""
    width, height = size
    picture = brushes.sky(size, ["#6fb3e0", "#b5dcf0", "#fbeecb", "#fde2b4"])
    for level, greens in (
        (0.72, ["#9fc3a5", "#c5d8b4"]),
        (0.80, ["#6ba37b", "#9cc48e"]),
        (0.90, ["#3e7f5b", "#6aa46b"]),
    ):
        line = brushes.waves(random, level, 0.05, [0.9, 0.4, 0.17])
        brushes.below(picture, line, greens)
    palettes = [
        ("#d8433b", "#f5b841"),
        ("#2f6f9f", "#f2efe6"),
        ("#7b3f8c", "#f08a5d"),
        ("#1f8a70", "#f7d774"),
    ]
    places = [(0.25, 0.30, 0.15), (0.60, 0.20, 0.09), (0.80, 0.44, 0.11), (0.46, 0.55, 0.06)]
    for (x, y, radius), colours in zip(places, palettes, strict=True):
        _balloon(picture, (int(x * width), int(y * height)), int(radius * height), colours)
    return picture


def _balloon(picture: Image.Image, at: Size, radius: int, colours: tuple[str, str]) -> None:
    side = radius * 4 * FINE
    drawn = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(drawn)
    centre, r = side // 2, radius * FINE
    cy = int(side * 0.32)
    draw.polygon(
        [
            (centre - r * 0.93, cy + r * 0.38),
            (centre + r * 0.93, cy + r * 0.38),
            (centre + r * 0.22, cy + r * 1.45),
            (centre - r * 0.22, cy + r * 1.45),
        ],
        fill=colours[0],
    )
    draw.ellipse((centre - r, cy - r, centre + r, cy + r), fill=colours[0])
    for number, part in enumerate((0.78, 0.5, 0.2)):
        half = r * part
        tone = colours[(number + 1) % 2]
        draw.ellipse((centre - half, cy - r, centre + half, cy + r), fill=tone)
        draw.polygon(
            [
                (centre - half * 0.93, cy + r * 0.36),
                (centre + half * 0.93, cy + r * 0.36),
                (centre + half * 0.22, cy + r * 1.45),
                (centre - half * 0.22, cy + r * 1.45),
            ],
            fill=tone,
        )
    for side_of in (-1, 1):
        start = (centre + side_of * r * 0.2, cy + r * 1.45)
        end = (centre + side_of * r * 0.13, cy + r * 1.75)
        draw.line([start, end], fill="#5b4636", width=max(2, r // 60))
    draw.rounded_rectangle(
        (centre - r * 0.16, cy + r * 1.72, centre + r * 0.16, cy + r * 1.97), r * 0.04, "#7a5533"
    )
    drawn = drawn.reduce(FINE)
    picture.paste(drawn, (at[0] - drawn.width // 2, at[1] - drawn.height // 3), drawn)


def lighthouse(size: Size, random: Random) -> Image.Image:
    """A light that turns above a quiet sea."""
    width, height = size
    picture = brushes.sky(size, ["#16264f", "#3a4f86", "#8f7fa8", "#f0b7a0", "#f9d8b4", "#f9d8b4"])
    brushes.stars(picture, random, 90, 0.3)
    lamp = (width * 0.70, height * 0.285)
    for end in (0.16, 0.30):
        beam = [(lamp[0], lamp[1]), (0, height * end), (0, height * (end + 0.1))]
        mask = brushes.shapes(size, [beam])
        fade = brushes.across(size, ["#000000", "#9a9a9a"]).convert("L")
        faded = Image.composite(fade, Image.new("L", size), mask)
        picture.paste(Image.new("RGB", size, "#fff3c4"), (0, 0), faded)
    for number, colours in enumerate((["#8d83a6", "#5c6796"], ["#5a6494", "#333f74"])):
        line = brushes.waves(random, 0.70 + 0.13 * number, 0.02, [0.31, 0.13])
        brushes.below(picture, line, colours)
    _tower(picture, lamp)
    rough = brushes.ridge(random, 0.80, 0.025, roughness=0.65)
    brushes.below(picture, lambda x: rough(x) + 2.2 * max(0.0, abs(x - 0.70) - 0.05) ** 1.4, ROCK)
    return picture


def _tower(picture: Image.Image, lamp: tuple[float, float]) -> None:
    width, height = picture.size
    x, top, bottom = lamp[0], lamp[1] + height * 0.03, height * 0.83
    slim, broad, bands = width * 0.024, width * 0.045, 6

    def half(y: float) -> float:
        return slim + (broad - slim) * (y - top) / (bottom - top)

    for band in range(bands):
        start = top + (bottom - top) * band / bands
        end = top + (bottom - top) * (band + 1) / bands
        corners = [(x - half(start), start), (x + half(start), start)]
        corners += [(x + half(end), end), (x - half(end), end)]
        colour = "#c9413a" if band % 2 else "#f6efe4"
        brushes.fill(picture, brushes.shapes(picture.size, [corners]), [colour, colour])
    house, roof = height * 0.035, height * 0.045
    draw = ImageDraw.Draw(picture)
    draw.rectangle((x - slim * 1.3, top - 5, x + slim * 1.3, top + 5), fill="#2b2d42")
    draw.rectangle((x - slim * 0.75, top - 2 * house, x + slim * 0.75, top - 5), fill="#fff2bf")
    draw.polygon(
        [
            (x - slim, top - 2 * house),
            (x + slim, top - 2 * house),
            (x, top - 2 * house - roof),
        ],
        fill="#2b2d42",
    )
    brushes.glow(picture, (int(x), int(lamp[1])), int(height * 0.16), "#fff6cf", 0.95)


def circles(size: Size, random: Random) -> Image.Image:
    """Rings in squares, no two alike."""
    count = 5
    colours = [
        "#264653",
        "#2a9d8f",
        "#8ab17d",
        "#e9c46a",
        "#f4a261",
        "#e76f51",
        "#f6ead6",
        "#6d597a",
    ]
    cell = size[0] // count
    picture = Image.new("RGB", (cell * count, cell * count))
    for row in range(count):
        for column in range(count):
            ground, *rings = random.sample(colours, 5)
            corner = (column * cell, row * cell)
            picture.paste(Image.new("RGB", (cell, cell), ground), corner)
            centre = (corner[0] + cell // 2, corner[1] + cell // 2)
            radius = cell * random.uniform(0.42, 0.47)
            for ring in rings:
                brushes.disc(picture, centre, radius, ring)
                radius *= random.uniform(0.62, 0.82)
    return picture.resize(size, Image.Resampling.LANCZOS)


def paper_waves(size: Size, random: Random) -> Image.Image:
    """Sheets of coloured paper, one on the other, each with its shadow."""
    sheets = [
        "#ffe8d6",
        "#ffcdb2",
        "#ffb4a2",
        "#e5989b",
        "#b5838d",
        "#8a6f8a",
        "#6d6875",
        "#4a4e69",
    ]
    picture = Image.new("RGB", size, "#fff6ec")
    for number, colour in enumerate(sheets):
        level = 0.14 + 0.105 * number
        line = brushes.waves(random, level, 0.055, [1.2, 0.6, 0.33])
        sheet = brushes.under(size, line)
        brushes.shadow(picture, sheet, size[0] * 0.011, 0.42)
        brushes.fill(picture, sheet, [colour, colour])
    return picture


def rosette(size: Size, random: Random) -> Image.Image:
    """An ornament of petals with nothing around it."""
    side = size[0]
    picture = Image.new("RGBA", (side * FINE, side * FINE))
    rings = [
        (16, 0.48, 0.085, "#7b2d5bff"),
        (16, 0.42, 0.075, "#c8487eff"),
        (12, 0.35, 0.075, "#f08a5dff"),
        (12, 0.27, 0.06, "#f9c74fff"),
        (8, 0.19, 0.055, "#fff1c9ff"),
    ]
    turn = random.uniform(0, math.tau)
    for count, reach, half, colour in rings:
        turn += math.pi / count
        for number in range(count):
            angle = turn + math.tau * number / count
            _petal(picture, angle, reach * side * FINE, half * side * FINE, colour)
    centre, heart = side * FINE / 2, side * FINE * 0.07
    ImageDraw.Draw(picture).ellipse(
        (centre - heart, centre - heart, centre + heart, centre + heart), fill="#7b2d5bff"
    )
    return picture.reduce(FINE)


def _petal(picture: Image.Image, angle: float, reach: float, half: float, colour: str) -> None:
    centre = picture.width / 2
    along, aside = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    outline = []
    for step in range(41):
        part = step / 40
        out = half * math.sin(math.pi * part**1.3)
        outline.append((part * reach, out))
    outline += [(x, -y) for x, y in reversed(outline)]
    corners = [
        (centre + along[0] * x + aside[0] * y, centre + along[1] * x + aside[1] * y)
        for x, y in outline
    ]
    draw = ImageDraw.Draw(picture)
    draw.polygon(corners, fill=colour)
    draw.line([*corners, corners[0]], fill="#3b1230ff", width=max(2, picture.width // 500))
