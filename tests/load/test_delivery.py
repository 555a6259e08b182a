"""W6: everybody is told what they may know and nobody else is, while rights come and go."""

import asyncio
import itertools
import os
from bisect import bisect
from collections import Counter
from contextlib import asynccontextmanager, suppress
from time import perf_counter

import pytest
from sqlalchemy import select

from schema.nodes import global_id
from storage import blocks, comments, mentions
from storage.rows import NotificationKind, Visibility
from storage.tables import notifications
from tests.load.crowds import gathered
from tests.load.listeners import TEXT, Listener, connected
from tests.load.shooting import tell
from tests.load.test_crowds import until
from tests.making import make_follow, make_person, make_photo

EVENTS = int(os.environ.get("PICSHARE_TEST_DELIVERED_EVENTS", "400"))
STRANGER, FOLLOWER, BLOCKED, CHANGING = "stranger", "follower", "blocked", "changing"
CROWD = [STRANGER, FOLLOWER] * 20 + [BLOCKED, CHANGING] * 5
MAY_SEE = {"public": {STRANGER, FOLLOWER}, "followers": {FOLLOWER}, "private": set()}
# How long after the end of a right something may still be delivered, and how long it is away.
BOUND_S = 1.0
AWAY_S = 2.5
# So much is on its way at most, so that a slow machine is late and not drowned.
WINDOW = 1_000
PATIENCE_S = 120
BEGUN_S = 3
TOLD = """
subscription { notificationReceived { id actor { username } photo { id } comment { id } } }
"""
TURN = """
mutation($id: ID!, $visibility: Visibility!) {
  updatePhoto(input: {id: $id, visibility: $visibility}) { errors { code } }
}
"""


class Told(Listener):
    """Counts what it is told as it comes: to go through all of it each time would take the longer
    the more it is.
    """

    def __init__(self, number, photos, token):
        super().__init__(number, TOLD, token)
        self._photos = photos
        self.counted = 0

    def _take(self, kind, payload):
        super()._take(kind, payload)
        if self.messages and self.messages[-1][1]["type"] == "next" and kind == TEXT:
            [(_, told)] = _received(self.messages[-1:])
            self.counted += bool(told["photo"] and told["photo"]["id"] in self._photos)


class Away:
    """When a right was surely away."""

    def __init__(self) -> None:
        self._spans: list[tuple[float, float]] = []

    @asynccontextmanager
    async def away(self):
        began = perf_counter()
        yield
        self._spans.append((began, perf_counter()))

    @property
    def times(self) -> int:
        return len(self._spans)

    def is_leak(self, at: float) -> bool:
        before = bisect(self._spans, (at, 0.0))
        if not before:
            return False
        began, ended = self._spans[before - 1]
        return began + BOUND_S < at < ended


async def _subscribed(api, database, owner, photos, people):
    """Listeners, each of whom was told something, if there is anything they may be told."""
    # Of these it is known whom they are for; what others come to depends on the moment.
    steady = {photos[name].id for name in MAY_SEE}
    crowd = [Told(number, steady, person.token) for number, person in enumerate(people)]
    waiting = iter(crowd)
    await gathered(len(crowd), lambda: connected(api.port, next(waiting)))
    await until(lambda: all(each.is_acked for each in crowd))
    # Nobody says when a subscription has begun: what comes later is told, what is there is not.
    await asyncio.sleep(BEGUN_S)
    await _comment(database, owner, photos["public"], people)
    told = [each for each, kind in zip(crowd, CROWD, strict=True) if kind != BLOCKED]
    await until(lambda: all(each.events for each in told))
    return crowd


async def _comment(database, owner, photo, people):
    async with database.begin() as tx:
        row = await comments.add(tx, photo.key, owner.key, "All of you.", None)
        await mentions.tell(tx, row, [[person.username] for person in people])


async def _turn(ask, owner, photo, away):
    while True:
        await ask(TURN, viewer=owner, id=photo.id, visibility="PRIVATE")
        async with away.away():
            await asyncio.sleep(AWAY_S)
        await ask(TURN, viewer=owner, id=photo.id, visibility="PUBLIC")
        await asyncio.sleep(AWAY_S)


async def _block(database, owner, people, away):
    while True:
        for person in people:
            async with database.begin() as tx:
                await blocks.add(tx, owner.key, person.key)
        async with away.away():
            await asyncio.sleep(AWAY_S)
        for person in people:
            async with database.begin() as tx:
                await blocks.remove(tx, owner.key, person.key)
        await asyncio.sleep(AWAY_S)


async def _kept(database, people):
    """What of all that was told is in the lists in the end: of whom, and of which photo."""
    mine = notifications.c.user_id.in_([person.key for person in people])
    kept = select(notifications.c.id, notifications.c.user_id, notifications.c.photo_id)
    async with database.connect() as connection:
        found = await connection.execute(
            kept.where(mine, notifications.c.kind == NotificationKind.MENTION)
        )
        return [(global_id("notification", id), user, photo) for id, user, photo in found]


def _count(crowd):
    return sum(len(each.events) for each in crowd)


def _steady(crowd):
    """How much those were told whose rights are always the same, of photos that are, too."""
    return sum(each.counted for each, kind in zip(crowd, CROWD, strict=True) if kind != CHANGING)


def _leaks(photos, crowd, hidden, apart):
    """What was told to those who must not know it, at that time."""
    names = {photo.id: name for name, photo in photos.items()}
    leaks = []
    for kind, listener in crowd:
        for at, told in _received(listener.events):
            name = names[told["photo"]["id"]] if told["photo"] else None
            is_shown = bool(told["photo"] or told["comment"])
            if (
                kind == BLOCKED
                or (kind == CHANGING and (apart.is_leak(at) or name in {"followers", "private"}))
                or (name in MAY_SEE and kind != CHANGING and kind not in MAY_SEE[name])
                or (name in {"turning", None} and is_shown and hidden.is_leak(at))
            ):
                leaks.append((kind, name, told))
    return leaks


def _received(messages):
    return [(at, message["payload"]["data"]["notificationReceived"]) for at, message in messages]


def _missing(kept, people, crowd):
    """How much of what is in the lists was not told."""
    due = {(user, id) for id, user, _ in kept}
    for person, listener in zip(people, crowd, strict=True):
        due -= {(person.key, told["id"]) for _, told in _received(listener.events)}
    return len(due)


def _twice(crowd):
    return sum(
        len(each.events) - len({told["id"] for _, told in _received(each.events)}) for each in crowd
    )


async def _write(database, owner, photos, people, crowd):
    """Comment on one photo after the other; how often on each."""
    written = Counter({"public": 1})
    for number, name in zip(range(EVENTS), itertools.cycle(photos)):
        await _comment(database, owner, photos[name], people)
        written[name] += 1
        if number % 10 == 0:
            due = sum(CROWD.count(kind) * written[n] for n in MAY_SEE for kind in MAY_SEE[n])
            await until(lambda due=due: _steady(crowd) > due - WINDOW, PATIENCE_S)
    return written


def _expected(written, photos, people):
    """What is in the lists of those whose rights are always the same, by rights."""
    return {
        (person.key, photos[name].key): written[name]
        for name, kinds in MAY_SEE.items()
        for kind, person in zip(CROWD, people, strict=True)
        if kind in kinds
    }


async def _people(database, settings, owner):
    """Who listens, each as they stand to the owner."""
    people = [await make_person(database, settings, kind) for kind in CROWD]
    for kind, person in zip(CROWD, people, strict=True):
        if kind == FOLLOWER:
            await make_follow(database, by=person, of=owner)
        if kind == BLOCKED:
            async with database.begin() as tx:
                await blocks.add(tx, owner.key, person.key)
    return people


@pytest.mark.torture
async def test_everybody_is_told_what_they_may_know(api, settings, database, ask):
    # Ten thousand events take longer than an access token lasts.
    lasting = settings.model_copy(update={"access_token_ttl_s": 2 * 3_600})
    owner = await make_person(database, lasting, "owner")
    people = await _people(database, lasting, owner)
    photos = {
        name: await make_photo(database, owner, visibility=Visibility[name.upper()])
        for name in MAY_SEE
    }
    photos["turning"] = await make_photo(database, owner)
    crowd = await _subscribed(api, database, owner, photos, people)

    some = [person for person, kind in zip(people, CROWD, strict=True) if kind == CHANGING]
    hidden, apart = Away(), Away()
    changes = _turn(ask, owner, photos["turning"], hidden), _block(database, owner, some, apart)
    changing = [asyncio.create_task(change) for change in changes]
    written = await _write(database, owner, photos, people, crowd)
    for task in changing:
        assert task.cancel()
    await asyncio.gather(*changing, return_exceptions=True)

    kept = await _kept(database, people)
    with suppress(TimeoutError):
        await until(lambda: not _missing(kept, people, crowd), PATIENCE_S)
    left, twice = _missing(kept, people, crowd), _twice(crowd)
    leaks = _leaks(photos, zip(CROWD, crowd, strict=True), hidden, apart)
    tell(f"{EVENTS} events for {len(people)}: {_count(crowd)} told, {left} missing, {twice} twice")
    tell(f"{len(leaks)} leaks; hidden {hidden.times} times, blocked {apart.times} times")
    for each in crowd:
        each.transport.abort()

    keys = {photos[name].key for name in MAY_SEE}
    steady = {person.key for person in people} - {person.key for person in some}
    listed = Counter((user, photo) for _, user, photo in kept if photo in keys and user in steady)
    assert listed == _expected(written, photos, people)
    assert (left, twice, leaks) == (0, 0, [])
    assert api.complaints() == []
