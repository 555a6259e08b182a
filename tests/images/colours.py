"""How different two colours look: CIEDE2000, after Sharma, Wu and Dalal, "The CIEDE2000
Color-Difference Formula: Implementation Notes, Supplementary Test Data, and Mathematical
Observations", 2005.
"""

from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

from PIL import Image

Lab = tuple[float, float, float]

# The white of sRGB, D65.
WHITE = (0.95047, 1.0, 1.08883)
GRID = 64


def lab(pixel: tuple[int, ...]) -> Lab:
    """A colour of sRGB in CIELAB."""
    r, g, b = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (level / 255 for level in pixel[:3])
    )
    xyz = (
        0.4124564 * r + 0.3575761 * g + 0.1804375 * b,
        0.2126729 * r + 0.7151522 * g + 0.0721750 * b,
        0.0193339 * r + 0.1191920 * g + 0.9503041 * b,
    )
    x, y, z = (
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116
        for t in (value / white for value, white in zip(xyz, WHITE, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: Lab, other: Lab) -> float:
    """CIEDE2000 of two colours in CIELAB."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    c7 = ((hypot(a1, b1) + hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - sqrt(c7 / (c7 + 25**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = hypot(a1, b1), hypot(a2, b2)
    h1 = degrees(atan2(b1, a1)) % 360 if c1 else 0.0
    h2 = degrees(atan2(b2, a2)) % 360 if c2 else 0.0
    turn = (h2 - h1 + 180) % 360 - 180 if c1 and c2 else 0.0
    dl, dc, dh = l2 - l1, c2 - c1, 2 * sqrt(c1 * c2) * sin(radians(turn) / 2)
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    hm = _mean_hue(h1, h2) if c1 and c2 else h1 + h2
    t = (
        1
        - 0.17 * cos(radians(hm - 30))
        + 0.24 * cos(radians(2 * hm))
        + 0.32 * cos(radians(3 * hm + 6))
        - 0.20 * cos(radians(4 * hm - 63))
    )
    rotation = -sin(radians(60 * exp(-(((hm - 275) / 25) ** 2))))
    rotation *= 2 * sqrt(cm**7 / (cm**7 + 25**7))
    sl = 1 + 0.015 * (lm - 50) ** 2 / sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    lightness, chroma, hue = dl / sl, dc / sc, dh / sh
    return sqrt(lightness**2 + chroma**2 + hue**2 + rotation * chroma * hue)


def _mean_hue(one: float, other: float) -> float:
    if abs(one - other) <= 180:
        return (one + other) / 2
    return (one + other + 360) / 2 if one + other < 360 else (one + other - 360) / 2


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """The mean CIEDE2000 of two pictures of one size, over a grid of averages."""
    assert one.size == other.size
    size = tuple(min(GRID, edge) for edge in one.size)
    pixels = [
        image.convert("RGB").resize(size, Image.Resampling.BOX).get_flattened_data()
        for image in (one, other)
    ]
    found = [difference(lab(a), lab(b)) for a, b in zip(*pixels, strict=True)]
    return sum(found) / len(found)
