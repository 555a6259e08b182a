"""Mountains, water and skies."""

import math
from random import Random

from PIL import Image

from server.cli.pictures import brushes
from server.cli.pictures.brushes import Size


def misty_mountains(size: Size, random: Random) -> Image.Image:
    """Ranges behind each other in the first light."""
    picture = brushes.sky(size, ["#5b7fa6", "#a9b8cc", "#f3c9a5", "#fbe3c0"])
    width, height = size
    brushes.glow(picture, (int(0.68 * width), int(0.42 * height)), width // 2, "#fff1cf", 0.9)
    brushes.disc(picture, (int(0.68 * width), int(0.42 * height)), height * 0.05, "#fff8e2", 4)
    ranges = [
        (0.50, 0.07, ["#c9b7bb", "#dcc8bf"]),
        (0.58, 0.08, ["#9d9db4", "#c3b7bd"]),
        (0.67, 0.08, ["#6f7f9e", "#a3a5b6"]),
        (0.77, 0.07, ["#465d80", "#7688a3"]),
        (0.88, 0.06, ["#223a58", "#3c5674"]),
    ]
    for level, rough, colours in ranges:
        brushes.below(picture, brushes.ridge(random, level, rough), colours)
    return picture


def moon_over_lake(size: Size, random: Random) -> Image.Image:
    """A night with a full moon, and the same night in the water."""
    width, height = size
    shore = int(height * 0.62)
    above = brushes.sky((width, shore), ["#050a1c", "#0b1a3a", "#1c3761", "#41658d"])
    brushes.stars(above, random, 420, 0.85)
    moon = (int(width * 0.3), int(shore * 0.34))
    brushes.glow(above, moon, width // 4, "#b9cdf0", 0.55)
    brushes.disc(above, moon, height * 0.055, "#f4f1e4", 1.5)
    for at, radius in (((-18, -12), 0.012), ((16, 6), 0.016), ((-6, 24), 0.009)):
        scale = height / 1600
        spot = (int(moon[0] + at[0] * scale * 1.4), int(moon[1] + at[1] * scale * 1.4))
        brushes.disc(above, spot, height * radius, "#dcd8c8", 2)
    brushes.below(above, brushes.ridge(random, 0.80, 0.10), ["#16294a", "#1d3252"])
    brushes.below(above, brushes.ridge(random, 0.93, 0.05), ["#0a1730", "#0c1a33"])
    picture = Image.new("RGB", size)
    picture.paste(above, (0, 0))
    picture.paste(_rippled(above, height - shore, random), (0, shore))
    return picture


def _rippled(above: Image.Image, depth: int, random: Random) -> Image.Image:
    """What a lake makes of the scene above it: upside down, darker, in wavering strips."""
    mirrored = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((above.width, depth))
    water = Image.new("RGB", mirrored.size)
    strip, phase = 3, random.uniform(0, math.tau)
    for y in range(0, depth, strip):
        nearness = 0.15 + y / depth
        shift = math.sin(y / (9 + 50 * nearness) * 4 + phase) * nearness * above.width * 0.006
        shift += random.uniform(-1, 1) * nearness * above.width * 0.002
        water.paste(mirrored.crop((0, y, above.width, y + strip)), (round(shift), y))
    tint = brushes.sky(water.size, ["#223f66", "#040a18"])
    return Image.blend(water, tint, 0.38)


def sea_at_sunset(size: Size, random: Random) -> Image.Image:
    """The sun on the horizon and its path on the waves."""
    width, height = size
    picture = brushes.sky(size, ["#2b3a6b", "#8a4f7d", "#e2725b", "#f9b45c", "#fde6a5", "#fde6a5"])
    horizon = 0.56
    sun = (width // 2, int(height * horizon * 0.95))
    brushes.glow(picture, sun, int(width * 0.55), "#ffe9a8", 0.9)
    brushes.disc(picture, sun, height * 0.085, "#fff6d6", 2)
    sea = [
        ("#c9706a", "#a65a72"),
        ("#a3566f", "#7d4a74"),
        ("#7f4a74", "#5c3f72"),
        ("#5b3d70", "#40336a"),
        ("#403169", "#2a2859"),
        ("#2b2757", "#15173d"),
    ]
    for number, colours in enumerate(sea):
        level = horizon + (1 - horizon) * (number / len(sea)) ** 1.35
        lengths = [0.16 + 0.09 * number, 0.07 + 0.03 * number]
        brushes.below(picture, brushes.waves(random, level, 0.05, lengths), colours)
        _glitter(picture, random, level, number)
    return picture


def _glitter(picture: Image.Image, random: Random, level: float, number: int) -> None:
    width, height = picture.size
    lenses = []
    for _ in range(46):
        x = random.gauss(0.5, 0.035 + 0.018 * number) * width
        y = (level + random.uniform(0.008, 0.05 + 0.02 * number)) * height
        half = random.uniform(0.004, 0.014) * width * (1 + 0.3 * number)
        thin = random.uniform(0.0006, 0.0016) * height * (1 + 0.4 * number)
        lenses.append([(x - half, y), (x, y - thin), (x + half, y), (x, y + thin)])
    brushes.fill(picture, brushes.shapes(picture.size, lenses), ["#ffe9b0", "#ffc988"])


def dunes(size: Size, random: Random) -> Image.Image:
    """Sand, with a lit and a shaded side to every dune."""
    width, height = size
    picture = brushes.sky(size, ["#4d8fc4", "#9cc6df", "#f2e3c6", "#f6dcae"])
    brushes.disc(picture, (int(width * 0.8), int(height * 0.16)), height * 0.045, "#fffaf0", 5)
    for number, level in enumerate((0.44, 0.54, 0.66, 0.82)):
        crest = brushes.waves(random, level, 0.045 + 0.01 * number, [1.3, 0.55, 0.21])
        light = ["#f3c98b", "#e7a863", "#d98d4a", "#c97a3a"][number]
        dark = ["#e0a866", "#c98a4b", "#b57038", "#9c5c2c"][number]
        brushes.below(picture, crest, [light, dark])
        shade = brushes.shapes(size, [_lee(crest, size, random)])
        brushes.fill(picture, shade, [dark, light])
    return picture


def _lee(crest: brushes.Line, size: Size, random: Random) -> list[tuple[float, float]]:
    """The side of a dune that lies in the shade, from its crest down to a curved foot."""
    width, height = size
    start, span = random.uniform(-0.1, 0.5), random.uniform(0.35, 0.6)
    xs = [start + span * step / 60 for step in range(61)]
    top = [(x * width, crest(x) * height) for x in xs]
    foot = [
        (
            (x + 0.1 * math.sin(math.pi * (x - start) / span)) * width,
            (crest(x) + 0.11 * math.sin(math.pi * (x - start) / span)) * height,
        )
        for x in xs
    ]
    return top + foot[::-1]


def northern_lights(size: Size, random: Random) -> Image.Image:
    """Green curtains above a wood."""
    picture = brushes.sky(size, ["#040818", "#081a33", "#0f3a4a", "#1d5a5a"])
    brushes.stars(picture, random, 350, 0.7)
    for colour, level in (("#7a5cff", 0.28), ("#37e6a0", 0.42), ("#8dffb0", 0.5)):
        _curtain(picture, random, colour, level)
    brushes.below(picture, brushes.ridge(random, 0.80, 0.04), ["#0a2233", "#0a1c2a"])
    brushes.fill(picture, brushes.shapes(size, firs(size, random, 0.93, 0.17, 26)), ["#03090f"] * 2)
    brushes.below(picture, brushes.waves(random, 0.92, 0.008, [0.6, 0.2]), ["#03090f", "#010407"])
    return picture


def _curtain(picture: Image.Image, random: Random, colour: str, level: float) -> None:
    """Rays that stand on a wavering line and fade upwards."""
    width, height = picture.size
    foot = brushes.waves(random, level, 0.08, [1.1, 0.47, 0.19])
    bright = brushes.waves(random, 0.55, 0.5, [0.33, 0.11, 0.041, 0.017])
    ray = Image.linear_gradient("L")
    mask = Image.new("L", picture.size)
    step = max(2, width // 500)
    for x in range(0, width, step):
        strength = min(max(bright(x / width), 0.05), 0.95)
        tall = int(height * (0.16 + 0.2 * strength))
        lit = ray.resize((step, tall)).point([int(v * v / 255 * strength) for v in range(256)])
        end = int(foot(x / width) * height)
        mask.paste(lit, (x, end - tall))
        mask.paste(
            lit.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((step, tall // 8)), (x, end)
        )
    picture.paste(Image.new("RGB", picture.size, colour), (0, 0), mask)


def firs(
    size: Size, random: Random, level: float, tall: float, count: int
) -> list[list[tuple[float, float]]]:
    """The outlines of that many firs which stand on *level*."""
    width, height = size
    trees = []
    for number in range(count):
        x = (number + random.uniform(0.1, 0.9)) / count * width
        reach = tall * random.uniform(0.55, 1.1) * height
        half = reach * random.uniform(0.2, 0.26)
        foot = (level + random.uniform(0, 0.02)) * height
        trees.append(_fir(x, foot, half, reach))
    return trees


def _fir(x: float, foot: float, half: float, reach: float) -> list[tuple[float, float]]:
    """From the top down on one side, tier by tier, and up again on the other."""
    tiers = 8
    step = reach / tiers
    right = []
    for tier in range(tiers):
        top = foot - reach + tier * step
        out = half * ((tier + 1) / tiers) ** 0.9
        # The branches hang: their tips are lower than where the next tier begins.
        right += [(out, top + step * 1.25), (out * 0.5, top + step * 0.95)]
    outline = [(0.0, foot - reach), *((aside, y) for aside, y in right)]
    return [(x + aside, y) for aside, y in outline] + [(x - a, y) for a, y in outline[::-1]]


def winter_wood(size: Size, random: Random) -> Image.Image:
    """Firs that get lost in the mist while it snows."""
    width, _ = size
    picture = brushes.sky(size, ["#c4d3df", "#dfe7ec", "#f4f2ee"])
    rows = [
        (0.55, 0.24, 30, "#b9c8d3"),
        (0.64, 0.32, 22, "#93a9b9"),
        (0.76, 0.38, 13, "#5f7d90"),
        (0.93, 0.46, 7, "#2b4a5e"),
    ]
    for level, tall, count, colour in rows:
        wood = brushes.shapes(size, firs(size, random, level, tall, count))
        brushes.fill(picture, wood, [colour, colour, "#e6ecf0"])
        ground = brushes.waves(random, level, 0.012, [0.9, 0.35])
        brushes.below(picture, ground, ["#e9eef2", "#f8fafb"])
    for _ in range(260):
        at = (random.randint(0, width), random.randint(0, size[1]))
        brushes.disc(picture, at, random.uniform(0.0008, 0.0035) * width, "#ffffff", 1.2)
    return picture
