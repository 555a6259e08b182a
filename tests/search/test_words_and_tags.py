"""Finding photos by words and tags."""

import asyncio
import secrets

import pytest

from storage.rows import Visibility
from tests.conftest import Errors
from tests.making import make_block, make_follow, make_person, make_photo, make_private
from tests.search.finding import PHOTOS, USERS, found, new_word, paged


async def test_title_and_tags_weigh_more_than_caption_and_that_more_than_alt_text(
    database, ask, ann
):
    word = new_word()
    in_alt_text = await make_photo(database, ann, alt_text=f"A {word} at sea")
    in_caption = await make_photo(database, ann, caption=f"My {word}!")
    tagged = await make_photo(database, ann, tags=[word])
    titled = await make_photo(database, ann, title=f"The {word}")
    await make_photo(database, ann, title="Something else")

    assert await found(ask, search=word) == [titled.id, tagged.id, in_caption.id, in_alt_text.id]


async def test_every_word_must_be_there_wherever_it_is(database, ask, ann):
    one, other = new_word(), new_word()
    both = await make_photo(database, ann, title=one, alt_text=other)
    await make_photo(database, ann, title=one)
    await make_photo(database, ann, title=other)

    assert await found(ask, search=f"{other} {one}") == [both.id]


async def test_the_last_word_may_be_a_beginning_and_no_other_may(database, ask, ann):
    one, other = new_word(), new_word()
    photo = await make_photo(database, ann, title=f"{one} {other}")

    assert await found(ask, search=f"{one} {other[:4]}") == [photo.id]
    assert await found(ask, search=f"{one[:4]} {other}") == []


@pytest.mark.parametrize(
    "typed",
    ["ZÜRICHSEE{0}", "zurichsee{0}", "Zu\u0308richsee{0}", "  zürichsee{0}  ", "“Zürichsee{0}”"],
)
async def test_case_accents_and_composition_do_not_count(database, ask, ann, typed):
    word = new_word()
    photo = await make_photo(database, ann, caption=f"Am Zürichsee{word}, früh")

    assert await found(ask, search=typed.format(word)) == [photo.id]


@pytest.mark.parametrize("word", ["Straße", "Москва", "Αθήνα", "東京タワー", "हिन्दी", "İzmir"])
async def test_words_of_any_script_are_found_in_any_case(database, ask, ann, word):
    mark = new_word()
    photo = await make_photo(database, ann, title=f"{word}/{mark}")

    for typed in {word, word.upper(), word.lower()}:
        assert await found(ask, search=f"{mark} {typed}") == [photo.id], typed


@pytest.mark.parametrize("between", ["/", "_", "-", ".", "@", "&", "+", "://", " | "])
async def test_what_stands_between_words_never_hides_one(database, ask, ann, between):
    one, other = new_word(), new_word()
    photo = await make_photo(database, ann, title=f"{one}{between}{other}")

    assert await found(ask, search=other) == [photo.id]
    assert await found(ask, search=f"{one}{between}{other}") == [photo.id]


async def test_a_slip_of_the_finger_is_forgiven_and_comes_after_what_was_typed(database, ask, ann):
    # Two letters that are the same cannot change places.
    word = next(one for one in iter(new_word, None) if one[3] != one[4])
    slipped = [
        word[:4] + word[5:],
        word[:4] + "j" + word[5:],
        word[:3] + word[4] + word[3] + word[5:],
    ]
    alike = [(await make_photo(database, ann, title=each)).id for each in slipped]
    right = await make_photo(database, ann, alt_text=word)

    assert await found(ask, search=word) == [right.id, *reversed(alike)]
    assert (await found(ask, search=slipped[0]))[0] == alike[0]


async def test_short_words_are_taken_by_their_letters(database, ask, ann):
    mark = new_word()
    cat = await make_photo(database, ann, title=f"{mark} cat")
    await make_photo(database, ann, title=f"{mark} car")

    assert await found(ask, search=f"{mark} cat") == [cat.id]


@pytest.mark.parametrize(
    "typed",
    [
        "%",
        "_",
        "{0}%",
        "%{0}",
        "{0} & !",
        "!{0}x",
        "'{0}':*",
        "{0}':A",
        '"',
        "\\",
        "{0}\\",
        "(((",
        "<->",
    ],
)
async def test_wildcards_quotes_and_operators_are_plain_text(database, ask, ann, typed):
    word = new_word()
    await make_photo(database, ann, title="Nothing of the kind")
    photo = await make_photo(database, ann, title=word)

    # Of ":A" an "a" is left, a word that the photo has not; "x" too much is a slip of the finger.
    expected = [photo.id] if "{0}" in typed and ":A" not in typed else []
    assert await found(ask, search=typed.format(word)) == expected
    assert await found(ask, search=typed.format(word), query=USERS) == []
    assert await found(ask, tag=typed.format(word)) == []


@pytest.mark.parametrize("typed", ["", "   ", "\n"])
async def test_an_empty_text_is_no_search(database, ask, ann, typed):
    photo = await make_photo(database, ann)

    assert (await found(ask, first=1, search=typed, tag=typed)) == [photo.id]
    assert (await found(ask, first=1, query=USERS, search=typed)) == [ann.id]


@pytest.mark.parametrize("typed", ["?!", "🌅", "…"])
async def test_a_text_without_letters_and_digits_finds_nothing(database, ask, ann, typed):
    await make_photo(database, ann, title=typed)

    assert await found(ask, search=typed) == []
    assert await found(ask, query=USERS, search=typed) == []


@pytest.mark.parametrize("name", ["search", "tag"])
async def test_the_longest_text(ask, name):
    assert await found(ask, **{name: "é" * 100}) == []
    with pytest.raises(Errors, match=f"{name} has 101 characters; the most is 100") as refused:
        await found(ask, **{name: "é" * 101})
    assert refused.value.codes == ["BAD_USER_INPUT"]


async def test_a_photo_is_found_by_what_it_says_now(database, ask, ann):
    before, after = new_word(), new_word()
    photo = await make_photo(database, ann, title=before, tags=[before])
    async with database.begin() as tx:
        await tx.exec_driver_sql(
            "update photos set title = $1, tags = array[$1] where id = $2", (after, photo.key)
        )

    assert await found(ask, search=before) == []
    assert await found(ask, tag=before) == []
    assert await found(ask, search=after) == await found(ask, tag=after) == [photo.id]


@pytest.mark.parametrize("by", ["search", "tag", "near"])
async def test_only_what_the_viewer_may_see_is_found(database, settings, ask, ann, bob, by):
    word = new_word()
    hidden = await make_person(database, settings, "hidden")
    await make_private(database, hidden)
    blocking = await make_person(database, settings, "blocking")
    spot = (secrets.randbelow(10**6) / 10**4 - 50, secrets.randbelow(10**6) / 10**4)
    says = {"title": word, "tags": [word], "at": spot}
    shown = await make_photo(database, ann, **says)
    of_blocking = await make_photo(database, blocking, **says)
    of_hidden = await make_photo(database, hidden, **says)
    for visibility in Visibility.FOLLOWERS, Visibility.PRIVATE:
        await make_photo(database, ann, visibility=visibility, **says)
    await make_photo(database, ann, is_ready=False, **says)
    await make_block(database, by=blocking, of=bob)
    near = {"latitude": spot[0], "longitude": spot[1], "radiusMeters": 1}
    asked = {by: near if by == "near" else word}

    assert set(await found(ask, **asked)) == {shown.id, of_blocking.id}
    assert set(await found(ask, viewer=bob, **asked)) == {shown.id}
    assert set(await found(ask, viewer=hidden, **asked)) == {
        shown.id,
        of_blocking.id,
        of_hidden.id,
    }


async def test_a_private_account_is_found_by_its_followers(database, settings, ask, ann, bob):
    word = new_word()
    await make_follow(database, by=bob, of=ann)
    await make_private(database, ann)
    photo = await make_photo(database, ann, title=word)

    assert await found(ask, search=word) == []
    assert await found(ask, viewer=bob, search=word) == [photo.id]


async def test_a_narrowed_photo_is_no_longer_found(database, ask, ann):
    word = new_word()
    photo = await make_photo(database, ann, title=word, tags=[word])
    async with database.begin() as tx:
        await tx.exec_driver_sql(
            "update photos set visibility = 'PRIVATE' where id = $1", (photo.key,)
        )
        left = await tx.exec_driver_sql("select from photo_tags where tag = $1", (word,))
        assert left.rowcount == 0

    assert await found(ask, viewer=ann, search=word) == []
    assert await found(ask, viewer=ann, tag=word) == []


@pytest.mark.parametrize("typed", ["{0}", "#{0}", " #{0} ", "#{0}".upper()])
async def test_a_tag_is_found_whole_in_any_case(database, ask, ann, typed):
    word = new_word()
    photos = [(await make_photo(database, ann, tags=["sea", f"{word}ß"])).id for _ in range(5)]
    await make_photo(database, ann, tags=[f"{word}ßx"], title=word)

    tag = typed.replace("{0}", f"{word}ß")
    assert await found(ask, tag=tag) == []
    folded = [(await make_photo(database, ann, tags=[f"{word}ss"])).id for _ in range(5)]
    assert await found(ask, tag=tag) == folded[::-1]
    assert await paged(ask, tag=f"{word}ss") == folded[::-1]
    assert not set(photos) & set(folded)


async def test_pages_of_a_search_have_no_gap_and_no_repeat(database, ask, ann):
    word = new_word()
    made = [
        await make_photo(database, ann, **{where: f"{word} {new_word()}"})
        for where in ["title", "caption", "alt_text", "title", "title", "caption", "alt_text"]
    ]
    await make_photo(database, ann, title=f"{word[:5]}j{word[6:]}")

    listed = await paged(ask, search=word)

    assert listed == await found(ask, search=word)
    assert len(listed) == 8
    assert set(listed) > {photo.id for photo in made}
    assert listed[:3] == [made[4].id, made[3].id, made[0].id]


async def test_a_cursor_of_another_list_is_refused(database, ask, ann):
    word = new_word()
    for _ in range(2):
        await make_photo(database, ann, title=word, tags=[word], at=(1.0, 2.0))
    near = {"latitude": 1.0, "longitude": 2.0}
    lists = [{}, {"search": word}, {"tag": word}, {"near": near}]
    cursors = [
        (await ask(PHOTOS, first=1, **each))["photos"]["pageInfo"]["endCursor"] for each in lists
    ]
    people = await ask(USERS, first=1, search=ann.username)
    cursors.append(people["users"]["pageInfo"]["endCursor"])

    assert len({*cursors}) == 5
    for number, each in enumerate(lists):
        for other, cursor in enumerate(cursors):
            if other == number:
                assert len(await found(ask, after=cursor, first=1, **each)) == 1
                continue
            with pytest.raises(Errors, match="no cursor of this list") as refused:
                await found(ask, after=cursor, **each)
            assert refused.value.codes == ["BAD_USER_INPUT"]


async def test_a_search_costs_the_same_for_one_photo_and_for_twenty(database, ask_counted, ann):
    word = new_word()
    query = """
    query($search: String, $tag: String, $near: NearInput) {
      photos(first: 100, search: $search, tag: $tag, near: $near) {
        edges { node { id owner { username } variants { url } } }
      }
    }
    """
    near = {"latitude": 5.0, "longitude": 6.0}
    # A search asks for the words of the text, how many photos have them, and the page.
    prices = [({"search": word}, 5), ({"tag": word}, 3), ({"tag": word, "near": near}, 3)]
    for many in 1, 20:
        for _ in range(many - 1 or 1):
            await make_photo(database, ann, title=word, tags=[word], at=(5.0, 6.0))
        for arguments, price in prices:
            answer, total = await ask_counted(query, **arguments)
            assert len(answer["photos"]["edges"]) == many
            assert total == price


async def test_photos_of_the_same_new_words_are_made_at_the_same_time(database, ask, ann):
    words = [new_word() for _ in range(8)]
    made = await asyncio.gather(
        *(
            make_photo(database, ann, title=" ".join(words[turn:] + words[:turn]), tags=words)
            for turn in range(8)
        )
    )

    assert set(await found(ask, search=" ".join(words))) == {photo.id for photo in made}
    assert len(await found(ask, tag=words[0])) == 8
