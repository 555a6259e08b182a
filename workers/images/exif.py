"""The two things worth knowing from a picture's EXIF, whatever state it is in."""

from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

from PIL import ExifTags, Image

_FORMAT = "%Y:%m:%d %H:%M:%S"


def orientation(image: Image.Image) -> int:
    """How the picture lies, from 1 (upright) to 8; 1 if that cannot be read."""
    found = _tags(image).get(ExifTags.Base.Orientation)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1  # noqa: PLR2004 - EXIF's.


def taken_at(image: Image.Image) -> datetime | None:
    """When the shutter opened, with an offset if one is written, else naive, else None."""
    tags = _tags(image, ExifTags.IFD.Exif)
    taken = _text(tags.get(ExifTags.Base.DateTimeOriginal))
    offset = _text(tags.get(ExifTags.Base.OffsetTimeOriginal))
    return _parsed(taken + offset, _FORMAT + "%z") or _parsed(taken, _FORMAT)


def _tags(image: Image.Image, block: int | None = None) -> dict[int, Any]:
    try:
        exif = image.getexif()
        return dict(exif) if block is None else dict(exif.get_ifd(block))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - Broken EXIF must not cost a picture with sound pixels.
        return {}


def _text(value: object) -> str:
    return value.strip("\0 ") if isinstance(value, str) else ""


def _parsed(text: str, form: str) -> datetime | None:
    try:
        found = datetime.strptime(text, form)  # noqa: DTZ007 - Naive is what the camera knew.
    except ValueError:
        return None
    # At the ends of the calendar a change of zone would leave it.
    return found if MINYEAR < found.year < MAXYEAR else None
