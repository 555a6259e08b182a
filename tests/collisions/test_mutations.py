"""A mutation that collides with others is begun anew: the client sees its answer, once."""

import pytest
from sqlalchemy import func, select

from storage.database import PAUSES_S
from storage.tables import likes, photos
from tests.collisions.cases import CASES, PUBLISH, Scene, by_id
from tests.conftest import Errors
from tests.making import make_photo
from tests.storing import every_object, scalar

TRIES = len(PAUSES_S) + 1


@pytest.mark.parametrize(
    ("code", "at_commit"), [("40001", True), ("40P01", False)], ids=["at_commit", "at_once"]
)
@pytest.mark.parametrize("name", CASES)
async def test_it_is_begun_anew_until_it_succeeds(
    database, ask, colliding, arrived, signed_up, ann, bob, name, code, at_commit
):
    username = f"collider_{name}_{code}".lower()
    case = await CASES[name](Scene(database, ask, arrived, signed_up, ann, bob, username))
    await colliding.writes_of(case.table, code, 2, at_commit=at_commit)

    answer = await ask(case.document, viewer=case.viewer, **case.variables)

    assert answer[name]["errors"] == []
    assert await colliding.has_failed(2)


async def test_its_effect_happens_once(database, ask, colliding, ann, bob):
    photo = await make_photo(database, ann)
    like = "mutation($id: ID!) { likePhoto(id: $id) { photo { likeCount viewerHasLiked } } }"
    await colliding.writes_of("likes", "40P01", TRIES - 1, at_commit=True)

    answer = await ask(like, viewer=bob, id=photo.id)

    assert answer["likePhoto"]["photo"] == {"likeCount": 1, "viewerHasLiked": True}
    counted = select(photos.c.like_count).where(photos.c.id == photo.key)
    rows = select(func.count()).where(likes.c.photo_id == photo.key)
    assert (await scalar(database, counted), await scalar(database, rows)) == (1, 1)
    told = "{ notifications { unreadCount edges { node { kind actorCount } } } }"
    assert (await ask(told, viewer=ann))["notifications"] == {
        "unreadCount": 1,
        "edges": [{"node": {"kind": "LIKE", "actorCount": 1}}],
    }


async def test_a_photo_published_after_collisions_has_one_original(
    database, objects, ask, colliding, arrived, ann
):
    upload = await arrived(ann)
    before = await every_object(objects)
    await colliding.writes_of("photos", "40001", TRIES - 1, at_commit=True)

    await ask(PUBLISH, viewer=ann, id=upload.id)

    original = select(photos.c.original_key).where(photos.c.upload_id == upload.row.id)
    assert await every_object(objects) - before == {await scalar(database, original)}


async def test_one_that_collides_again_and_again_is_given_up(database, ask, colliding, ann, bob):
    photo = await make_photo(database, ann)
    await colliding.writes_of("likes", "40001", TRIES, at_commit=False)

    with pytest.raises(Errors) as caught:
        await ask(by_id("likePhoto"), viewer=bob, id=photo.id)

    assert caught.value.codes == ["SERVICE_UNAVAILABLE"]
    assert not await colliding.has_failed(TRIES)
    seen = "query($id: ID!) { node(id: $id) { ... on Photo { likeCount viewerHasLiked } } }"
    unchanged = {"likeCount": 0, "viewerHasLiked": False}
    assert (await ask(seen, viewer=bob, id=photo.id))["node"] == unchanged
