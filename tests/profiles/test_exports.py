"""An export holds what is kept of its user and nothing of others, for a while."""

import asyncio
import contextlib
import io
import json
import zipfile

import httpx
import pytest
from sqlalchemy import func, select, update

from storage import belongings, exports
from storage.objects import StoreUnavailable
from storage.reached import Unavailable
from storage.tables import exports as table
from storage.tables import photos
from tests.conftest import Errors
from tests.making import (
    make_block,
    make_comment,
    make_follow,
    make_like,
    make_person,
    make_photo,
    make_private,
)
from tests.profiles.conftest import picture
from tests.profiles.operations import CHOOSE, RENAME
from tests.storing import Breaking, BreakingDatabase, BreakingObjects, Died, every_object, scalar
from workers.exports import make
from workers.outcomes import Outcome

REQUEST = """
mutation { requestExport { dataExport { status url expiresAt } errors { code } } }
"""
EXPORT = "{ dataExport { status requestedAt byteSize expiresAt url } }"
PUBLISH = """
mutation($id: ID!) { publishPhoto(input: {uploadId: $id, title: "Dusk", tags: ["sea"]}) {
  photo { id } errors { code }
} }
"""


@pytest.fixture
def request_export(ask):
    async def request_export(person):
        answer = (await ask(REQUEST, viewer=person))["requestExport"]
        assert answer["errors"] == []
        return answer["dataExport"]

    return request_export


@pytest.fixture
def export(ask):
    async def export(person):
        return (await ask(EXPORT, viewer=person))["dataExport"]

    return export


@pytest.fixture
def opened(export):
    async def opened(person) -> zipfile.ZipFile:
        async with httpx.AsyncClient() as http:
            answer = await http.get((await export(person))["url"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/zip"
        assert "picshare-export.zip" in answer.headers["content-disposition"]
        return zipfile.ZipFile(io.BytesIO(answer.content))

    return opened


async def test_it_holds_everything_of_one_s_own(
    database, ask, jobs, request_export, export, opened, signed_up, arrived, bob, cid
):
    person = await signed_up("taker_one")
    await ask(RENAME, viewer=person, username="taker_two")
    upload = await arrived(person, filename="a/b: dusk.jpg")
    published = await ask(PUBLISH, viewer=person, id=upload.id)
    own = published["publishPhoto"]["photo"]["id"]
    avatar = await arrived(person, picture("gold"))
    await ask(CHOOSE, viewer=person, id=avatar.id)
    await jobs.run("make_variants", "make_avatar")
    theirs = await make_photo(database, bob)
    await make_like(database, by=person, of=theirs)
    comment = await make_comment(database, by=bob, of=theirs, body="Of Bob")
    reply = await make_comment(database, by=person, of=theirs, to=comment, body="Mine")
    await make_follow(database, by=person, of=bob)
    await make_follow(database, by=bob, of=person)
    await make_block(database, by=person, of=cid)
    assert await export(person) is None

    assert await request_export(person) == {"status": "PROCESSING", "url": None, "expiresAt": None}
    assert (await export(person))["status"] == "PROCESSING"
    await jobs.run("export_account")

    ready = await export(person)
    assert ready["status"] == "READY"
    archive = await opened(person)
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    [profile] = manifest["profile"]
    assert (profile["id"], profile["username"], profile["email"]) == (
        person.id,
        "taker_two",
        "taker_one@example.org",
    )
    [photo] = manifest["photos"]
    assert (photo["id"], photo["title"], photo["tags"]) == (own, "Dusk", ["sea"])
    assert (photo["status"], photo["visibility"], photo["width"]) == ("READY", "PUBLIC", 640)
    assert [like["photoId"] for like in manifest["likes"]] == [theirs.id]
    [mine] = manifest["comments"]
    assert (mine["id"], mine["parentId"], mine["body"]) == (reply.id, comment.id, "Mine")
    assert [each["username"] for each in manifest["following"]] == [bob.username]
    assert [each["id"] for each in manifest["followers"]] == [bob.id]
    assert [each["id"] for each in manifest["blocked"]] == [cid.id]
    assert [each["username"] for each in manifest["formerUsernames"]] == ["taker_one"]
    assert len(manifest["sessions"]) == 1
    assert manifest["lostOriginals"] == []
    files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    assert files.pop(f"originals/{own}/a_b_ dusk.jpg") == upload.data
    assert files.pop("manifest.json")
    [(name, data)] = files.items()
    assert name.startswith("originals/avatar_")
    assert data == avatar.data


async def test_it_tells_no_secrets_and_nothing_of_others(
    database, ask, jobs, request_export, opened, signed_up, bob
):
    person = await signed_up("taker_three")
    await make_comment(database, by=bob, of=await make_photo(database, bob), body="A canary")
    await request_export(person)
    await jobs.run("export_account")

    text = (await opened(person)).read("manifest.json").decode()

    assert "argon2" not in text
    assert person.token not in text
    assert "canary" not in text
    assert "original_key" not in text
    assert bob.username not in text


async def test_pages_of_every_section_meet(
    database, settings, monkeypatch, jobs, request_export, opened, ann
):
    monkeypatch.setattr(belongings, "PAGE", 2)
    people = [await make_person(database, settings, f"p{number}") for number in range(5)]
    shared = [await make_photo(database, person) for person in people]
    for person, photo in zip(people, shared, strict=True):
        await make_follow(database, by=ann, of=person)
        await make_like(database, by=ann, of=photo)
    for _ in range(4):
        await make_photo(database, ann)
    await make_private(database, ann)
    await make_follow(database, by=people[0], of=ann)

    await request_export(ann)
    await jobs.run("export_account")

    manifest = json.loads((await opened(ann)).read("manifest.json"))
    assert {each["id"] for each in manifest["following"]} == {person.id for person in people}
    assert {each["photoId"] for each in manifest["likes"]} == {photo.id for photo in shared}
    assert len(manifest["photos"]) == 4
    # Their objects were never written.
    assert len(manifest["lostOriginals"]) == 4
    assert [each["id"] for each in manifest["requestsReceived"]] == [people[0].id]


async def test_one_runs_at_a_time_and_the_next_takes_its_place(
    database, objects, jobs, request_export, export, ann
):
    others = await every_object(objects)
    await asyncio.gather(*(request_export(ann) for _ in range(6)))
    assert await jobs.kinds() == ["export_account"]
    await jobs.run("export_account")
    first = await export(ann)
    assert (await request_export(ann))["status"] == "PROCESSING"
    await jobs.run("export_account")

    second = await export(ann)

    assert second["status"] == "READY"
    assert second["url"].partition("?")[0] != first["url"].partition("?")[0]
    async with httpx.AsyncClient() as http:
        await jobs.run()
        assert (await http.get(first["url"])).status_code == 404
    # The file is removed in the end, whoever asks or not.
    assert await every_object(objects) == others


async def test_an_export_ends(database, jobs, request_export, export, ann):
    await request_export(ann)
    await jobs.run("export_account")
    async with database.begin() as tx:
        own = update(table).where(table.c.user_id == ann.key)
        await tx.execute(own.values(expires_at=func.now()))

    assert await export(ann) is None
    assert (await request_export(ann))["status"] == "PROCESSING"


async def test_it_is_for_its_user_alone(jobs, request_export, export, ann, bob):
    await request_export(ann)
    await jobs.run("export_account")

    assert await export(bob) is None
    for operation in (EXPORT, REQUEST):
        with pytest.raises(Errors) as caught:
            await (export if operation is EXPORT else request_export)(None)
        assert caught.value.codes == ["UNAUTHENTICATED"]


class Frail(BreakingObjects):
    """Breaks in every call but the one that streams."""

    def __init__(self, objects, breaking):
        super().__init__(objects, breaking)
        self.stream = objects.stream


ERRORS = (StoreUnavailable("away"), Unavailable("away"), Died("killed"), RuntimeError("a bug"))


@pytest.mark.parametrize("takes_effect", [False, True])
async def test_broken_off_anywhere_and_run_again_it_does_the_same(
    database, objects, ask, jobs, request_export, export, opened, arrived, ann, takes_effect
):
    upload = await arrived(ann)
    await ask(PUBLISH, viewer=ann, id=upload.id)
    for at in range(1, 20):
        await request_export(ann)
        breaking = Breaking(ERRORS[at % 4], at, takes_effect=takes_effect)
        frail = BreakingDatabase(database, breaking), Frail(objects, breaking)
        with contextlib.suppress(Died, RuntimeError, StoreUnavailable):
            await make(*frail, ann.key)
        await make(database, objects, ann.key)
        assert (await export(ann))["status"] == "READY"
        assert len((await opened(ann)).infolist()) == 2
        if not breaking.has_broken:
            break
    else:
        raise AssertionError("it never came to its end")


async def test_one_that_crashes_again_and_again_fails(
    database, objects, request_export, export, ann
):
    await request_export(ann)
    for _ in range(3):
        # What a killed worker leaves behind: an attempt that never reports back.
        async with database.begin() as tx:
            await exports.begin_attempt(tx, ann.key)

    assert await make(database, objects, ann.key) is Outcome.NEVER

    failed = await export(ann)
    assert (failed["status"], failed["url"]) == ("FAILED", None)
    assert (await request_export(ann))["status"] == "PROCESSING"


async def test_a_late_worker_leaves_nothing_of_an_export_that_is_gone(
    database, objects, jobs, request_export, export, ann
):
    others = await every_object(objects)
    await request_export(ann)

    class Withdrawn:
        def __getattr__(self, name):
            return getattr(objects, name)

        async def write_file(self, *arguments):
            await objects.write_file(*arguments)
            async with database.begin() as tx:
                await exports.withdraw(tx, ann.key)
            await jobs.run("remove_objects")
            await objects.write_file(*arguments[:1], io.BytesIO(b"late"), 4, arguments[3])

    assert await make(database, Withdrawn(), ann.key) is Outcome.NOTHING

    assert await export(ann) is None
    assert await every_object(objects) == others


async def test_a_large_original_is_streamed(database, objects, jobs, request_export, opened, ann):
    photo = await make_photo(database, ann)
    size = 12 * 1024**2
    async with database.begin() as tx:
        own = update(photos).where(photos.c.id == photo.key)
        await tx.execute(own.values(byte_size=size, filename="large.jpg"))
    key = await scalar(database, select(photos.c.original_key).where(photos.c.id == photo.key))
    await objects.write(key, b"\x01" * size, "image/jpeg")

    await request_export(ann)
    await jobs.run("export_account")

    archive = await opened(ann)
    assert archive.getinfo(f"originals/{photo.id}/large.jpg").file_size == size
    await objects.delete(key)
