"""D9: a store that breaks at any point of making variants: the photo waits, and is made later."""

import asyncio

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from server import parts
from storage.objects import StoreUnavailable
from storage.rows import PhotoStatus
from storage.tables import photos, variants
from tests.durability.proxies import Fault, proxied
from tests.storing import make_awaiting, scalar, variant_rows
from workers.images import Limits, Studio
from workers.outcomes import Outcome
from workers.variants import Workshop, make

# One original is read, six variants are written.
POINTS = range(7)
QUICK = [
    pytest.param(fault, point, marks=[] if is_short else pytest.mark.torture)
    for fault in Fault
    if fault not in {Fault.NONE, Fault.LATE}
    for point in POINTS
    for is_short in [point in {0, 3}]
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio():
    async with Studio(Limits(), children=1) as opened:
        yield opened


@pytest_asyncio.fixture
async def proxy(store):
    async with proxied(store.endpoint) as opened:
        yield opened


@pytest.fixture
def workshop(settings, database, studio, proxy):
    broken = parts.objects(settings.model_copy(update={"s3_endpoint": proxy.url}))
    return Workshop(database, broken, studio)


async def state(database, photo):
    """Its status, and how many variants the rows speak of."""
    status = select(photos.c.status).where(photos.c.id == photo.key)
    many = select(func.count()).where(variants.c.photo_id == photo.key)
    return await scalar(database, status), await scalar(database, many)


async def is_whole(database, objects, photo):
    rows = await variant_rows(database, photo)
    heads = [await objects.head(row.key) for row in rows]
    return [head.byte_size for head in heads] == [row.byte_size for row in rows] and len(rows) == 6


@pytest.mark.parametrize(("fault", "point"), QUICK)
async def test_a_photo_waits_for_its_store(database, objects, workshop, proxy, ann, fault, point):
    photo = await make_awaiting(database, objects, ann)

    proxy.be(fault, point)
    assert await make(workshop, photo.key) is Outcome.AGAIN
    assert await state(database, photo) == (PhotoStatus.PROCESSING, 0)

    proxy.be(Fault.NONE)
    assert await make(workshop, photo.key) is Outcome.DONE
    assert await state(database, photo) == (PhotoStatus.READY, 6)
    assert await is_whole(database, objects, photo)


@pytest.mark.torture
async def test_a_store_that_takes_five_seconds_is_waited_for(
    database, objects, workshop, proxy, ann
):
    photo = await make_awaiting(database, objects, ann)

    proxy.be(Fault.LATE)

    assert await make(workshop, photo.key) is Outcome.DONE
    assert await is_whole(database, objects, photo)


async def test_faults_of_the_store_are_no_crashes_of_the_picture(
    database, objects, workshop, proxy, ann
):
    photo = await make_awaiting(database, objects, ann)
    proxy.be(Fault.RESET)
    for _ in range(4):
        assert await make(workshop, photo.key) is Outcome.AGAIN

    proxy.be(Fault.NONE)
    assert await make(workshop, photo.key) is Outcome.DONE


async def test_a_head_that_was_cut_off_tells_no_size(settings):
    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nContent-Len")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        _, port = server.sockets[0].getsockname()
        cut = parts.objects(settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{port}"}))

        with pytest.raises(StoreUnavailable):
            await cut.head("originals/any")
