"""Pictures become files as cameras and phones write them."""

import io
from datetime import datetime
from typing import Final, Literal

from PIL import ExifTags, Image

Format = Literal["JPEG", "PNG", "WEBP"]

SUFFIXES: Final[dict[Format, str]] = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
UPRIGHT: Final = 1
# What undoes each EXIF orientation: a viewer that obeys the tag shows the picture upright.
TURNED: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def encoded(
    picture: Image.Image,
    format: Format,
    *,
    orientation: int,
    taken_at: datetime,
    position: tuple[float, float],
) -> bytes:
    """The file; its pixels lie as the sensor saw them, and its EXIF says how to turn them."""
    if orientation != UPRIGHT:
        picture = picture.transpose(TURNED[orientation])
    written = io.BytesIO()
    exif = _exif(orientation, taken_at, position)
    picture.save(written, format, exif=exif, **_options(format))
    return written.getvalue()


def _options(format: Format) -> dict[str, int]:
    match format:
        case "JPEG":
            return {"quality": 90}
        case "PNG":
            return {"compress_level": 6}
        case "WEBP":
            return {"quality": 88, "method": 2}


def _exif(orientation: int, taken_at: datetime, position: tuple[float, float]) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "PicShare"
    exif[ExifTags.Base.Model] = "Demo Camera 1"
    exif[ExifTags.Base.Orientation] = orientation
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = f"{taken_at:%Y:%m:%d %H:%M:%S}"
    details[ExifTags.Base.OffsetTimeOriginal] = "+00:00"
    latitude, longitude = position
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S",
            ExifTags.GPS.GPSLatitude: _degrees(latitude),
            ExifTags.GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W",
            ExifTags.GPS.GPSLongitude: _degrees(longitude),
        }
    )
    return exif


def _degrees(angle: float) -> tuple[float, float, float]:
    """Degrees, minutes and seconds, without the sign."""
    minutes, seconds = divmod(round(abs(angle) * 3600, 2), 60)
    degrees, minutes = divmod(minutes, 60)
    return degrees, minutes, seconds
