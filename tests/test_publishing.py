"""From a file to a photo in a feed: grants, bytes, publishing, variants."""

import asyncio
import base64
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from PIL import Image
from sqlalchemy import func, select, text, update

from schema.nodes import parsed
from server import parts
from storage import jobs, variants
from storage.rows import PhotoId
from storage.tables import photos, uploads
from tests.conftest import Errors
from tests.making import make_follow
from workers.images import Crashed, Limits, Rejected, Studio
from workers.outcomes import Outcome
from workers.variants import Workshop, make

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

CREATE = """
mutation($input: CreateUploadInput!) { createUpload(input: $input) {
  upload { id expiresAt request { method url headers { name value } } }
  errors { code message path }
} }
"""
PUBLISH = """
mutation($input: PublishPhotoInput!) { publishPhoto(input: $input) {
  photo { id status title caption altText tags visibility location { latitude longitude name } }
  errors { code message path }
} }
"""
PHOTO = """
query($id: ID!) { node(id: $id) { ... on Photo {
  status width height blurhash dominantColor takenAt failure { code message retryable }
  variants { name url width height contentType byteSize }
} } }
"""


def picture(color: str = "teal", size: tuple[int, int] = (640, 480), form: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, form)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Desk:
    """Uploads as a client does."""

    ask: object
    http: httpx.AsyncClient

    async def create(self, viewer, data, **changed):
        input = {
            "contentType": "image/jpeg",
            "byteSize": len(data),
            "checksumSha256": base64.b64encode(hashlib.sha256(data).digest()).decode(),
        } | changed
        return (await self.ask(CREATE, viewer=viewer, input=input))["createUpload"]

    async def put(self, upload, data):
        request = upload["request"]
        headers = {header["name"]: header["value"] for header in request["headers"]}
        return await self.http.request(
            request["method"], request["url"], headers=headers, content=data
        )

    async def publish(self, viewer, upload_id, **more):
        input = {"uploadId": upload_id, **more}
        return (await self.ask(PUBLISH, viewer=viewer, input=input))["publishPhoto"]

    async def publish_file(self, viewer, data, **more):
        upload = (await self.create(viewer, data))["upload"]
        assert (await self.put(upload, data)).status_code == 200
        answer = await self.publish(viewer, upload["id"], **more)
        assert answer["errors"] == []
        return answer["photo"]["id"]


@pytest_asyncio.fixture
async def desk(ask):
    async with httpx.AsyncClient() as http:
        yield Desk(ask, http)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio():
    async with Studio(Limits(), children=1) as opened:
        yield opened


@pytest.fixture
def workshop(database, objects, studio):
    return Workshop(database, objects, studio)


def key_of(id: str) -> PhotoId:
    found = parsed(id)
    assert found is not None
    return PhotoId(found[1])


async def counted(database, query):
    async with database.connect() as connection:
        return (await connection.execute(query)).scalar_one()


async def jobs_of(database, id):
    query = text("select count(*) from pgqueuer where payload = :payload")
    return await counted(database, query.bindparams(payload=key_of(id).bytes))


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


async def test_publishing_keeps_what_the_owner_said(desk, ann):
    data = picture("gold")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)

    answer = await desk.publish(
        ann,
        upload["id"],
        title=" Gold ",
        caption="a\nb",
        tags=["#Sea", "sea", "Ärger_1"],
        visibility="FOLLOWERS",
        location={"latitude": -90, "longitude": 180},
    )

    assert answer["photo"] | {"id": ""} == {
        "id": "",
        "status": "PROCESSING",
        "title": "Gold",
        "caption": "a\nb",
        "altText": "",
        "tags": ["sea", "ärger_1"],
        "visibility": "FOLLOWERS",
        "location": {"latitude": -90.0, "longitude": 180.0, "name": None},
    }


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
    link = "query($id: ID!) { node(id: $id) { ... on Photo { originalUrl } } }"
    url = (await ask(link, viewer=ann, id=id))["node"]["originalUrl"]
    assert (await desk.http.get(url)).content == data
    assert (await desk.http.get(url.partition("?")[0])).status_code in {400, 401, 403}


async def test_publishing_one_upload_many_times_makes_one_photo(database, desk, objects, ann):
    data = picture("olive")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)
    before = set(await objects.keys("originals/"))

    answers = await asyncio.gather(*(desk.publish(ann, upload["id"]) for _ in range(8)))
    answers.append(await desk.publish(ann, upload["id"], title="Too late"))

    ids = {answer["photo"]["id"] for answer in answers}
    assert len(ids) == 1
    assert answers[-1]["photo"]["title"] == ""
    assert len(set(await objects.keys("originals/")) - before) == 1
    assert await jobs_of(database, ids.pop()) == 1


async def test_an_idempotency_key_gives_the_same_upload(database, desk, ann, bob):
    data = picture("navy")

    first = await desk.create(ann, data, idempotencyKey="k")
    again = await desk.create(ann, data, idempotencyKey="k")
    other_file = await desk.create(ann, picture("pink"), idempotencyKey="k")
    other_user = await desk.create(bob, data, idempotencyKey="k")
    at_once = await asyncio.gather(
        *(desk.create(ann, data, idempotencyKey="parallel") for _ in range(8))
    )

    assert first["upload"]["id"] == again["upload"]["id"]
    assert first["upload"]["expiresAt"] == again["upload"]["expiresAt"]
    assert other_file["upload"] is None
    assert other_file["errors"][0]["code"] == "CONFLICT"
    assert other_user["upload"]["id"] != first["upload"]["id"]
    assert len({answer["upload"]["id"] for answer in at_once}) == 1
    query = select(func.count()).where(uploads.c.user_id == ann.key)
    assert await counted(database, query) == 2


async def test_a_late_repetition_can_still_send_its_bytes(database, desk, ann):
    data = picture("silver")
    first = (await desk.create(ann, data, idempotencyKey="k"))["upload"]
    await _expire(database, first["id"])

    again = (await desk.create(ann, data, idempotencyKey="k"))["upload"]

    assert again["id"] == first["id"]
    assert (await desk.put(again, data)).status_code == 200
    assert (await desk.publish(ann, again["id"]))["errors"] == []


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"contentType": "text/html"}, "UNSUPPORTED_TYPE", "contentType"),
        ({"contentType": "image/svg+xml"}, "UNSUPPORTED_TYPE", "contentType"),
        ({"byteSize": 0}, "INVALID", "byteSize"),
        ({"byteSize": -1}, "INVALID", "byteSize"),
        ({"byteSize": 2**31 - 1}, "TOO_LARGE", "byteSize"),
        ({"checksumSha256": "abc"}, "INVALID", "checksumSha256"),
        ({"checksumSha256": "é" * 44}, "INVALID", "checksumSha256"),
        ({"filename": "x" * 256}, "TOO_LONG", "filename"),
        ({"filename": "a\nb"}, "INVALID", "filename"),
        ({"idempotencyKey": " "}, "INVALID", "idempotencyKey"),
        ({"idempotencyKey": "k" * 256}, "TOO_LONG", "idempotencyKey"),
    ],
)
async def test_a_grant_is_refused_with_the_reason(database, desk, ann, changed, code, field):
    answer = await desk.create(ann, picture(), **changed)

    assert answer["upload"] is None
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [
        (code, ["input", field])
    ]
    assert await counted(database, select(func.count()).where(uploads.c.user_id == ann.key)) == 0


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"title": "x" * 101}, "TOO_LONG", ["title"]),
        ({"caption": "x" * 2_201}, "TOO_LONG", ["caption"]),
        ({"altText": "x" * 1_001}, "TOO_LONG", ["altText"]),
        ({"tags": ["two words"]}, "INVALID", ["tags"]),
        ({"tags": ["#"]}, "INVALID", ["tags"]),
        ({"tags": ["x" * 51]}, "TOO_LONG", ["tags"]),
        ({"tags": [f"t{number}" for number in range(31)]}, "TOO_LONG", ["tags"]),
        ({"location": {"latitude": 90.1, "longitude": 0}}, "INVALID", ["location", "latitude"]),
        ({"location": {"latitude": 0, "longitude": -181}}, "INVALID", ["location", "longitude"]),
    ],
)
async def test_publishing_is_refused_with_the_reason(
    database, desk, objects, ann, changed, code, field
):
    data = picture("tan")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)

    answer = await desk.publish(ann, upload["id"], **changed)

    assert answer["photo"] is None
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [
        (code, ["input", *field])
    ]
    await _nothing_is_published(database, ann)


async def _nothing_is_published(database, owner):
    assert await counted(database, select(func.count()).where(photos.c.owner_id == owner.key)) == 0


async def _expire(database, id, *, wholly=False):
    past = func.now() - text("interval '1 second'")
    over = {"expires_at": past} | ({"publish_until": past} if wholly else {})
    async with database.begin() as tx:
        await tx.execute(update(uploads).where(uploads.c.id == parsed(id)[1]).values(over))


async def _code(desk, viewer, upload_id):
    answer = await desk.publish(viewer, upload_id)
    assert answer["photo"] is None
    assert answer["errors"][0]["path"] == ["input", "uploadId"]
    return answer["errors"][0]["code"]


async def test_only_what_has_arrived_can_be_published(database, desk, objects, ann, bob):
    data = picture("red")
    before = set(await objects.keys("originals/"))
    upload = (await desk.create(ann, data))["upload"]

    assert await _code(desk, ann, upload["id"]) == "MISSING_OBJECT"
    await desk.put(upload, data)
    assert await _code(desk, bob, upload["id"]) == "NOT_FOUND"
    assert await _code(desk, ann, "nonsense") == "NOT_FOUND"
    assert await _code(desk, ann, upload["id"].replace("upload", "photo")) == "NOT_FOUND"
    await _expire(database, upload["id"], wholly=True)
    assert await _code(desk, ann, upload["id"]) == "EXPIRED"

    await _nothing_is_published(database, ann)
    assert set(await objects.keys("originals/")) == before


async def test_an_upload_that_never_came_expires_and_one_that_came_waits(database, desk, ann):
    data = picture("blue")
    never, came = [(await desk.create(ann, data))["upload"] for _ in range(2)]
    await desk.put(came, data)
    for upload in (never, came):
        await _expire(database, upload["id"])

    assert await _code(desk, ann, never["id"]) == "EXPIRED"
    assert (await desk.publish(ann, came["id"]))["errors"] == []


async def test_other_bytes_than_promised_are_not_published(database, desk, objects, ann):
    data = picture("lime")
    upload = (await desk.create(ann, data))["upload"]
    id = parsed(upload["id"])[1]
    key = await counted(database, select(uploads.c.staging_key).where(uploads.c.id == id))
    # A store that enforces nothing at all.
    await objects.write(key, data + b"more", "image/jpeg")

    answer = await desk.publish(ann, upload["id"])

    assert answer["errors"] == [
        {
            "code": "INVALID",
            "message": f"{len(data) + 4:,} bytes arrived; {len(data):,} were promised",
            "path": ["input", "uploadId"],
        }
    ]
    await _nothing_is_published(database, ann)


async def test_changing_the_staged_bytes_later_does_not_change_the_photo(
    database, desk, workshop, ask, ann
):
    data = picture("teal")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)
    id = (await desk.publish(ann, upload["id"]))["photo"]["id"]
    swapped = bytes(len(data))

    # The grant names the checksum; where a store does not check it, the copy is already made.
    await desk.put(upload, swapped)

    assert await make(workshop, key_of(id)) is Outcome.DONE
    link = "query($id: ID!) { node(id: $id) { ... on Photo { originalUrl } } }"
    url = (await ask(link, viewer=ann, id=id))["node"]["originalUrl"]
    assert (await desk.http.get(url)).content == data


async def _failure(ask, viewer, id):
    node = (await ask(PHOTO, viewer=viewer, id=id))["node"]
    assert (node["status"], node["variants"]) == ("FAILED", [])
    return node["failure"]


async def test_bytes_with_another_checksum_fail(database, desk, workshop, objects, ask, ann):
    data = picture("coral")
    id = await desk.publish_file(ann, data)
    query = select(photos.c.original_key).where(photos.c.id == key_of(id))
    key = await counted(database, query)
    await objects.write(key, bytes(len(data)), "image/jpeg")

    assert await make(workshop, key_of(id)) is Outcome.NEVER

    failure = await _failure(ask, ann, id)
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

    failure = await _failure(ask, ann, id)
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
    failure = await _failure(ask, ann, id)
    assert (failure["code"], failure["retryable"]) == ("PROCESSING_ERROR", True)


async def test_a_picture_whose_worker_dies_three_times_fails(database, desk, workshop, ask, ann):
    id = await desk.publish_file(ann, picture("gray"))
    for _ in range(3):
        # What a killed worker leaves behind: an attempt that never reports back.
        async with database.begin() as tx:
            await variants.begin_attempt(tx, key_of(id))

    assert await make(workshop, key_of(id)) is Outcome.NEVER
    assert (await _failure(ask, ann, id))["code"] == "PROCESSING_ERROR"


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


async def test_a_job_is_enqueued_only_with_its_photo(database, desk, monkeypatch, client, ann):
    data = picture("khaki")
    upload = (await desk.create(ann, data))["upload"]
    await desk.put(upload, data)

    async def broken(tx, id):
        raise RuntimeError("no queue")

    monkeypatch.setattr(jobs, "make_variants", broken)
    with pytest.raises(Errors) as caught:
        await desk.publish(ann, upload["id"])
    monkeypatch.undo()

    assert caught.value.codes == ["INTERNAL_SERVER_ERROR"]
    await _nothing_is_published(database, ann)
    assert (await desk.publish(ann, upload["id"]))["errors"] == []
