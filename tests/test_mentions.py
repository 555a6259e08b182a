"""Who hears of a comment, and which marks in a text mean something."""

import pytest
from sqlalchemy import select

from resolvers import drafts, marks
from schema.photos import PublishPhotoInput
from storage.refusals import TooLong
from storage.rows import Visibility
from storage.tables import notification_actors, notifications, users
from tests.making import make_block, make_comment, make_follow, make_photo

ADD = """
mutation($input: AddCommentInput!) { addComment(input: $input) {
  comment { id } errors { code }
} }
"""


async def _say(ask, viewer, photo, body, parent=None):
    input = {"photoId": photo.id, "body": body, "parentId": parent.id if parent else None}
    answer = (await ask(ADD, viewer=viewer, input=input))["addComment"]
    assert answer["errors"] == []
    return answer["comment"]["id"]


async def _told(database, photo):
    """Who was told what by whom of the photo."""
    recipient, actor = users.alias("recipient"), users.alias("actor")
    query = (
        select(recipient.c.username, notifications.c.kind, actor.c.username)
        .join_from(notifications, notification_actors)
        .join(recipient, recipient.c.id == notifications.c.user_id)
        .join(actor, actor.c.id == notification_actors.c.actor_id)
        .where(notifications.c.photo_id == photo.key)
    )
    async with database.connect() as connection:
        return sorted(tuple(row) for row in await connection.execute(query))


async def test_each_hears_of_a_comment_once_and_of_the_nearest_reason(database, ask, ann, bob, cid):
    photo = await make_photo(database, owner=ann)
    thread = await make_comment(database, by=bob, of=photo)
    everyone = f"@{ann.username} @{bob.username.upper()}, @{cid.username}. @{cid.username} @nobody"

    await _say(ask, cid, photo, everyone)
    assert await _told(database, photo) == sorted(
        [(ann.username, "COMMENT", cid.username), (bob.username, "MENTION", cid.username)]
    )
    await _say(ask, ann, photo, everyone, thread)
    assert await _told(database, photo) == sorted(
        [
            (ann.username, "COMMENT", cid.username),
            (bob.username, "MENTION", cid.username),
            (bob.username, "REPLY", ann.username),
            (cid.username, "MENTION", ann.username),
        ]
    )


async def test_the_owner_whose_comment_is_answered_hears_of_a_reply(database, ask, ann, bob):
    photo = await make_photo(database, owner=ann)
    thread = await make_comment(database, by=ann, of=photo)

    await _say(ask, bob, photo, f"@{ann.username}", thread)

    assert await _told(database, photo) == [(ann.username, "REPLY", bob.username)]


async def test_who_may_not_see_the_comment_is_not_told(database, ask, ann, bob, cid):
    photo = await make_photo(database, owner=ann, visibility=Visibility.FOLLOWERS)
    await make_follow(database, by=bob, of=ann)

    await _say(ask, bob, photo, f"@{cid.username}")
    assert await _told(database, photo) == [(ann.username, "COMMENT", bob.username)]

    await make_follow(database, by=cid, of=ann)
    await _say(ask, bob, photo, f"@{cid.username}")
    assert (cid.username, "MENTION", bob.username) in await _told(database, photo)


@pytest.mark.parametrize("between", ["the author", "the owner", "one above"])
async def test_a_block_keeps_a_mention_from_being_told(database, ask, ann, bob, cid, between):
    photo = await make_photo(database, owner=ann)
    thread = await make_comment(database, by=ann, of=photo)
    reply = await make_comment(database, by=bob, of=photo, to=thread)
    author = {"the author": bob, "the owner": bob, "one above": ann}[between]
    blocked = {"the author": bob, "the owner": ann, "one above": bob}[between]
    await make_block(database, by=cid, of=blocked)

    await _say(ask, author, photo, f"@{cid.username}", reply)

    # Who is not part of the block hears of the comment all the same.
    told = (bob, "REPLY", ann) if author is ann else (ann, "COMMENT", bob)
    assert await _told(database, photo) == [(told[0].username, told[1], told[2].username)]


@pytest.mark.parametrize("with_reply", [True, False])
async def test_deleting_a_comment_takes_back_what_was_told(
    database, ask, ann, bob, cid, with_reply
):
    photo = await make_photo(database, owner=ann)
    id = await _say(ask, bob, photo, f"@{cid.username}")
    expected = []
    if with_reply:
        input = {"photoId": photo.id, "body": "Oh.", "parentId": id}
        await ask(ADD, viewer=ann, input=input)
        expected = [(bob.username, "REPLY", ann.username)]

    await ask("mutation($id: ID!) { deleteComment(id: $id) { deletedId } }", viewer=bob, id=id)

    assert await _told(database, photo) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hi @Ann and @bob_2!", [["ann"], ["bob_2"]]),
        ("@ann. @ann", [["ann.", "ann"], ["ann"]]),
        ("@ann.b..", [["ann.b..", "ann.b.", "ann.b"]]),
        ("(@ann)@bob", [["ann"], ["bob"]]),
        ("ann@example.org a.@ann ö@ann @@ann @ann@bob", [["ann"]]),
        ("@an @_ann @.ann @ annö", []),
        ("@annö @" + "a" * 31, []),
        ("@ANN @ann @Ann", [["ann"]]),
        ("", []),
    ],
)
def test_mentions(text, expected):
    assert marks.mentions(text) == expected


def test_at_most_twenty_are_mentioned():
    text = " ".join(f"@u{number:03}" for number in range(100))

    assert marks.mentions(text) == [[f"u{number:03}"] for number in range(20)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("At #Dusk by the #sea-side, #dusk", ["dusk", "sea"]),
        ("#sea#sun ##moon", ["sea", "sun", "moon"]),
        ("we are #1 of #100days in #2026", ["100days"]),
        ("#हिन्दी #café #cafe\u0301 #Straße #日本", ["हिन्दी", "café", "strasse", "日本"]),
        ("https://a.b/c#d x#y &#39; # #! #_ #\u200d", []),
        ("#snow\u2744 (#ice) #a_b", ["snow", "ice", "a_b"]),
        ("", []),
    ],
)
def test_hashtags(text, expected):
    assert marks.hashtags(text) == expected


def test_the_hashtags_of_a_caption_become_tags_when_it_is_published():
    input = PublishPhotoInput(
        upload_id="", caption="Dawn at the #Sea, #cafe\u0301", tags=["#Dusk", "SEA"]
    )

    draft = drafts.of(input)

    assert (draft.tags, draft.caption) == (["dusk", "sea", "café"], "Dawn at the #Sea, #café")


def test_hashtags_follow_the_tags_while_there_is_room():
    caption = " ".join(f"#h{number}" for number in range(40)) + " #" + "x" * 51

    assert drafts.with_hashtags(["sea", "h3"], "#Sea #h3 #new #" + "x" * 51) == ["sea", "h3", "new"]
    assert drafts.with_hashtags([], caption) == [f"h{number}" for number in range(30)]
    full = [f"t{number}" for number in range(30)]
    assert drafts.with_hashtags(full, caption) == full


@pytest.mark.parametrize("word", ["\u0130ZM\u0130R", "izmir", "IZMIR", "\u0130zmir"])
def test_a_tag_is_the_same_in_the_capitals_of_turkish(word):
    assert marks.tag(word) == "izmir"


def test_a_tag_that_is_too_long_is_measured_without_its_mark():
    assert drafts.tags(["#" + "x" * 50]) == ["x" * 50]
    for long in ("x" * 51, "#" + "x" * 51):
        with pytest.raises(TooLong) as caught:
            drafts.tags([long])
        assert caught.value.message == "tags has 51 characters; the most is 50"
    # Folding makes two letters of one.
    with pytest.raises(TooLong):
        drafts.tags(["\u00df" * 30])
