"""Finding people by their names."""

from tests.making import make_block, make_person
from tests.search.finding import USERS, found, new_word, paged


async def _named(database, settings, name, display_name):
    person = await make_person(database, settings, name)
    async with database.begin() as tx:
        await tx.exec_driver_sql(
            "update users set display_name = $1 where id = $2", (display_name, person.key)
        )
    return person


async def test_people_are_found_by_beginnings_first_and_then_by_likeness(database, settings, ask):
    word = new_word(6)
    slipped = word[:3] + "j" + word[4:]
    alike = await _named(database, settings, slipped, "Nobody")
    by_last_name = await _named(database, settings, "x" + new_word(5), f"Zoë {word.title()}son")
    by_username = await _named(database, settings, word, "Somebody")
    await _named(database, settings, f"x{new_word(5)}", "Someone Else")

    expected = [by_username.id, by_last_name.id, alike.id]
    assert await found(ask, query=USERS, search=word) == expected
    assert await paged(ask, query=USERS, search=word.upper()) == expected
    assert await found(ask, query=USERS, search=word[:5]) == expected
    assert (await found(ask, query=USERS, search=f"zoe {word}"))[0] == by_last_name.id


async def test_the_whole_name_is_found_before_longer_ones(database, settings, ask):
    word = new_word(6)
    whole = await _named(database, settings, f"x{new_word(5)}", word)
    for number in range(3):
        await _named(database, settings, f"x{new_word(5)}", f"{word}{number}")

    assert (await found(ask, query=USERS, search=word))[0] == whole.id


async def test_a_block_hides_people_from_a_search(database, ask, ann, bob):
    await make_block(database, by=ann, of=bob)

    # Others may have names that are like theirs.
    assert ann.id not in await found(ask, query=USERS, search=ann.username, viewer=bob)
    assert bob.id not in await found(ask, query=USERS, search=bob.username, viewer=ann)
    assert (await found(ask, query=USERS, search=ann.username))[0] == ann.id


async def test_a_search_of_people_is_one_statement(database, settings, ask_counted):
    word = new_word(6)
    for number in range(20):
        await make_person(database, settings, word)
        if number in {0, 19}:
            answer, total = await ask_counted(USERS, search=word, first=100)
            assert len(answer["users"]["edges"]) == number + 1
            assert total == 1
