"""From a published upload to variants, or to a failure that its owner understands."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from server import parts
from storage import variants
from storage.tables import photos
from tests.making import make_follow
from tests.storing import picture
from tests.uploads.desk import ORIGINAL, PHOTO, counted, failure_of, jobs_of, key_of
from workers.images import Crashed, Rejected
from workers.outcomes import Outcome
from workers.variants import Workshop, make

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


async def test_a_picture_travels_into_a_follower_s_feed(database, ask, desk, workshop, ann, bob):
    await make_follow(database, by=bob, of=ann)
    data = picture(size=(1200, 800))
    id = await desk.publish_file(
        ann,
        data,
        title="Dusk",
        caption="By the sea\nat nine",
        altText="A teal field",
        tags=["#Sea", "dusk", "SEA"],
        location={"latitude": 54.5, "longitude": -0.25, "name": "Whitby"},
    )
    feed = "{ feed { edges { node { id } } } }"
    assert await jobs_of(database, id) == 1
    assert (await ask(feed, viewer=bob))["feed"]["edges"] == []
    assert (await ask(PHOTO, viewer=bob, id=id))["node"] is None
    waiting = (await ask(PHOTO, viewer=ann, id=id))["node"]
    assert (waiting["status"], waiting["variants"], waiting["width"]) == ("PROCESSING", [], None)

    assert await make(workshop, key_of(id)) is Outcome.DONE

    assert (await ask(feed, viewer=bob))["feed"]["edges"] == [{"node": {"id": id}}]
    ready = (await ask(PHOTO, viewer=bob, id=id))["node"]
    assert (ready["status"], ready["width"], ready["height"]) == ("READY", 1200, 800)
    assert [(each["name"], each["width"], each["height"]) for each in ready["variants"]] == [
        ("THUMB", 320, 213),
        ("MEDIUM", 1080, 720),
        ("FULL", 1200, 800),
    ]
    assert len(ready["blurhash"]) == 28
    assert ready["dominantColor"].startswith("#")


async def test_variants_are_served_and_the_original_is_untouched(
    client, ask, desk, workshop, objects, ann
):
    data = picture("plum", size=(2000, 3000))
    id = await desk.publish_file(ann, data)
    await make(workshop, key_of(id))

    node = (await ask(PHOTO, id=id))["node"]
    for variant in node["variants"]:
        served = await client.get(variant["url"].removeprefix("http://127.0.0.1:8000"))
        assert served.status_code == 200
        assert len(served.content) == variant["byteSize"]
        opened = Image.open(io.BytesIO(served.content))
        assert (opened.format, opened.size) == ("WEBP", (variant["width"], variant["height"]))
    url = (await ask(ORIGINAL, viewer=ann, id=id))["node"]["originalUrl"]
    assert (await desk.http.get(url)).content == data
    assert (await desk.http.get(url.partition("?")[0])).status_code in {400, 401, 403}


async def test_bytes_with_another_checksum_fail(database, desk, workshop, objects, ask, ann):
    data = picture("coral")
    id = await desk.publish_file(ann, data)
    query = select(photos.c.original_key).where(photos.c.id == key_of(id))
    key = await counted(database, query)
    await objects.write(key, bytes(len(data)), "image/jpeg")

    assert await make(workshop, key_of(id)) is Outcome.NEVER

    failure = await failure_of(ask, ann, id)
    assert (failure["code"], failure["retryable"]) == ("CHECKSUM_MISMATCH", False)
    assert await make(workshop, key_of(id)) is Outcome.NOTHING


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"This is a text, whatever its name says.", "UNSUPPORTED_FORMAT"),
        (b"%PDF-1.7 and so on", "UNSUPPORTED_FORMAT"),
        (picture(size=(64, 64))[:-300], "CORRUPT_IMAGE"),
    ],
)
async def test_what_is_no_picture_fails_and_says_why(desk, workshop, ask, ann, data, code):
    id = await desk.publish_file(ann, data)

    assert await make(workshop, key_of(id)) is Outcome.NEVER

    failure = await failure_of(ask, ann, id)
    assert failure["code"] == code
    assert failure["message"]


async def test_a_real_photo_is_upright_and_says_nothing_of_its_place(
    client, desk, workshop, ask, ann
):
    source = CORPUS / "photos" / "gps_1.jpg"
    if not source.exists():
        pytest.skip("the corpus of real pictures lies beside the project, and is not there")
    id = await desk.publish_file(ann, source.read_bytes())
    await make(workshop, key_of(id))

    node = (await ask(PHOTO, viewer=ann, id=id))["node"]

    assert node["status"] == "READY"
    for variant in node["variants"]:
        served = await client.get(variant["url"].removeprefix("http://127.0.0.1:8000"))
        opened = Image.open(io.BytesIO(served.content))
        assert dict(opened.getexif()) == {}
        assert set(opened.info) <= {"loop", "background", "timestamp", "duration"}


class Broken:
    """A studio in which every picture goes wrong in the same way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def render(self, data: bytes):
        raise self.error


async def test_a_picture_that_kills_its_decoder_three_times_fails(
    database, objects, desk, ask, ann
):
    id = await desk.publish_file(ann, picture("black"))
    workshop = Workshop(database, objects, Broken(Crashed("killed by SIGKILL")))

    outcomes = [await make(workshop, key_of(id)) for _ in range(4)]

    assert outcomes == [Outcome.AGAIN, Outcome.AGAIN, Outcome.NEVER, Outcome.NOTHING]
    failure = await failure_of(ask, ann, id)
    assert (failure["code"], failure["retryable"]) == ("PROCESSING_ERROR", True)


async def test_a_picture_whose_worker_dies_three_times_fails(database, desk, workshop, ask, ann):
    id = await desk.publish_file(ann, picture("gray"))
    for _ in range(3):
        # What a killed worker leaves behind: an attempt that never reports back.
        async with database.begin() as tx:
            await variants.begin_attempt(tx, key_of(id))

    assert await make(workshop, key_of(id)) is Outcome.NEVER
    assert (await failure_of(ask, ann, id))["code"] == "PROCESSING_ERROR"


async def test_a_dead_store_is_nobody_s_failure(database, desk, settings, studio, ask, ann):
    id = await desk.publish_file(ann, picture("wheat"))
    gone = parts.objects(settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"}))
    workshop = Workshop(database, gone, studio)

    outcomes = [await make(workshop, key_of(id)) for _ in range(5)]

    assert outcomes == [Outcome.AGAIN] * 5
    assert (await ask(PHOTO, viewer=ann, id=id))["node"]["status"] == "PROCESSING"
    query = select(photos.c.crashes).where(photos.c.id == key_of(id))
    assert await counted(database, query) == 0


async def test_an_attempt_that_was_overtaken_changes_nothing(
    database, objects, desk, workshop, ask, studio, ann
):
    id = await desk.publish_file(ann, picture("snow"))
    started, resume = asyncio.Event(), asyncio.Event()

    class Frozen:
        async def render(self, data):
            started.set()
            await resume.wait()
            raise Rejected("CORRUPT_IMAGE", "late")

    late = asyncio.create_task(make(Workshop(database, objects, Frozen()), key_of(id)))
    await started.wait()
    assert await make(workshop, key_of(id)) is Outcome.DONE
    resume.set()
    await late

    node = (await ask(PHOTO, viewer=ann, id=id))["node"]
    assert (node["status"], len(node["variants"])) == ("READY", 3)
    counts = "query { viewer { photoCount } }"
    assert (await ask(counts, viewer=ann))["viewer"]["photoCount"] == 1


async def test_a_cancelled_attempt_does_not_count_as_a_crash(database, objects, desk, ann):
    id = await desk.publish_file(ann, picture("linen"))
    started = asyncio.Event()

    class Slow:
        async def render(self, data):
            started.set()
            await asyncio.Event().wait()

    work = asyncio.create_task(make(Workshop(database, objects, Slow()), key_of(id)))
    await started.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    query = select(photos.c.crashes, photos.c.attempt).where(photos.c.id == key_of(id))
    async with database.connect() as connection:
        assert tuple((await connection.execute(query)).one()) == (0, 1)
