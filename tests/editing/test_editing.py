"""What an owner changes about a published photo."""

import asyncio
import random

import pytest

from storage import edits, variants
from storage.rows import PhotoStatus, Visibility
from tests.conftest import Errors
from tests.editing.operations import DELETE, PHOTO, RETRY, SAID, UPDATE
from tests.making import (
    make_block,
    make_follow,
    make_photo,
    make_private,
)
from tests.storing import (
    counts,
    every_object,
    make_awaiting,
    make_stored,
    whole_row,
)
from workers.outcomes import Outcome
from workers.variants import make


async def test_every_field_can_be_changed(database, ask, change, ann):
    photo = await make_photo(database, ann, title="Before")

    answer = await change(ann, photo, **SAID | {"title": " Dusk ", "tags": ["#Blue", "blue"]})

    assert answer == {"photo": SAID, "errors": []}
    assert (await ask(PHOTO, viewer=ann, id=photo.id))["node"] == SAID


@pytest.mark.parametrize(
    ("input", "changed"),
    [
        ({}, {}),
        ({"title": None}, {"title": ""}),
        ({"caption": None}, {"caption": "", "tags": ["blue"]}),
        ({"altText": None}, {"altText": ""}),
        # What the caption says is a tag all the same.
        ({"tags": None}, {"tags": ["sea"]}),
        ({"tags": []}, {"tags": ["sea"]}),
        ({"location": None}, {"location": None}),
        ({"visibility": None}, {}),
        ({"title": "Dawn"}, {"title": "Dawn"}),
        ({"caption": "#sun, no sea"}, {"caption": "#sun, no sea", "tags": ["blue", "sun"]}),
        ({"tags": ["one", "two"]}, {"tags": ["one", "two", "sea"]}),
        (
            {"tags": ["one"], "caption": "#Two"},
            {"tags": ["one", "two"], "caption": "#Two"},
        ),
        (
            {"location": {"latitude": 1, "longitude": 2}},
            {"location": {"latitude": 1.0, "longitude": 2.0, "name": None}},
        ),
        ({"visibility": "PUBLIC"}, {"visibility": "PUBLIC"}),
    ],
)
async def test_a_field_left_out_stays_and_null_empties(database, ask, change, ann, input, changed):
    photo = await make_photo(database, ann)
    await change(ann, photo, **SAID)

    answer = await change(ann, photo, **input)

    assert answer == {"photo": SAID | changed, "errors": []}
    assert (await ask(PHOTO, viewer=ann, id=photo.id))["node"] == SAID | changed


@pytest.mark.parametrize(
    ("input", "refused"),
    [
        ({"title": "x" * 101}, [("TOO_LONG", ["title"])]),
        ({"title": "two\nlines"}, [("INVALID", ["title"])]),
        ({"caption": "x" * 2_201}, [("TOO_LONG", ["caption"])]),
        ({"altText": "x" * 1_001}, [("TOO_LONG", ["altText"])]),
        ({"tags": ["two words"]}, [("INVALID", ["tags"])]),
        ({"tags": [f"t{number}" for number in range(31)]}, [("TOO_LONG", ["tags"])]),
        (
            {"location": {"latitude": 91, "longitude": 0}},
            [("INVALID", ["location", "latitude"])],
        ),
        (
            {"title": "x" * 101, "caption": "fine", "tags": ["#"]},
            [("TOO_LONG", ["title"]), ("INVALID", ["tags"])],
        ),
    ],
)
async def test_what_cannot_be_said_changes_nothing(database, ask, change, ann, input, refused):
    photo = await make_photo(database, ann)
    await change(ann, photo, **SAID)

    answer = await change(ann, photo, visibility="PRIVATE", **input)

    assert answer["photo"] is None
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [
        (code, ["input", *path]) for code, path in refused
    ]
    assert (await ask(PHOTO, viewer=ann, id=photo.id))["node"] == SAID


@pytest.fixture
def each_change(ask):
    """Every mutation of this kind: the codes and paths of its errors."""

    async def each_change(viewer, id):
        updated = await ask(UPDATE, viewer=viewer, input={"id": id, "title": "Mine"})
        answers = [
            updated["updatePhoto"],
            (await ask(RETRY, viewer=viewer, id=id))["retryPhoto"],
            (await ask(DELETE, viewer=viewer, id=id))["deletePhoto"],
        ]
        for answer in answers:
            assert (answer.get("photo"), answer.get("deletedId")) == (None, None)
        return [[(error["code"], error["path"]) for error in each["errors"]] for each in answers]

    return each_change


def refused(code):
    return [[(code, ["input", "id"])], [(code, ["id"])], [(code, ["id"])]]


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("seen by a stranger", "NOT_ALLOWED"),
        ("seen by a follower", "NOT_ALLOWED"),
        ("for followers", "NOT_FOUND"),
        ("private", "NOT_FOUND"),
        ("of a private account", "NOT_FOUND"),
        ("processing", "NOT_FOUND"),
        ("blocked", "NOT_FOUND"),
    ],
)
async def test_nobody_else_changes_a_photo(database, each_change, jobs, ann, bob, case, code):
    visibility = {
        "for followers": "FOLLOWERS",
        "seen by a follower": "FOLLOWERS",
        "private": "PRIVATE",
    }
    photo = await make_photo(
        database,
        ann,
        visibility=Visibility(visibility.get(case, "PUBLIC")),
        is_ready=case != "processing",
    )
    match case:
        case "seen by a follower":
            await make_follow(database, by=bob, of=ann)
        case "of a private account":
            await make_private(database, ann)
        case "blocked":
            await make_block(database, by=ann, of=bob)
    before, counted = await whole_row(database, photo), await counts(database, ann)

    assert await each_change(bob, photo.id) == refused(code)

    assert await whole_row(database, photo) == before
    assert await counts(database, ann) == counted
    assert await jobs.waiting() == []


@pytest.mark.parametrize("id", ["photo_" + "0" * 32, "nonsense", "", "USER"])
async def test_what_is_no_photo_is_not_found(each_change, ann, id):
    assert await each_change(ann, ann.id if id == "USER" else id) == refused("NOT_FOUND")


async def test_a_guest_changes_nothing(database, ask, ann):
    photo = await make_photo(database, ann)
    before = await whole_row(database, photo)

    for query, variables in (
        (UPDATE, {"input": {"id": photo.id, "title": "x"}}),
        (RETRY, {"id": photo.id}),
        (DELETE, {"id": photo.id}),
    ):
        with pytest.raises(Errors) as caught:
            await ask(query, **variables)
        assert caught.value.codes == ["UNAUTHENTICATED"]

    assert await whole_row(database, photo) == before


@pytest.mark.parametrize("one", Visibility)
@pytest.mark.parametrize("other", Visibility)
async def test_counts_follow_the_visibility(database, change, ann, one, other):
    photo = await make_photo(database, ann, visibility=one)
    await make_photo(database, ann, visibility=one, is_ready=False)

    assert (await change(ann, photo, visibility=other))["errors"] == []

    shown = {"PUBLIC": (1, 1, 2), "FOLLOWERS": (0, 1, 2), "PRIVATE": (0, 0, 2)}
    assert await counts(database, ann) == shown[other]


async def test_many_changes_at_once_keep_the_counts_exact(
    database, objects, workshop, jobs, change, ann
):
    ready = await make_stored(database, objects, ann)
    waiting = await make_awaiting(database, objects, ann)
    chosen = random.Random(7)

    async def client():
        for to in chosen.choices(list(Visibility), k=6):
            for photo in (ready, waiting):
                assert (await change(ann, photo, visibility=to))["errors"] == []

    async def finish():
        assert await make(workshop, waiting.key) is Outcome.DONE

    await asyncio.gather(*(client() for _ in range(6)), finish())

    await counts(database, ann)
    await jobs.run()
    for photo in (ready, waiting):
        row = await whole_row(database, photo)
        assert row.status is PhotoStatus.READY
        async with database.connect() as connection:
            lying = (await variants.of_photos(connection, [photo.key]))[photo.key]
        assert {variants.lies_in_public(each.key) for each in lying} == {row.visibility == "PUBLIC"}
        assert {each.key for each in lying} <= await every_object(objects)


async def test_a_change_that_fails_half_way_changes_nothing(
    database, monkeypatch, ask, change, delete, jobs, ann
):
    photo = await make_photo(database, ann)
    before, counted = await whole_row(database, photo), await counts(database, ann)

    async def broken(*_, **__):
        raise RuntimeError("no queue")

    monkeypatch.setattr(edits.jobs, "move_variants", broken)
    monkeypatch.setattr(edits.jobs, "remove_objects", broken)
    for query, variables in (
        (UPDATE, {"input": {"id": photo.id, "visibility": "PRIVATE"}}),
        (DELETE, {"id": photo.id}),
    ):
        with pytest.raises(Errors) as caught:
            await ask(query, viewer=ann, **variables)
        assert caught.value.codes == ["INTERNAL_SERVER_ERROR"]
    monkeypatch.undo()

    assert await whole_row(database, photo) == before
    assert await counts(database, ann) == counted
    assert await delete(ann, photo) == {"deletedId": photo.id, "errors": []}
