"""What a camera wrote is the owner's; others are shown what the owner shares, and nothing else."""

import io
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from storage import tables
from tests.conftest import Errors
from tests.editing.operations import DELETE, UPDATE
from tests.making import Shared, make_follow, make_photo
from tests.uploads.desk import key_of
from workers.outcomes import Outcome
from workers.variants import make

SHOT = """
query($id: ID!) { node(id: $id) { ... on Photo {
  takenAt sharesTakenAt sharesCamera
  camera { make model lens focalLengthMm fNumber exposureS iso }
  location { latitude longitude name }
} } }
"""
LIST = """
query($first: Int!) { viewer { photos(first: $first) { edges { node {
  takenAt sharesTakenAt sharesCamera camera { make }
} } } } }
"""
CAMERA = {
    "make": "Canon",
    "model": "Canon EOS 40D",
    "lens": "EF 50mm f/1.8",
    "focalLengthMm": 50.0,
    "fNumber": 2.8,
    "exposureS": 0.004,
    "iso": 200,
}
TAKEN = "2024-05-06T05:08:09.000Z"
PLACE = {"latitude": 54.5, "longitude": -0.25, "name": None}
EVERYTHING = {"shareTakenAt": True, "shareCamera": True, "shareLocation": True}
NOTHING = {
    "takenAt": None,
    "sharesTakenAt": None,
    "sharesCamera": None,
    "camera": None,
    "location": None,
}


def picture(taken: str = "2024:05:06 07:08:09", offset: str = "+02:00") -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Canon"
    exif[ExifTags.Base.Model] = "Canon EOS 40D"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = taken
    details[ExifTags.Base.OffsetTimeOriginal] = offset
    details[ExifTags.Base.LensModel] = "EF 50mm f/1.8"
    details[ExifTags.Base.FocalLength] = IFDRational(50, 1)
    details[ExifTags.Base.FNumber] = IFDRational(28, 10)
    details[ExifTags.Base.ExposureTime] = IFDRational(1, 250)
    details[ExifTags.Base.ISOSpeedRatings] = 200
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitude] = (IFDRational(54), IFDRational(30), IFDRational(0))
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLongitude] = (IFDRational(0), IFDRational(15), IFDRational(0))
    place[ExifTags.GPS.GPSLongitudeRef] = "W"
    stream = io.BytesIO()
    # No two alike, so that no test sees what another one made.
    colour = tuple(secrets.token_bytes(3))
    Image.new("RGB", (64, 48), colour).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


@pytest.fixture
def made(workshop):
    """The photo with that id, once a worker has made it READY."""

    async def made(id):
        assert await make(workshop, key_of(id)) is Outcome.DONE
        return Shared(id, key_of(id))

    return made


@pytest.fixture
def publish(desk, made):
    """A photo of a file by a camera, made READY by a worker."""

    async def publish(owner, data=None, **chosen):
        return await made(await desk.publish_file(owner, data or picture(), **chosen))

    return publish


@pytest.fixture
def change(ask):
    async def change(viewer, photo, **input):
        return (await ask(UPDATE, viewer=viewer, input={"id": photo.id, **input}))["updatePhoto"]

    return change


@pytest.fixture
def shown(ask):
    async def shown(photo, viewer=None):
        return (await ask(SHOT, viewer=viewer, id=photo.id))["node"]

    return shown


async def test_nothing_is_shared_unasked(publish, shown, ann, bob):
    photo = await publish(ann)

    own = {"takenAt": TAKEN, "sharesTakenAt": False, "sharesCamera": False, "camera": CAMERA}
    assert await shown(photo, ann) == own | {"location": None}
    assert await shown(photo, bob) == NOTHING
    assert await shown(photo) == NOTHING


@pytest.mark.parametrize(
    ("chosen", "seen"),
    [
        ({"shareTakenAt": True}, {"takenAt": TAKEN}),
        ({"shareCamera": True}, {"camera": CAMERA}),
        ({"shareLocation": True}, {"location": PLACE}),
        (EVERYTHING, {"takenAt": TAKEN, "camera": CAMERA, "location": PLACE}),
    ],
)
async def test_what_is_shared_is_shown_to_all_who_see_the_photo(
    database, publish, shown, ann, bob, chosen, seen
):
    await make_follow(database, by=bob, of=ann)
    photo = await publish(ann, **chosen)

    assert await shown(photo) == NOTHING | seen
    assert await shown(photo, bob) == NOTHING | seen
    assert await shown(photo, ann) == {
        "takenAt": TAKEN,
        "camera": CAMERA,
        "location": seen.get("location"),
        "sharesTakenAt": "takenAt" in seen,
        "sharesCamera": "camera" in seen,
    }


async def test_the_owner_changes_their_mind(change, publish, shown, ann):
    photo = await publish(ann)

    await change(ann, photo, shareTakenAt=True)
    assert await shown(photo) == NOTHING | {"takenAt": TAKEN}
    await change(ann, photo, shareCamera=True, shareTakenAt=None)
    assert await shown(photo) == NOTHING | {"takenAt": TAKEN, "camera": CAMERA}
    await change(ann, photo, title="As it was")
    assert await shown(photo) == NOTHING | {"takenAt": TAKEN, "camera": CAMERA}
    await change(ann, photo, shareCamera=False, shareTakenAt=False)
    assert await shown(photo) == NOTHING


async def test_sharing_can_be_chosen_before_the_picture_is_read(change, desk, made, shown, ann):
    id = await desk.publish_file(ann, picture())
    await change(ann, Shared(id, key_of(id)), shareCamera=True)
    photo = await made(id)

    assert await shown(photo) == NOTHING | {"camera": CAMERA}


async def test_nobody_shares_for_somebody_else(change, publish, shown, ann, bob):
    photo = await publish(ann)

    answer = await change(bob, photo, shareTakenAt=True, shareCamera=True)

    assert [error["code"] for error in answer["errors"]] == ["NOT_ALLOWED"]
    assert await shown(photo) == NOTHING


async def test_the_place_of_the_file_is_kept_nowhere_unless_it_is_shared(database, publish, ann):
    photo = await publish(ann)

    async with database.connect() as connection:
        of_photo = tables.shots.select().where(tables.shots.c.photo_id == photo.key)
        kept = (await connection.execute(of_photo)).one()._mapping
    assert not {54.5, -0.25} & set(kept.values())


async def test_the_place_that_the_owner_names_wins(change, desk, made, publish, shown, ann):
    chosen = {"latitude": 1.0, "longitude": 2.0, "name": "Here"}
    named = await publish(ann, shareLocation=True, location=chosen)
    id = await desk.publish_file(ann, picture(), shareLocation=True)
    await change(ann, Shared(id, key_of(id)), location=None)
    unnamed = await made(id)

    assert await shown(named) == NOTHING | {"location": chosen}
    assert await shown(unnamed) == NOTHING


async def test_a_file_without_such_data_says_nothing(database, publish, shown, ann):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), tuple(secrets.token_bytes(3))).save(stream, "PNG")
    photo = await publish(ann, stream.getvalue(), **EVERYTHING)
    made = await make_photo(database, ann)

    unknown = NOTHING | {"sharesTakenAt": True, "sharesCamera": True}
    assert await shown(photo, ann) == unknown
    assert await shown(made, ann) == unknown | {"sharesTakenAt": False, "sharesCamera": False}


async def test_a_time_that_has_not_come_is_not_believed(publish, shown, ann):
    ahead = datetime.now(UTC) + timedelta(days=3)
    photo = await publish(ann, picture(f"{ahead:%Y:%m:%d %H:%M:%S}", "+00:00"))

    assert (await shown(photo, ann))["takenAt"] is None
    assert (await shown(photo, ann))["camera"] == CAMERA


async def test_what_was_read_goes_with_the_photo(database, ask, publish, ann):
    photo = await publish(ann, shareTakenAt=True)
    await ask(DELETE, viewer=ann, id=photo.id)

    async with database.connect() as connection:
        of_photo = tables.shots.select().where(tables.shots.c.photo_id == photo.key)
        assert (await connection.execute(of_photo)).all() == []


async def test_a_list_takes_one_statement_more(ask_counted, publish, ann):
    await publish(ann)
    one = await ask_counted(LIST, viewer=ann, first=1)
    for _ in range(4):
        await publish(ann)
    five = await ask_counted(LIST, viewer=ann, first=5)

    assert [len(data["viewer"]["photos"]["edges"]) for data, _ in (one, five)] == [1, 5]
    assert one[1] == five[1]


async def test_a_share_must_be_yes_or_no(ask, publish, ann):
    photo = await publish(ann)
    with pytest.raises(Errors) as refused:
        await ask(UPDATE, viewer=ann, input={"id": photo.id, "shareCamera": "x"})
    assert refused.value.codes == ["BAD_USER_INPUT"]
