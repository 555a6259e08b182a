"""Avatars: from an upload to squares, what stays meanwhile, and what is left afterwards."""

import asyncio
import contextlib
import io

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from storage import jobs as enqueue
from storage.objects import StoreUnavailable
from storage.reached import Unavailable
from storage.rows import AvatarId, PhotoStatus
from storage.tables import avatars as table
from storage.tables import uploads
from tests.making import make_block, make_person, make_private
from tests.profiles.conftest import picture
from tests.profiles.operations import AVATAR, CHOOSE
from tests.storing import Breaking, BreakingDatabase, BreakingObjects, Died, every_object
from workers.avatars import make
from workers.images import Crashed
from workers.outcomes import Outcome
from workers.variants import Workshop

PUBLISH = """
mutation($id: ID!) { publishPhoto(input: {uploadId: $id}) { photo { id } errors { code path } } }
"""
ERRORS = (StoreUnavailable("away"), Unavailable("away"), Died("killed"), RuntimeError("a bug"))
URL = "query($id: ID!, $size: Int!) { node(id: $id) { ... on User { avatarUrl(size: $size) } } }"


@pytest.fixture
def choose(ask):
    async def choose(viewer, id):
        return (await ask(CHOOSE, viewer=viewer, id=id))["updateProfile"]

    return choose


@pytest.fixture
def shown(ask):
    async def shown(person, viewer=None):
        return (await ask(AVATAR, viewer=viewer or person, id=person.id))["node"]

    return shown


@pytest.fixture
def chosen(database, arrived, choose):
    """A picture chosen as an avatar, and the key of its row."""

    async def chosen(person, data=None):
        upload = await arrived(person, data)
        assert (await choose(person, upload.id))["errors"] == []
        return await row_of(database, upload)

    return chosen


async def row_of(database, upload) -> AvatarId:
    async with database.connect() as connection:
        query = select(table.c.id).where(table.c.upload_id == upload.row.id)
        return (await connection.execute(query)).scalar_one()


async def total(database, query):
    async with database.connect() as connection:
        return (await connection.execute(query)).scalar_one()


async def rows(database, person):
    return await total(database, select(func.count()).where(table.c.user_id == person.key))


async def test_a_picture_becomes_an_avatar(database, workshop, fetched, shown, chosen, ann):
    assert await shown(ann) == {"avatarUrl": None, "avatarStatus": None, "avatarFailure": None}
    id = await chosen(ann, picture("navy", (900, 600)))
    assert await shown(ann) == {
        "avatarUrl": None,
        "avatarStatus": "PROCESSING",
        "avatarFailure": None,
    }

    assert await make(workshop, id) is Outcome.DONE
    assert await make(workshop, id) is Outcome.NOTHING

    ready = await shown(ann)
    assert (ready["avatarStatus"], ready["avatarFailure"]) == ("READY", None)
    served = await fetched(ready["avatarUrl"])
    assert served.status_code == 200
    assert served.headers["content-type"] == "image/webp"
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(served.content)).size == (128, 128)


@pytest.mark.parametrize(
    ("edge", "size", "found"),
    [
        (900, 1, 64),
        (900, 64, 64),
        (900, 65, 128),
        (900, 512, 512),
        (900, 5000, 512),
        (900, -1, 64),
        (100, 128, 100),
        (100, 512, 100),
        (100, 40, 64),
        (30, 128, 30),
    ],
)
async def test_the_smallest_square_that_is_enough(
    ask, workshop, fetched, chosen, ann, edge, size, found
):
    await make(workshop, await chosen(ann, picture("navy", (edge, edge + 50))))

    url = (await ask(URL, id=ann.id, size=size))["node"]["avatarUrl"]

    assert Image.open(io.BytesIO((await fetched(url)).content)).size == (found, found)


async def test_everyone_sees_it_but_those_a_block_hides(
    database, workshop, fetched, shown, chosen, ann, bob, cid
):
    await make(workshop, await chosen(ann))
    await make_private(database, ann)
    await make_block(database, by=ann, of=cid)
    own = await shown(ann)

    assert await shown(ann, viewer=bob) == {
        "avatarUrl": own["avatarUrl"],
        "avatarStatus": None,
        "avatarFailure": None,
    }
    assert await shown(ann, viewer=cid) is None
    assert (await fetched(own["avatarUrl"])).status_code == 200


async def test_the_avatar_of_before_stays_until_the_next_is_ready(
    objects, jobs, workshop, fetched, shown, chosen, choose, arrived, ann
):
    nothing = await every_object(objects)
    await make(workshop, await chosen(ann, picture("red")))
    first = await shown(ann)

    second = await chosen(ann, picture("blue"))
    assert await shown(ann) == first | {"avatarStatus": "PROCESSING"}
    assert (await fetched(first["avatarUrl"])).status_code == 200
    await make(workshop, second)

    after = await shown(ann)
    assert after["avatarUrl"] != first["avatarUrl"]
    await jobs.run()
    assert (await fetched(first["avatarUrl"])).status_code == 404
    assert (await fetched(after["avatarUrl"])).status_code == 200
    # The original and four squares of the second; nothing of the first.
    assert len(await every_object(objects) - nothing) == 5


async def test_an_avatar_can_be_removed_with_every_byte(
    database, objects, jobs, workshop, shown, chosen, choose, ann
):
    nothing = await every_object(objects)
    await make(workshop, await chosen(ann))
    await chosen(ann, picture("gold"))

    for _ in range(2):
        answer = await choose(ann, None)
        assert answer["errors"] == []
        assert answer["user"]["avatarUrl"] is None

    assert await shown(ann) == {"avatarUrl": None, "avatarStatus": None, "avatarFailure": None}
    assert await rows(database, ann) == 0
    assert await total(database, select(func.count()).where(uploads.c.user_id == ann.key)) == 0
    await jobs.run()
    assert await every_object(objects) == nothing


async def test_the_avatar_stays_when_it_is_not_spoken_of(ask, workshop, shown, chosen, ann):
    await make(workshop, await chosen(ann))
    before = await shown(ann)

    await ask('mutation { updateProfile(input: {bio: "Hm"}) { errors { code } } }', viewer=ann)

    assert await shown(ann) == before


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"This is a text, whatever its name says.", "UNSUPPORTED_FORMAT"),
        (picture(size=(64, 64))[:-300], "CORRUPT_IMAGE"),
    ],
)
async def test_what_is_no_picture_leaves_the_avatar_and_says_why(
    objects, jobs, workshop, shown, chosen, ann, bob, data, code
):
    await make(workshop, await chosen(ann))
    before = await shown(ann)

    id = await chosen(ann, data)
    assert await make(workshop, id) is Outcome.NEVER

    after = await shown(ann)
    assert (after["avatarUrl"], after["avatarStatus"]) == (before["avatarUrl"], "FAILED")
    assert (after["avatarFailure"]["code"], after["avatarFailure"]["retryable"]) == (code, False)
    assert after["avatarFailure"]["message"]
    assert (await shown(ann, viewer=bob))["avatarFailure"] is None
    await make(workshop, await chosen(ann, picture("pink")))
    assert (await shown(ann))["avatarStatus"] == "READY"


async def test_an_upload_is_chosen_once(database, objects, choose, arrived, jobs, ann):
    upload = await arrived(ann)
    before = await every_object(objects)

    answers = await asyncio.gather(*(choose(ann, upload.id) for _ in range(8)))

    assert [answer["errors"] for answer in answers] == [[]] * 8
    assert await rows(database, ann) == 1
    assert await jobs.kinds() == ["make_avatar", "remove_objects"]
    assert len(await every_object(objects) - before) == 1


async def test_a_late_repetition_changes_nothing(objects, choose, arrived, jobs, shown, ann):
    upload = await arrived(ann)
    await choose(ann, upload.id)
    await jobs.run()
    assert await objects.head(upload.row.staging_key) is None
    before = await shown(ann)

    assert (await choose(ann, upload.id))["errors"] == []

    assert await shown(ann) == before
    assert await jobs.kinds() == []


async def test_of_several_pictures_chosen_at_once_one_stays(
    database, objects, choose, arrived, jobs, workshop, shown, ann
):
    nothing = await every_object(objects)
    uploads = [await arrived(ann, picture(color)) for color in ("red", "blue", "gold", "pink")]

    answers = await asyncio.gather(*(choose(ann, upload.id) for upload in uploads))

    assert [answer["errors"] for answer in answers] == [[]] * 4
    assert await rows(database, ann) == 1
    await jobs.run()
    assert (await shown(ann))["avatarStatus"] == "READY"
    assert len(await every_object(objects) - nothing) == 5


async def _refusal(choose, database, viewer, id):
    answer = await choose(viewer, id)
    assert answer["user"] is None
    [error] = answer["errors"]
    assert error["path"] == ["input", "avatarUploadId"]
    assert await rows(database, viewer) == 0
    return error["code"]


async def test_only_an_upload_of_one_s_own_that_arrived_can_be_chosen(
    database, objects, choose, arrived, ann, bob
):
    upload = await arrived(ann)
    kept = await every_object(objects)

    assert await _refusal(choose, database, bob, upload.id) == "NOT_FOUND"
    assert await _refusal(choose, database, ann, "nonsense") == "NOT_FOUND"
    assert await _refusal(choose, database, ann, ann.id) == "NOT_FOUND"
    await objects.write(upload.row.staging_key, upload.data + b"more", "image/jpeg")
    assert await _refusal(choose, database, ann, upload.id) == "INVALID"
    await objects.delete(upload.row.staging_key)
    assert await _refusal(choose, database, ann, upload.id) == "MISSING_OBJECT"
    await objects.write(upload.row.staging_key, upload.data, "image/jpeg")
    past = func.now() - func.make_interval(0, 0, 0, 1)
    async with database.begin() as tx:
        over = update(uploads).where(uploads.c.id == upload.row.id)
        await tx.execute(over.values(expires_at=past, publish_until=past))
    assert await _refusal(choose, database, ann, upload.id) == "EXPIRED"
    assert await every_object(objects) == kept


async def test_a_refused_change_leaves_the_rest_as_it_is(ask, database, arrived, ann):
    change = """
    mutation($id: ID) { updateProfile(input: {bio: "Hm", avatarUploadId: $id}) {
      errors { code path }
    } }
    """
    answer = await ask(change, viewer=ann, id="upload_" + "0" * 32)

    assert answer["updateProfile"]["errors"] == [
        {"code": "NOT_FOUND", "path": ["input", "avatarUploadId"]}
    ]
    assert (await ask("{ viewer { bio } }", viewer=ann))["viewer"] == {"bio": ""}


async def test_an_upload_becomes_a_photo_or_an_avatar(database, ask, choose, arrived, ann):
    as_photo, as_avatar = await arrived(ann), await arrived(ann)
    await ask(PUBLISH, viewer=ann, id=as_photo.id)

    assert await _refusal(choose, database, ann, as_photo.id) == "CONFLICT"
    assert (await choose(ann, as_avatar.id))["errors"] == []
    answer = await ask(PUBLISH, viewer=ann, id=as_avatar.id)
    assert answer["publishPhoto"] == {
        "photo": None,
        "errors": [{"code": "CONFLICT", "path": ["input", "uploadId"]}],
    }


async def test_chosen_and_published_at_once_it_becomes_one_of_the_two(
    database, objects, ask, choose, arrived, ann
):
    for _ in range(5):
        upload = await arrived(ann)
        before = await every_object(objects)
        avatar, photo = await asyncio.gather(
            choose(ann, upload.id), ask(PUBLISH, viewer=ann, id=upload.id)
        )
        codes = [
            [error["code"] for error in payload["errors"]]
            for payload in (avatar, photo["publishPhoto"])
        ]
        assert sorted(codes) == [[], ["CONFLICT"]]
        assert len(await every_object(objects) - before) == 1
        await choose(ann, None)


async def test_an_upload_of_an_avatar_that_was_replaced_is_gone(
    database, workshop, choose, arrived, ann
):
    first = await arrived(ann)
    await choose(ann, first.id)
    await choose(ann, (await arrived(ann)).id)

    answer = await choose(ann, first.id)

    assert [error["code"] for error in answer["errors"]] == ["NOT_FOUND"]


class Broken:
    """A studio in which every picture goes wrong in the same way."""

    async def squares(self, data):
        raise Crashed("killed by SIGKILL")


async def test_a_picture_that_kills_its_decoder_fails_and_can_be_chosen_again(
    database, objects, workshop, shown, choose, arrived, ann
):
    upload = await arrived(ann)
    await choose(ann, upload.id)
    id = await row_of(database, upload)
    broken = Workshop(database, objects, Broken())

    outcomes = [await make(broken, id) for _ in range(4)]

    assert outcomes == [Outcome.AGAIN, Outcome.AGAIN, Outcome.NEVER, Outcome.NOTHING]
    assert (await shown(ann))["avatarFailure"]["retryable"] is True
    assert (await choose(ann, upload.id))["user"]["avatarStatus"] == "PROCESSING"
    assert await make(workshop, id) is Outcome.DONE
    assert (await shown(ann))["avatarStatus"] == "READY"


async def test_bytes_with_another_checksum_fail(database, objects, workshop, shown, chosen, ann):
    id = await chosen(ann)
    key = await total(database, select(table.c.original_key).where(table.c.id == id))
    size = await total(database, select(table.c.byte_size).where(table.c.id == id))
    await objects.write(key, bytes(size), "image/jpeg")

    assert await make(workshop, id) is Outcome.NEVER

    assert (await shown(ann))["avatarFailure"]["code"] == "CHECKSUM_MISMATCH"


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_broken_off_anywhere_and_run_again_it_does_the_same(
    database, objects, jobs, studio, workshop, shown, chosen, choose, ann, error, takes_effect
):
    nothing = await every_object(objects)
    for at in range(1, 20):
        id = await chosen(ann)
        breaking = Breaking(error, at, takes_effect=takes_effect)
        frail = Workshop(
            BreakingDatabase(database, breaking), BreakingObjects(objects, breaking), studio
        )
        with contextlib.suppress(Died, RuntimeError, StoreUnavailable):
            await make(frail, id)
        if await make(workshop, id) is Outcome.NOTHING:
            status = select(table.c.status).where(table.c.id == id)
            assert await total(database, status) is PhotoStatus.READY
        assert (await shown(ann))["avatarStatus"] == "READY"
        if not breaking.has_broken:
            break
    else:
        raise AssertionError("it never came to its end")
    await choose(ann, None)
    await jobs.run()
    assert await every_object(objects) == nothing


async def test_a_late_worker_leaves_nothing_of_a_removed_avatar(
    database, objects, jobs, studio, choose, chosen, shown, ann
):
    nothing = await every_object(objects)
    id = await chosen(ann)
    started, resume = asyncio.Event(), asyncio.Event()

    class Frozen:
        async def squares(self, data):
            made = await studio.squares(data)
            started.set()
            await resume.wait()
            return made

    late = asyncio.create_task(make(Workshop(database, objects, Frozen()), id))
    await started.wait()
    await choose(ann, None)
    await jobs.run()
    resume.set()

    assert await late is Outcome.NOTHING
    assert (await shown(ann))["avatarUrl"] is None
    assert await every_object(objects) == nothing


async def test_a_job_is_enqueued_only_with_its_avatar(
    database, objects, monkeypatch, ask, choose, arrived, ann
):
    upload = await arrived(ann)
    before = await every_object(objects)

    async def broken(tx, id):
        raise RuntimeError("no queue")

    monkeypatch.setattr(enqueue, "make_avatar", broken)
    with pytest.raises(Exception, match="INTERNAL_SERVER_ERROR"):
        await choose(ann, upload.id)
    monkeypatch.undo()

    assert await rows(database, ann) == 0
    assert await every_object(objects) == before


@pytest.mark.parametrize("size", [1, 20])
async def test_the_avatars_of_a_list_cost_no_statement(database, settings, ask_counted, ann, size):
    for number in range(size):
        await make_person(database, settings, f"a{number}")
    query = f"{{ users(first: {size}) {{ edges {{ node {{ avatarUrl }} }} }} }}"

    data, statements = await ask_counted(query, viewer=ann)

    assert (len(data["users"]["edges"]), statements) == (size, 1)
