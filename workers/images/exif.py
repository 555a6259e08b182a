"""What is worth knowing from a picture's EXIF, whatever state it is in."""

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import MAXYEAR, datetime
from typing import Any, Final

from PIL import ExifTags, Image

from workers.images.results import LONGEST_NAME, RANGES, Shot

_Tag = ExifTags.Base
_FORMAT: Final = "%Y:%m:%d %H:%M:%S"
# The oldest photograph that is left.
_FIRST_YEAR: Final = 1826
# Degrees, minutes and seconds.
_ANGLE: Final = 3


def orientation(image: Image.Image) -> int:
    """How the picture lies, from 1 (upright) to 8; 1 if that cannot be read."""
    found = _tags(image).get(_Tag.Orientation)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1  # noqa: PLR2004 - EXIF's.


def shot(image: Image.Image) -> Shot:
    """What the camera wrote of the moment, as far as it can be true and is safe to show."""
    tags, details = _tags(image), _tags(image, ExifTags.IFD.Exif)
    latitude, longitude = _place(_tags(image, ExifTags.IFD.GPSInfo))
    return Shot(
        taken_at=_taken_at(details),
        make=_name(tags.get(_Tag.Make)),
        model=_name(tags.get(_Tag.Model)),
        lens=_name(details.get(_Tag.LensModel)),
        focal_length_mm=_number(details.get(_Tag.FocalLength), "focal_length_mm"),
        f_number=_number(details.get(_Tag.FNumber), "f_number"),
        exposure_s=_number(details.get(_Tag.ExposureTime), "exposure_s"),
        iso=_iso(details.get(_Tag.ISOSpeedRatings)),
        latitude=latitude,
        longitude=longitude,
    )


def _tags(image: Image.Image, block: int | None = None) -> Mapping[int, Any]:
    try:
        exif = image.getexif()
        return dict(exif) if block is None else dict(exif.get_ifd(block))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - Broken EXIF must not cost a picture with sound pixels.
        return {}


def _taken_at(details: Mapping[int, Any]) -> datetime | None:
    """When the shutter opened, with an offset if one is written, else naive, else None."""
    taken = _text(details.get(_Tag.DateTimeOriginal))
    offset = _text(details.get(_Tag.OffsetTimeOriginal))
    return _parsed(taken + offset, _FORMAT + "%z") or _parsed(taken, _FORMAT)


def _parsed(text: str, form: str) -> datetime | None:
    try:
        found = datetime.strptime(text, form)  # noqa: DTZ007 - Naive is what the camera knew.
    except ValueError:
        return None
    # At the end of the calendar a change of zone would leave it.
    return found if _FIRST_YEAR <= found.year < MAXYEAR else None


def _name(value: object) -> str | None:
    """One line of visible text, or None."""
    visible = "".join(" " if _is_hidden(each) else each for each in _text(value))
    return re.sub(r"\s+", " ", visible).strip()[:LONGEST_NAME].rstrip() or None


def _is_hidden(character: str) -> bool:
    """Whether it is a control, a mark of direction, a surrogate or nothing at all."""
    return unicodedata.category(character).startswith("C")


def _text(value: object) -> str:
    """The text up to the first NUL; EXIF knows ASCII, but phones write UTF-8."""
    if not isinstance(value, str):
        return ""
    text = value.partition("\0")[0].strip()
    try:
        return unicodedata.normalize("NFC", text.encode("latin-1").decode())
    except UnicodeError:
        return unicodedata.normalize("NFC", text)


def _iso(value: object) -> int | None:
    first = value[0] if isinstance(value, tuple) and value else value
    found = _number(first, "iso")
    return None if found is None else int(found)


def _number(value: object, kind: str) -> float | None:
    least, most = RANGES[kind]
    found = _float(value)
    return found if least <= found <= most else None


def _place(tags: Mapping[int, Any]) -> tuple[float, float] | tuple[None, None]:
    """Latitude and longitude in degrees, or neither."""
    latitude = _angle(tags, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "NS")
    longitude = _angle(tags, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "EW")
    is_on_earth = abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 - Degrees.
    # What has no fix writes zeros.
    return (latitude, longitude) if is_on_earth and (latitude or longitude) else (None, None)


def _angle(tags: Mapping[int, Any], tag: int, side_tag: int, sides: str) -> float:
    """Degrees, negative on the second of both sides; NaN when that is not what is written."""
    value, side = tags.get(tag), _text(tags.get(side_tag))
    if not isinstance(value, tuple) or len(value) != _ANGLE or side not in tuple(sides):
        return math.nan
    degrees, minutes, seconds = map(_float, value)
    angle = round(degrees + minutes / 60 + seconds / 3600, 6)
    return -angle if side == sides[1] else angle


def _float(value: Any) -> float:
    """The number, or NaN."""
    try:
        return float(value)
    except (TypeError, ValueError, ArithmeticError):
        return math.nan
