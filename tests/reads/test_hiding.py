"""Most viewers have nobody hidden from them: what is sent for those, and what for the rest."""

import pytest
from sqlalchemy import delete

from resolvers.ahead import along
from storage import comments, feed, photos, users
from storage.database import StatementCount, statements
from storage.hiding import Guesses
from storage.reads import rows
from storage.rows import PageRequest
from storage.tables import blocks, departures
from storage.visibility import hides_anybody
from tests.making import make_block, make_comment, make_follow, make_like, make_person, make_photo

EVERYTHING = frozenset(
    {"Photo.owner", "Photo.likeCount", "Photo.commentCount", "Photo.comments", "User.photos"}
    | {"Comment.author", "Comment.replyCount", "User.followerCount", "Photo.owner.followerCount"}
)
FIRST = PageRequest(5)


@pytest.fixture
async def other(database, settings, ann):
    """Somebody whom Ann follows, with a photo that Bob and they themselves wrote under."""
    other = await make_person(database, settings, "other")
    await make_follow(database, by=ann, of=other)
    return other


@pytest.fixture
async def shown(database, bob, other):
    """A photo of Bob's and one of the other's; both like and comment both."""
    shown = [await make_photo(database, owner=one) for one in (bob, other)]
    for photo in shown:
        for one in (bob, other):
            await make_like(database, by=one, of=photo)
            await make_comment(database, by=one, of=photo)
    return shown


async def _block(database, viewer, other):
    await make_block(database, by=viewer, of=other)


async def _is_blocked(database, viewer, other):
    await make_block(database, by=other, of=viewer)


async def _leaves(database, viewer, other):
    async with database.begin() as tx:
        await tx.execute(departures.insert().values(user_id=other.key))


async def _nothing(database, viewer, other):
    both = [viewer.key, other.key]
    async with database.begin() as tx:
        await tx.execute(delete(blocks).where(blocks.c.blocker_id.in_(both)))
        await tx.execute(delete(departures).where(departures.c.user_id == other.key))


HIDING = [_block, _is_blocked, _leaves]


def _names(rows):
    return sorted(row.user.username for row in rows)


async def _found(database, viewer, shown, people, guesses=None):
    """Of every read that has two statements whose entries it finds."""
    guesses = Guesses() if guesses is None else guesses

    def told():
        return along(EVERYTHING, {"Photo.comments": {"first": 5}}, guesses=guesses)

    ids, keys = [one.key for one in shown], [one.key for one in people]
    async with database.reading() as way:
        listed = await photos.newest_public(way, FIRST, viewer.key, told())
        threads = await comments.of_photos(way, ids, FIRST, viewer.key, told())
        of_owners = await photos.by_owners(way, keys, FIRST, viewer.key, told())
        known = await users.by_ids(way, keys, viewer.key, told())
        named = [await users.by_username(way, one.username, viewer.key, told()) for one in people]
        return {
            "photos": _names((await photos.by_ids(way, ids, viewer.key, told())).values()),
            "listed": _names(row for row in listed.rows if row.id in ids),
            "feed": _names((await feed.recent(way, viewer.key, FIRST, told())).rows),
            "pages": _names(row for page in of_owners.values() for row in page.rows),
            "threads": [_names(threads[id].rows) for id in ids],
            "brought": [_names(row.comment_pages) for row in listed.rows if row.id in ids],
            "likes": [row.like_count - (row.hidden_likes or 0) for row in listed.rows],
            "users": sorted(row.username for row in known.values()),
            "named": sorted(row.username for row in named if row is not None),
        }


@pytest.mark.parametrize("hide", HIDING)
async def test_who_is_hidden_is_in_no_read(database, ann, bob, other, shown, hide):
    """First nobody is, so that there is something to be missed."""
    people, both = (bob, other), sorted([bob.username, other.username])
    before = await _found(database, ann, shown, people)
    await hide(database, ann, other)
    hidden = await _found(database, ann, shown, people)
    await _nothing(database, ann, other)

    for name in ("photos", "listed", "pages", "users", "named"):
        assert (before[name], hidden[name]) == (both, [bob.username])
    assert (before["feed"], hidden["feed"]) == ([other.username], [])
    assert (before["threads"], hidden["threads"]) == ([both, both], [[bob.username]] * 2)
    assert (before["brought"], hidden["brought"]) == ([both, both], [[bob.username]])
    assert (before["likes"][:2], hidden["likes"][0]) == ([2, 2], 1)
    # It is the same again when nobody is hidden any more.
    assert await _found(database, ann, shown, people) == before


@pytest.mark.parametrize("hide", HIDING)
async def test_who_was_hidden_when_last_looked_costs_one_statement(
    database, nobody_leaves, ann, other, shown, hide
):
    guesses = Guesses()

    async def read():
        async with database.reading() as way:
            statements.set(counter := StatementCount())
            told = along(EVERYTHING, {}, guesses=guesses)
            await photos.by_ids(way, [shown[0].key], ann.key, told)
            # What is read later in the operation knows.
            first = counter.total
            await users.by_ids(way, [other.key], ann.key, told)
            return first, counter.total - first, told.hides

    assert await read() == (1, 1, False)
    await hide(database, ann, other)
    assert await read() == (2, 1, True)
    assert await read() == (1, 1, True)
    await _nothing(database, ann, other)
    # The guess is wrong, and all the same the statement answers.
    assert await read() == (1, 1, False)
    assert await read() == (1, 1, False)


@pytest.mark.parametrize("hide", HIDING)
async def test_a_wrong_guess_shows_nobody_anything(database, ann, bob, other, shown, hide):
    people, guesses = (bob, other), Guesses()
    seen = await _found(database, ann, shown, people)
    guesses.learn(ann.key, by_leaving=False)

    assert await _found(database, ann, shown, people, guesses) == seen

    await hide(database, ann, other)
    hidden = await _found(database, ann, shown, people)
    for each in (True, False, None):
        guesses.learn(ann.key, by_leaving=each)
        assert await _found(database, ann, shown, people, guesses) == hidden
    await _nothing(database, ann, other)


def _every_read():
    wanted = along(EVERYTHING, {"Photo.comments": {"first": 5}}).wanted
    return (
        photos._by_ids(is_guest=False, is_one=True, edges=wanted.photos),
        photos._newest_public(is_guest=False, is_first=True, edges=wanted.photos),
        photos._by_owners(is_guest=False, is_first=True, edges=wanted.photos),
        comments._of_photos(is_guest=False, is_first=True, edges=wanted.comments),
        users._by_ids(is_guest=False, is_one=False, edges=wanted.users),
        users._by_username(is_guest=False, edges=wanted.users),
        feed._of_few(is_first=True, edges=wanted.photos),
        feed._of_many(is_first=True, edges=wanted.photos),
    )


def test_of_most_looks_for_the_hidden_once():
    """Whatever is asked along: the blocks in both directions and who leaves, in one place."""
    for read in _every_read():
        text = " ".join(read.of_most.text.split())
        assert (text.count("FROM blocks"), text.count("FROM departures")) == (2, 1)
        assert read.of_any.text.count("FROM blocks") > 2


@pytest.mark.parametrize("hide", HIDING)
async def test_of_most_reads_nothing_where_somebody_is_hidden(
    database, ann, bob, other, shown, hide
):
    await hide(database, ann, other)
    told = {
        "viewer": ann.key,
        "session": None,
        "id": shown[0].key,
        "ids": [one.key for one in (*shown, bob, other)],
        "username": bob.username,
        "first": 5,
        "first_comment_pages": 5,
        "first_photo_pages": 5,
    }
    async with database.reading() as way:
        for read in _every_read():
            [(text, _, by_leaving)] = await rows(way, read.of_most, **told)
            assert (text, by_leaving) == ("", hide is _leaves)
    await _nothing(database, ann, other)


async def test_who_remembers_nothing_asks_once(database, ann, other, shown):
    await _block(database, ann, other)
    for told in (None, along(EVERYTHING, {})):
        async with database.reading() as way:
            statements.set(counter := StatementCount())
            assert shown[1].key not in await photos.by_ids(
                way, [one.key for one in shown], ann.key, told
            )
            assert counter.total == 1
    await _nothing(database, ann, other)


async def test_whether_somebody_is_hidden_is_found_out_alike(
    database, nobody_leaves, ann, other, shown
):
    """The word that comes along, and the one that is asked for by itself."""
    for hide in (_nothing, *HIDING, _nothing):
        await hide(database, ann, other)
        told = along(EVERYTHING, {})
        async with database.reading() as way:
            await photos.by_ids(way, [shown[0].key], ann.key, told)
            assert told.hides is await hides_anybody(way, ann.key)
        if hide is not _nothing:
            assert told.hides is True
            await _nothing(database, ann, other)


async def test_that_somebody_leaves_is_learned_once_for_all(
    database, nobody_leaves, ann, bob, other, shown
):
    """However many viewers there are; and that nobody does any more, as well."""
    guesses = Guesses()

    async def read(viewer):
        async with database.reading() as way:
            statements.set(counter := StatementCount())
            await photos.by_ids(way, [shown[0].key], viewer, along(EVERYTHING, {}, guesses=guesses))
            return counter.total

    await _leaves(database, ann, other)
    assert [await read(viewer) for viewer in (ann.key, bob.key, None)] == [2, 1, 1]
    await _nothing(database, ann, other)
    assert [await read(viewer) for viewer in (ann.key, bob.key)] == [1, 1]
    # Nobody is thought to have a block now.
    assert not any(viewer in guesses for viewer in (ann.key, bob.key))


def test_no_more_viewers_are_remembered_than_fit():
    guesses = Guesses(most=2)
    for viewer in ("one", "two", "one", "three"):
        guesses.learn(viewer, by_leaving=False)

    assert [viewer in guesses for viewer in ("one", "two", "three")] == [False, True, True]

    guesses.learn("two", by_leaving=None)
    guesses.learn("two", by_leaving=None)
    assert "two" not in guesses
    guesses.learn("four", by_leaving=False)
    assert [viewer in guesses for viewer in ("three", "four")] == [True, True]


def test_whose_blocks_are_known_stays_so_while_somebody_leaves():
    guesses = Guesses()
    guesses.learn("one", by_leaving=False)
    guesses.learn("one", by_leaving=True)
    assert ("one" in guesses, "two" in guesses) == (True, True)

    guesses.learn("two", by_leaving=None)
    assert ("one" in guesses, "two" in guesses) == (True, False)


def test_who_reads_while_somebody_leaves_is_not_thought_to_have_a_block():
    guesses = Guesses()
    guesses.learn("one", by_leaving=True)
    guesses.learn("two", by_leaving=None)
    assert ("one" in guesses, "two" in guesses) == (False, False)
