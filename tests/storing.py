"""Photos with their bytes in the store, jobs run by hand, and parts that break when told to."""

import asyncio
import hashlib
import io
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from PIL import Image
from sqlalchemy import func, select, text

from schema.nodes import global_id
from server import worker
from storage import photos, tables, uploads, variants
from storage.database import Database
from storage.mails import Letter
from storage.objects import Objects
from storage.photos import Draft
from storage.rows import PhotoStatus, Visibility
from storage.uploads import Promise
from tests.making import LONG, Person, Shared, make_photo
from workers.outcomes import Outcome
from workers.variants import Workshop


def picture(color: str = "teal", size: tuple[int, int] = (640, 480)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "JPEG")
    return file.getvalue()


async def make_stored(
    database: Database,
    objects: Objects,
    owner: Person,
    visibility: Visibility = Visibility.PUBLIC,
) -> Shared:
    """A READY photo whose variants hold their own names."""
    photo = await make_photo(database, owner, visibility=visibility)
    for row in await variant_rows(database, photo):
        await objects.write(row.key, row.name.encode(), "image/webp")
    return photo


@dataclass(frozen=True, slots=True)
class Awaiting(Shared):
    upload_id: str


async def make_awaiting(
    database: Database,
    objects: Objects,
    owner: Person,
    visibility: Visibility = Visibility.PUBLIC,
) -> Awaiting:
    """A photo as it is right after publishing, its file in the store twice."""
    data, token = picture(), secrets.token_hex(16)
    promise = Promise("image/jpeg", len(data), hashlib.sha256(data).digest(), None)
    draft = Draft("", "", "", [], None, None, None, visibility)
    async with database.begin() as tx:
        upload = await uploads.add(tx, owner.key, promise, None, upload_ttl=LONG, publish_ttl=LONG)
        row, _ = await photos.add(
            tx, upload, draft, original_key=f"originals/{token}", media_token=token
        )
    for key in (upload.staging_key, f"originals/{token}"):
        await objects.write(key, data, "image/jpeg")
    return Awaiting(global_id("photo", row.id), row.id, global_id("upload", upload.id))


async def variant_rows(database: Database, photo: Shared):
    async with database.connect() as connection:
        return (await variants.of_photos(connection, [photo.key])).get(photo.key, [])


async def every_object(objects: Objects) -> set[str]:
    return set(await objects.keys(""))


async def somebody_waits(database: Database) -> None:
    """Returns once a transaction waits for another one."""
    query = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and "
        "datname = current_database()"
    )
    async with asyncio.timeout(10), database.connect() as connection:
        while not (await connection.execute(query)).scalar_one():
            pass


class Shredder:
    """A postbox for tests that are about something else."""

    async def deliver(self, letter: Letter) -> None:
        pass


class Jobs:
    """The jobs that were enqueued since this was made."""

    def __init__(self, database: Database, workshop: Workshop, since: int) -> None:
        self._database = database
        self._handlers = (
            worker.handlers(workshop)
            | worker.mailing(database, Shredder())
            | worker.remaking(workshop, LONG)
        )
        self._since = since

    @classmethod
    async def from_now_on(cls, database: Database, workshop: Workshop) -> "Jobs":
        async with database.connect() as connection:
            newest = await connection.execute(text("select coalesce(max(id), 0) from pgqueuer"))
            # A job that is gone already keeps its number.
            return cls(database, workshop, newest.scalar_one())

    async def waiting(self) -> list[tuple[int, str, bytes]]:
        query = text(
            "select id, entrypoint, payload from pgqueuer where id > :since order by id"
        ).bindparams(since=self._since)
        async with self._database.connect() as connection:
            return [tuple(row) for row in await connection.execute(query)]

    async def kinds(self) -> list[str]:
        return [kind for _, kind, _ in await self.waiting()]

    async def run(self, *kinds: str) -> None:
        """Run all of those kinds, or just all, those for later too, until none is left."""
        for _ in range(20):
            found = [job for job in await self.waiting() if not kinds or job[1] in kinds]
            if not found:
                return
            for id, kind, payload in found:
                if await self._handlers[kind](payload) is not Outcome.AGAIN:
                    await self._end(id)
        raise AssertionError(f"jobs do not come to an end: {await self.waiting()}")

    async def _end(self, id: int) -> None:
        async with self._database.begin() as tx:
            await tx.execute(text("delete from pgqueuer where id = :id").bindparams(id=id))


def is_signed(url, settings):
    return url.startswith(f"{settings.api_url}/restricted/")


class Died(BaseException):
    """The process was killed."""


class Breaking:
    """Counts what is done with a store or a database, and breaks at the *at*-th call.

    The call takes effect and its answer is lost, or it never takes effect.
    """

    def __init__(self, error: BaseException, at: int, *, takes_effect: bool) -> None:
        self.calls = 0
        self._error = error
        self._at = at
        self._takes_effect = takes_effect

    @property
    def has_broken(self) -> bool:
        return self.calls >= self._at

    def before(self) -> None:
        self.calls += 1
        if self.calls == self._at and not self._takes_effect:
            raise self._error

    def after(self, call: int) -> None:
        if call == self._at and self._takes_effect:
            raise self._error


class BreakingObjects:
    """A real store that breaks."""

    def __init__(self, objects: Objects, breaking: Breaking) -> None:
        self._objects = objects
        self._breaking = breaking

    def __getattr__(self, name: str):
        done = getattr(self._objects, name)

        async def call(*arguments, **named):
            self._breaking.before()
            call = self._breaking.calls
            answer = await done(*arguments, **named)
            self._breaking.after(call)
            return answer

        return call


class BreakingDatabase:
    """A real database whose transactions break, before they begin or after they are committed."""

    def __init__(self, database: Database, breaking: Breaking) -> None:
        self._database = database
        self._breaking = breaking
        self.connect = database.connect

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[object]:
        self._breaking.before()
        call = self._breaking.calls
        async with self._database.begin() as tx:
            yield tx
        self._breaking.after(call)


class Meanwhile:
    """A real studio in which something else happens while it renders."""

    def __init__(self, studio, happens):
        self._studio = studio
        self._happens = happens

    async def render(self, data):
        rendered = await self._studio.render(data)
        await self._happens()
        return rendered


async def scalar(database, query):
    async with database.connect() as connection:
        return (await connection.execute(query)).scalar_one()


async def counts(database, person):
    """The kept counts of public photos, of those for followers, and of all; the rows agree."""
    kept = select(
        tables.users.c.public_photo_count,
        tables.users.c.followers_photo_count,
        tables.users.c.own_photo_count,
    ).where(tables.users.c.id == person.key)
    is_ready = tables.photos.c.status == PhotoStatus.READY
    counted = select(
        func.count().filter(is_ready, tables.photos.c.visibility == Visibility.PUBLIC),
        func.count().filter(is_ready, tables.photos.c.visibility != Visibility.PRIVATE),
        func.count(),
    ).where(tables.photos.c.owner_id == person.key)
    async with database.connect() as connection:
        first = tuple((await connection.execute(kept)).one())
        assert first == tuple((await connection.execute(counted)).one())
    return first


async def whole_row(database, photo):
    async with database.connect() as connection:
        return (
            await connection.execute(tables.photos.select().where(tables.photos.c.id == photo.key))
        ).one()
