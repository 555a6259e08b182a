"""A small world to ask of, and the parts of a process that answer."""

from dataclasses import dataclass

import pytest_asyncio

from server import parts
from server.settings import Settings
from storage.database import Database
from storage.rows import SessionRow
from tests import making
from tests.compiled.documents import Known


@dataclass(frozen=True, slots=True)
class World:
    known: Known
    sessions: list[SessionRow]


@pytest_asyncio.fixture(scope="session")
async def built(settings: Settings):
    made = parts.build(settings)
    yield made
    made.passwords.close()
    await made.wakeups.close()
    await made.database.close()


@pytest_asyncio.fixture(scope="session")
async def world(database: Database, settings: Settings, built) -> World:
    """Three people who follow, like and answer each other."""
    people = [await making.make_person(database, settings, name) for name in ("ann", "bob", "cid")]
    ann, bob, cid = people
    await making.make_follow(database, by=ann, of=bob)
    await making.make_follow(database, by=cid, of=ann)
    owners = (ann, bob, bob, cid, ann, bob)
    photos = [await making.make_photo(database, owner, tags=["sunset"]) for owner in owners]
    for person in people:
        await making.make_like(database, by=person, of=photos[1])
    first = await making.make_comment(database, by=ann, of=photos[1])
    second = await making.make_comment(database, by=bob, of=photos[1], to=first)
    await making.make_block(database, by=bob, of=cid)
    await making.make_block(database, by=cid, of=bob)
    for number in range(3):
        await making.make_comment(database, by=bob, of=photos[1], body=f"c{number}")
    await making.make_jpegs(database, photos[:2])
    callers = [await built.callers.of(f"Bearer {person.token}") for person in people]
    ids = [made.id for made in (*people, *photos, first, second)]
    return World(
        Known(ids, [person.username for person in people], ["cQ=="]),
        [caller.session for caller in callers],
    )
