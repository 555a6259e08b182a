"""What people are told, as it comes: to each what is theirs, whatever happens on the way."""

import asyncio
import threading
from contextlib import AsyncExitStack, asynccontextmanager

import pytest_asyncio

from server import hub
from server.hub import Hub
from storage import blocks, inbox, notifications
from storage.rows import NotificationKind
from tests.load.telling import tell_often
from tests.making import make_follow, make_like, make_person, make_photo
from tests.subscriptions.clients import DEADLINE_S, RECEIVED, events, until


def _follow(person):
    return "FOLLOW", person.username, 1


def _received(data):
    found = data["notificationReceived"]
    return found["kind"], found["actor"]["username"], found["actorCount"]


async def test_it_arrives_on_every_server(serving, database, ann, bob):
    near, far = serving(), serving()

    async with far.socket(ann) as socket, events(near.url, RECEIVED, ann) as streamed:
        await socket.subscribe(RECEIVED)
        await near.until_told(ann)
        await far.until_told(ann)

        await make_follow(database, by=bob, of=ann)

        assert _received(await socket.next()) == _follow(bob)
        name, body = await anext(streamed)
        assert (name, _received(body["data"])) == ("next", _follow(bob))


async def test_what_was_there_before_is_no_news(api, database, ann, bob, cid):
    await make_follow(database, by=bob, of=ann)

    async with api.socket(ann) as socket:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        await make_follow(database, by=cid, of=ann)

        assert _received(await socket.next()) == _follow(cid)


async def test_a_gathered_one_comes_again_when_somebody_joins(api, database, ann, bob, cid):
    photo = await make_photo(database, ann)

    async with api.socket(ann) as socket:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        ids = set()
        for count, person in enumerate((bob, cid), 1):
            await make_like(database, by=person, of=photo)
            data = await socket.next()
            assert _received(data) == ("LIKE", person.username, count)
            ids.add(data["notificationReceived"]["id"])

    assert len(ids) == 1


async def test_one_that_is_committed_late_is_not_passed_over(api, database, ann, bob, cid):
    async with api.socket(ann) as socket:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        async with database.begin() as tx:
            await notifications.tell(tx, ann.key, NotificationKind.FOLLOW, bob.key)
            # It was dated before this one, which overtakes it.
            await make_follow(database, by=cid, of=ann)
            assert _received(await socket.next()) == _follow(cid)

        assert _received(await socket.next()) == _follow(bob)


async def test_more_than_a_page_at_once_arrives_once_each(api, database, ann, bob, cid):
    async with api.socket(ann) as socket:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        told = await tell_often(database, ann, bob, 2 * inbox.PAGE + 1)
        found = [(await socket.next())["notificationReceived"]["id"] for _ in told]
        await make_follow(database, by=cid, of=ann)

        assert sorted(found) == sorted(told)
        assert _received(await socket.next()) == _follow(cid)


async def test_nobody_hears_of_whom_they_blocked(api, database, ann, bob, cid):
    photo = await make_photo(database, ann)

    async with api.socket(ann) as socket:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        async with database.begin() as tx:
            await blocks.add(tx, ann.key, bob.key)
        async with database.begin() as tx:
            await notifications.tell(tx, ann.key, NotificationKind.FOLLOW, bob.key)
        await make_like(database, by=cid, of=photo)

        assert _received(await socket.next()) == ("LIKE", cid.username, 1)


class Connections:
    """The connections that were opened since a test began."""

    def __init__(self, database, began_at):
        self._database = database
        self._where = f"from pg_stat_activity where backend_start > '{began_at}'"

    async def until_listening(self):
        counted = (
            f"select count(*) {self._where} and application_name = 'picshare-listener' "
            "and query ilike 'listen%%'"
        )
        async with asyncio.timeout(DEADLINE_S):
            while await self._value(counted) != 1:
                pass

    async def end(self, application):
        ending = f"select count(pg_terminate_backend(pid)) {self._where} and application_name = "
        assert await self._value(f"{ending}'{application}'") > 0

    async def _value(self, query):
        async with self._database.connect() as connection:
            return (await connection.exec_driver_sql(query)).scalar_one()


@pytest_asyncio.fixture
async def connections(database):
    async with database.connect() as connection:
        return Connections(database, await inbox.clock(connection))


async def test_what_happens_while_the_listener_is_cut_arrives_afterwards(
    connections, serving, database, ann, bob, monkeypatch
):
    # Nothing but the new connection may wake anybody here.
    monkeypatch.setattr(hub, "POLL_S", 3600)
    api, refused = serving(), threading.Event()

    @asynccontextmanager
    async def refusing(_url):
        refused.set()
        raise ConnectionRefusedError("the way is cut")
        yield

    async with api.socket(ann) as socket:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        await connections.until_listening()
        with monkeypatch.context() as cut:
            cut.setattr(hub, "_connection", refusing)
            await connections.end("picshare-listener")
            await until(refused.is_set)
            await make_follow(database, by=bob, of=ann)

        assert _received(await socket.next()) == _follow(bob)


async def test_a_listener_that_is_killed_again_and_again_costs_nothing(
    connections, serving, database, settings, ann, monkeypatch
):
    monkeypatch.setattr(hub, "POLL_S", 3600)
    api = serving()
    people = [await make_person(database, settings, f"p{number}") for number in range(10)]

    async with api.socket(ann) as socket:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        for person in people:
            await connections.until_listening()
            await asyncio.gather(
                connections.end("picshare-listener"), make_follow(database, by=person, of=ann)
            )
            assert _received(await socket.next()) == _follow(person)


async def test_without_any_wake_up_polling_finds_it(serving, database, ann, bob, monkeypatch):
    monkeypatch.setattr(hub, "POLL_S", 0.05)
    monkeypatch.setattr(Hub, "_heard", lambda *_: None)
    api = serving()

    async with api.socket(ann) as socket:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        await make_follow(database, by=bob, of=ann)

        assert _received(await socket.next()) == _follow(bob)


async def test_a_database_that_cuts_every_connection_costs_nothing(
    connections, api, database, ann, bob, cid
):
    async with api.socket(ann) as socket:
        await socket.subscribe(RECEIVED)
        await api.until_told(ann)
        for person in (bob, cid):
            await connections.until_listening()
            await connections.end("picshare-api")
            await connections.end("picshare-listener")
            await make_follow(database, by=person, of=ann)
            assert _received(await socket.next()) == _follow(person)


async def test_everybody_gets_all_of_theirs_and_nothing_else(api, database, settings):
    people = [await make_person(database, settings, f"s{number}") for number in range(50)]
    senders = [await make_person(database, settings, f"t{number}") for number in range(20)]
    # One in five has blocked one in four of those they would hear of.
    blocking, blocked = people[::5], senders[::4]
    async with database.begin() as tx:
        for person in blocking:
            for sender in blocked:
                await blocks.add(tx, person.key, sender.key)

    async def heard(socket, expected):
        found = set()
        while len(found) < expected:
            kind, actor, count = _received(await socket.next())
            assert (kind, count) == ("FOLLOW", 1)
            assert actor not in found
            found.add(actor)
        # What comes after the last one would be one too many.
        await socket.subscribe("{ viewer { username } }", called="mine")
        message = await socket.receive()
        assert message["id"] == "mine", message
        return message["payload"]["data"]["viewer"]["username"], found

    async def send(sender):
        recipients = [person.key for person in people]
        async with database.begin() as tx:
            await notifications.tell_each(tx, recipients, NotificationKind.FOLLOW, sender.key)

    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(api.socket(person)) for person in people]
        for socket in sockets:
            await socket.subscribe(RECEIVED)
        await api.until_told(*people)
        hearing = [
            asyncio.create_task(heard(socket, 15 if person in blocking else 20))
            for person, socket in zip(people, sockets, strict=True)
        ]
        for sender in senders:
            await send(sender)
        everything = await asyncio.gather(*hearing)

    names = {sender.username for sender in senders}
    fewer = names - {sender.username for sender in blocked}
    assert everything == [
        (person.username, fewer if person in blocking else names) for person in people
    ]
