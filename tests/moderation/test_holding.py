"""Held photos: what others see of them, what verdicts do, and that the first one counts."""

import pytest
from sqlalchemy import select

from storage import edits, moderation, variants
from storage.cases import Decider, Judge, Verdict
from storage.jobs import ASK_MODERATION, MAKE_VARIANTS, MOVE_VARIANTS, REMOVE_OBJECTS
from storage.rows import Visibility
from storage.tables import cases, holds, moderation_log, photos
from storage.tables import variants as variant_table
from tests.conftest import Errors
from tests.making import make_comment, make_follow, make_like, make_person, make_photo

SERVICE = Decider(Judge.SERVICE)
PHOTO = """
query($id: ID!) { node(id: $id) { ... on Photo {
  status width blurhash failure { code message retryable } variants { name url }
} } }
"""
MODERATE = """
mutation($input: ModeratePhotoInput!) {
  moderatePhoto(input: $input) { photo { id status } errors { code path } }
}
"""
RETRY = "mutation($id: ID!) { retryPhoto(id: $id) { photo { status } errors { code } } }"
COUNTS = """
query($name: String!) {
  user(username: $name) { photoCount photos { edges { node { id } } } }
}
"""


async def decide(database, photo, verdict, reason=""):
    async with database.begin() as tx:
        return await moderation.decide(tx, photo.key, verdict, SERVICE, reason)


async def jobs_of(database, photo):
    """The kinds of jobs that name the photo, and the keys that are to be removed."""
    async with database.connect() as connection:
        listed = "select entrypoint, payload from pgqueuer order by id"
        rows = (await connection.exec_driver_sql(listed)).all()
        token = select(photos.c.media_token).where(photos.c.id == photo.key)
        media_token = (await connection.execute(token)).scalar_one()
    kinds = sorted(kind for kind, payload in rows if payload == photo.key.bytes)
    removals = [
        payload.decode()
        for kind, payload in rows
        if kind == REMOVE_OBJECTS and media_token.encode() in payload
    ]
    return kinds, removals


async def rows(database, table, *where):
    async with database.connect() as connection:
        return (await connection.execute(select(table).where(*where))).all()


async def test_a_held_photo_is_processing_for_its_owner_and_absent_for_others(
    ask, database, hold, ann, bob, judge
):
    await make_follow(database, by=bob, of=ann)
    photo = await hold(ann)

    waiting = {"status": "PROCESSING", "width": None, "blurhash": None}
    expected = {"node": waiting | {"failure": None, "variants": []}}
    assert await ask(PHOTO, viewer=ann, id=photo.id) == expected
    for viewer in (bob, judge, None):
        assert await ask(PHOTO, viewer=viewer, id=photo.id) == {"node": None}
    assert (await ask(COUNTS, viewer=bob, name=ann.username))["user"] == {
        "photoCount": 0,
        "photos": {"edges": []},
    }
    feed = "{ feed { edges { node { id } } } }"
    assert await ask(feed, viewer=bob) == {"feed": {"edges": []}}


async def test_holding_again_changes_nothing(database, hold, ann):
    photo = await hold(ann)

    async with database.begin() as tx:
        assert await variants.begin_attempt(tx, photo.key) is None

    assert len(await rows(database, holds, holds.c.photo_id == photo.key)) == 1
    assert len(await rows(database, cases, cases.c.photo_id == photo.key)) == 1


@pytest.mark.parametrize("is_asked", [True, False])
async def test_the_service_is_asked_where_there_is_one(database, hold, ann, is_asked):
    photo = await hold(ann, is_asked=is_asked)
    kinds, _ = await jobs_of(database, photo)
    assert kinds == [ASK_MODERATION] * is_asked
    assert MAKE_VARIANTS not in kinds


async def test_an_allowed_photo_goes_live(ask, database, hold, ann, bob):
    photo = await hold(ann)

    assert await decide(database, photo, Verdict.ALLOW) is True

    seen = (await ask(PHOTO, viewer=bob, id=photo.id))["node"]
    assert (seen["status"], seen["width"], seen["failure"]) == ("READY", 4000, None)
    assert [each["name"] for each in seen["variants"]] == ["THUMB", "MEDIUM", "FULL"]
    # Until they are moved to where everybody may read them, signed addresses lead there.
    assert all("/restricted/" in each["url"] for each in seen["variants"])
    assert await jobs_of(database, photo) == ([MOVE_VARIANTS], [])
    counted = (await ask(COUNTS, viewer=bob, name=ann.username))["user"]
    assert counted == {"photoCount": 1, "photos": {"edges": [{"node": {"id": photo.id}}]}}
    assert await rows(database, holds, holds.c.photo_id == photo.key) == []
    [case] = await rows(database, cases, cases.c.photo_id == photo.key)
    assert case.outcome == "DISMISSED"


async def test_a_private_photo_needs_no_move(database, hold, ann):
    photo = await hold(ann, visibility=Visibility.PRIVATE)
    await decide(database, photo, Verdict.ALLOW)
    assert await jobs_of(database, photo) == ([], [])


async def test_a_rejected_photo_fails_for_good(ask, database, hold, ann, bob):
    photo = await hold(ann)

    assert await decide(database, photo, Verdict.REJECT, "Not here.") is True

    seen = (await ask(PHOTO, viewer=ann, id=photo.id))["node"]
    assert seen == {
        "status": "FAILED",
        "width": None,
        "blurhash": None,
        "failure": {
            "code": "REJECTED_BY_MODERATION",
            "message": "The photo was rejected by moderation. Not here.",
            "retryable": False,
        },
        "variants": [],
    }
    assert await ask(PHOTO, viewer=bob, id=photo.id) == {"node": None}
    retried = (await ask(RETRY, viewer=ann, id=photo.id))["retryPhoto"]
    assert retried == {"photo": None, "errors": [{"code": "NOT_ALLOWED"}]}
    kinds, removals = await jobs_of(database, photo)
    # At once, and again when nobody can be writing any more.
    assert (kinds, len(removals)) == ([], 2)
    [entry] = await rows(database, moderation_log, moderation_log.c.subject_id == photo.key)
    assert (entry.decider, entry.action, entry.reason) == ("SERVICE", "REJECTED", "Not here.")


@pytest.mark.parametrize("first", Verdict)
@pytest.mark.parametrize("second", Verdict)
async def test_the_first_verdict_counts(ask, database, hold, ann, first, second):
    photo = await hold(ann)
    await decide(database, photo, first)
    before = await ask(PHOTO, viewer=ann, id=photo.id), await jobs_of(database, photo)

    assert await decide(database, photo, second) is False

    after = await ask(PHOTO, viewer=ann, id=photo.id), await jobs_of(database, photo)
    assert after == before
    about = moderation_log.c.subject_id == photo.key
    assert len(await rows(database, moderation_log, about)) == 1


@pytest.mark.parametrize("verdict", Verdict)
async def test_a_verdict_on_a_deleted_photo_finds_nothing(database, hold, ann, verdict):
    photo = await hold(ann)
    async with database.begin() as tx:
        await edits.remove(tx, photo.key, ann.key)

    assert await decide(database, photo, verdict) is False

    assert await rows(database, holds, holds.c.photo_id == photo.key) == []
    assert await rows(database, cases, cases.c.photo_id == photo.key) == []


async def test_a_moderator_lets_a_held_photo_go_live(ask, database, hold, ann, judge):
    photo = await hold(ann)
    given = {"id": photo.id, "verdict": "ALLOW"}
    expected = {"photo": {"id": photo.id, "status": "READY"}, "errors": []}

    assert (await ask(MODERATE, viewer=judge, input=given))["moderatePhoto"] == expected
    assert (await ask(MODERATE, viewer=judge, input=given))["moderatePhoto"] == expected

    [entry] = await rows(database, moderation_log, moderation_log.c.subject_id == photo.key)
    assert (entry.decider, entry.decider_id, entry.action) == ("MODERATOR", judge.key, "ALLOWED")


async def test_a_live_photo_is_taken_down(ask, database, ann, bob, judge):
    await make_follow(database, by=bob, of=ann)
    photo, other = [await make_photo(database, ann) for _ in range(2)]
    await make_like(database, by=bob, of=photo)
    await make_comment(database, by=bob, of=photo)
    given = {"id": photo.id, "verdict": "REJECT", "reason": "Seen enough."}

    for _ in range(2):
        answer = (await ask(MODERATE, viewer=judge, input=given))["moderatePhoto"]
        assert answer == {"photo": {"id": photo.id, "status": "FAILED"}, "errors": []}

    own = (await ask(PHOTO, viewer=ann, id=photo.id))["node"]
    assert own["failure"]["message"] == "The photo was rejected by moderation. Seen enough."
    assert (own["width"], own["variants"]) == (None, [])
    assert await ask(PHOTO, viewer=bob, id=photo.id) == {"node": None}
    counted = (await ask(COUNTS, viewer=bob, name=ann.username))["user"]
    assert counted == {"photoCount": 1, "photos": {"edges": [{"node": {"id": other.id}}]}}
    feed = "{ feed { edges { node { id } } } }"
    assert await ask(feed, viewer=bob) == {"feed": {"edges": [{"node": {"id": other.id}}]}}
    assert await rows(database, variant_table, variant_table.c.photo_id == photo.key) == []
    kinds, removals = await jobs_of(database, photo)
    assert (kinds, len(removals)) == ([], 2)
    [entry] = await rows(database, moderation_log, moderation_log.c.subject_id == photo.key)
    assert (entry.action, entry.reason) == ("TAKEN_DOWN", "Seen enough.")

    # What was taken down does not come back by a later verdict.
    again = {"id": photo.id, "verdict": "ALLOW"}
    refused = (await ask(MODERATE, viewer=judge, input=again))["moderatePhoto"]
    assert refused == {"photo": None, "errors": [{"code": "CONFLICT", "path": ["input", "id"]}]}


async def test_nobody_else_moderates(ask, database, settings, hold, ann, bob):
    held, live = await hold(ann), await make_photo(database, ann)
    nowhere = {"id": "photo_" + "0" * 32, "verdict": "REJECT"}
    for viewer in (ann, bob, await make_person(database, settings, "dee")):
        for photo in (held, live):
            given = {"id": photo.id, "verdict": "REJECT"}
            answer = (await ask(MODERATE, viewer=viewer, input=given))["moderatePhoto"]
            assert answer["errors"] == [{"code": "NOT_ALLOWED", "path": []}]
        answer = (await ask(MODERATE, viewer=viewer, input=nowhere))["moderatePhoto"]
        assert answer["errors"] == [{"code": "NOT_ALLOWED", "path": []}]
    with pytest.raises(Errors) as caught:
        await ask(MODERATE, input=nowhere)
    assert caught.value.codes == ["UNAUTHENTICATED"]
    assert len(await rows(database, holds, holds.c.photo_id == held.key)) == 1
    assert (await ask(PHOTO, viewer=bob, id=live.id))["node"]["status"] == "READY"


async def test_what_is_not_there_is_missing_for_moderators(ask, judge):
    for id in ("photo_" + "0" * 32, "user_" + "0" * 32, "x"):
        given = {"id": id, "verdict": "ALLOW"}
        answer = (await ask(MODERATE, viewer=judge, input=given))["moderatePhoto"]
        assert answer["errors"] == [{"code": "NOT_FOUND", "path": ["input", "id"]}]


async def test_the_log_is_only_ever_added_to(database, hold, ann):
    photo = await hold(ann)
    await decide(database, photo, Verdict.ALLOW)
    about = moderation_log.c.subject_id == photo.key
    for change in (
        moderation_log.update().where(about).values(reason="x"),
        moderation_log.delete().where(about),
    ):
        with pytest.raises(Exception, match="only ever added to"):
            async with database.begin() as tx:
                await tx.execute(change)
    assert [row.reason for row in await rows(database, moderation_log, about)] == [""]
