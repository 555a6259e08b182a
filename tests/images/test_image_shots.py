"""What is believed of what a camera wrote."""

import io

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from workers.images import Limits, Shot
from workers.images.ladder import render

TAG, GPS = ExifTags.Base, ExifTags.GPS


def read(tags=None, details=None, place=None) -> Shot:
    exif = Image.Exif()
    exif.update(tags or {})
    exif.get_ifd(ExifTags.IFD.Exif).update(details or {})
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(place or {})
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG", exif=exif)
    return render(stream.getvalue(), Limits()).shot


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Canon", "Canon"),
        ("  Canon \n EOS\t", "Canon EOS"),
        ("Canon\0<script>", "Canon"),
        ("Ca\x1b[31mnon\x7f", "Ca [31mnon"),
        ("x" * 5_000, "x" * 100),
        ("\u202enonaC", "nonaC"),
        ("Fotoapparat für Ömer", "Fotoapparat für Ömer"),
        ("", None),
        (" \0 ", None),
        ("\u200b", None),
    ],
)
def test_a_name_is_one_line_of_visible_text(written, name):
    # EXIF knows ASCII, and phones write UTF-8.
    assert read({TAG.Model: written.encode()}).model == name


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ({TAG.FNumber: IFDRational(28, 10)}, Shot(f_number=2.8)),
        ({TAG.FNumber: IFDRational(0, 0)}, Shot()),
        ({TAG.FNumber: IFDRational(1, 0)}, Shot()),
        ({TAG.ExposureTime: IFDRational(1, 250)}, Shot(exposure_s=0.004)),
        ({TAG.FocalLength: IFDRational(0, 1)}, Shot()),
        ({TAG.ISOSpeedRatings: 200}, Shot(iso=200)),
        ({TAG.ISOSpeedRatings: (100, 200)}, Shot(iso=100)),
        ({TAG.ISOSpeedRatings: 0}, Shot()),
    ],
)
def test_a_figure_that_cannot_be_is_none(written, seen):
    assert read(details=written) == seen


def degrees(latitude, longitude, sides=("N", "W")) -> dict:
    return {
        GPS.GPSLatitude: tuple(IFDRational(*each) for each in latitude),
        GPS.GPSLatitudeRef: sides[0],
        GPS.GPSLongitude: tuple(IFDRational(*each) for each in longitude),
        GPS.GPSLongitudeRef: sides[1],
    }


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (degrees([(54, 1), (30, 1), (0, 1)], [(0, 1), (15, 1), (0, 1)]), (54.5, -0.25)),
        (degrees([(0, 0)] * 3, [(0, 0)] * 3), (None, None)),
        (degrees([(0, 1)] * 3, [(0, 1)] * 3), (None, None)),
        (degrees([(91, 1), (0, 1), (0, 1)], [(1, 1), (0, 1), (0, 1)]), (None, None)),
        (degrees([(1, 1), (0, 1), (0, 1)], [(1, 1), (0, 1), (0, 1)], ("?", "E")), (None, None)),
    ],
)
def test_a_place_is_on_earth_or_none(written, place):
    shot = read(place=written)

    assert (shot.latitude, shot.longitude) == place
