"""What the scenes are painted with: colours that run into each other, shapes with soft edges."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from random import Random

from PIL import Image, ImageDraw, ImageFilter

Colour = str | tuple[int, int, int]
Size = tuple[int, int]
Line = Callable[[float], float]

# Masks are drawn this much larger, so that edges come out smooth.
FINE = 2
GRAIN = 256


def sky(size: Size, colours: Sequence[Colour]) -> Image.Image:
    """From the first colour at the top to the last at the bottom."""
    strip = Image.new("RGB", (1, len(colours)))
    for y, colour in enumerate(colours):
        strip.paste(colour, (0, y, 1, y + 1))
    # Only the middle of an enlarged pixel has its colour, so the outer halves are cut off.
    inner = (0, 0.5, 1, len(colours) - 0.5)
    return strip.resize(size, Image.Resampling.BILINEAR, box=inner)


def across(size: Size, colours: Sequence[Colour]) -> Image.Image:
    """From the first colour at the left to the last at the right."""
    turned = sky((size[1], size[0]), colours)
    return turned.transpose(Image.Transpose.ROTATE_90)


def glow(picture: Image.Image, at: Size, radius: int, colour: Colour, strength: float) -> None:
    """Light around a point, fading to nothing at *radius*."""
    fading = Image.radial_gradient("L").point(
        lambda value: int(255 * strength * max(0.0, 1 - value / 181) ** 2)
    )
    mask = fading.resize((2 * radius, 2 * radius), Image.Resampling.BICUBIC)
    picture.paste(Image.new("RGB", mask.size, colour), (at[0] - radius, at[1] - radius), mask)


def disc(picture: Image.Image, at: Size, radius: float, colour: Colour, blur: float = 0) -> None:
    """A round thing; the sun, a balloon, a berry."""
    side = math.ceil(2 * radius + 6 * blur) + 4
    mask = Image.new("L", (side * FINE, side * FINE))
    centre, reach = side * FINE / 2, radius * FINE
    ImageDraw.Draw(mask).ellipse(
        (centre - reach, centre - reach, centre + reach, centre + reach), fill=255
    )
    mask = mask.reduce(FINE)
    if blur:
        mask = mask.filter(ImageFilter.GaussianBlur(blur))
    corner = (round(at[0] - side / 2), round(at[1] - side / 2))
    picture.paste(Image.new("RGB", mask.size, colour), corner, mask)


def shapes(size: Size, polygons: Iterable[Sequence[tuple[float, float]]]) -> Image.Image:
    """A mask with those polygons in it, smooth at their edges."""
    mask = Image.new("L", (size[0] * FINE, size[1] * FINE))
    draw = ImageDraw.Draw(mask)
    for corners in polygons:
        draw.polygon([(x * FINE, y * FINE) for x, y in corners], fill=255)
    return mask.reduce(FINE)


def fill(picture: Image.Image, mask: Image.Image, colours: Sequence[Colour]) -> None:
    """Paint what *mask* leaves open, from the first colour at its top to the last at the bottom."""
    box = mask.getbbox()
    if box is None:
        return
    paint = sky((box[2] - box[0], box[3] - box[1]), colours)
    picture.paste(paint, box[:2], mask.crop(box))


def under(size: Size, line: Line) -> Image.Image:
    """A mask of everything below a line, which gives a height for an x; both from 0 to 1."""
    width, height = size
    edge = [(float(x), line(x / width) * height) for x in range(0, width + 4, 4)]
    return shapes(size, [[*edge, (width, height), (0, height)]])


def below(picture: Image.Image, line: Line, colours: Sequence[Colour]) -> None:
    """Paint everything under a line."""
    fill(picture, under(picture.size, line), colours)


def shadow(picture: Image.Image, mask: Image.Image, blur: float, strength: float) -> None:
    """Darken what lies around *mask*, as if it stood out from the picture."""
    soft = mask.reduce(4).filter(ImageFilter.GaussianBlur(blur / 4)).resize(picture.size)
    dark = soft.point([int(value * strength) for value in range(256)])
    picture.paste(Image.new("RGB", picture.size, "#2a1f33"), (0, 0), dark)


def waves(random: Random, level: float, height: float, lengths: Sequence[float]) -> Line:
    """A line that rolls about *level*; the shorter a wave of *lengths*, the flatter it is."""
    parts = [(length, random.uniform(0, math.tau)) for length in lengths]

    def line(x: float) -> float:
        return level + height * sum(
            length * math.sin(math.tau * x / length + phase) for length, phase in parts
        )

    return line


def ridge(random: Random, level: float, height: float, *, roughness: float = 0.55) -> Line:
    """The outline of mountains: halves of halves, each moved a little less than the one before."""
    points = [random.uniform(-1, 1) * height for _ in range(4)]
    swing = height
    for _ in range(7):
        swing *= roughness
        middles = [
            (left + right) / 2 + random.uniform(-1, 1) * swing for left, right in pairwise(points)
        ]
        points = [p for pair in zip(points, [*middles, 0.0], strict=True) for p in pair][:-1]

    def line(x: float) -> float:
        place = min(max(x, 0.0), 0.9999) * (len(points) - 1)
        before = int(place)
        part = place - before
        return level + points[before] * (1 - part) + points[before + 1] * part

    return line


def stars(picture: Image.Image, random: Random, count: int, floor: float) -> None:
    """Stars of different brightness, from the top down to *floor* of the height."""
    width, height = picture.size
    for _ in range(count):
        at = (round(random.uniform(0, width)), round(random.uniform(0, 1) ** 1.4 * floor * height))
        size = width / 2400 * random.choice((0.9, 1.1, 1.3, 1.8, 2.6))
        shade = random.randint(150, 255)
        disc(picture, at, size, (shade, shade, min(255, shade + 12)))


def grain(picture: Image.Image, random: Random, strength: float = 0.035) -> Image.Image:
    """The picture with a little noise, without which smooth colours show steps."""
    tile = Image.frombytes("L", (GRAIN, GRAIN), random.randbytes(GRAIN * GRAIN))
    noise = Image.new("L", picture.size)
    for x in range(0, picture.width, GRAIN):
        for y in range(0, picture.height, GRAIN):
            noise.paste(tile, (x, y))
    return Image.blend(picture, Image.merge("RGB", (noise, noise, noise)), strength)
