"""Whether the process lives, whether it should get requests, and its figures."""

import secrets

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette

from server import health, parts
from storage import jobs, revisions
from storage.objects import Objects
from storage.rows import PhotoStatus
from tests.making import make_photo

NOWHERE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
READY = {"ready": True, "leaving": False, "database": "ok", "store": "ok"}


async def test_the_process_lives(client):
    answer = await client.get("/livez")

    assert (answer.status_code, answer.text) == (200, "alive")


async def test_it_is_ready_when_its_parts_are(client):
    answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, READY)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "changed", [{"s3_endpoint": "http://127.0.0.1:1"}, {"s3_bucket": "no-such-bucket"}]
)
async def test_without_the_store_it_is_ready_all_the_same(serving, changed):
    async with serving(**changed) as client:
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, READY | {"store": "degraded"})


async def test_with_refused_keys_the_store_is_degraded(serving):
    async with serving(s3_secret_key=SecretStr("wrong" * 4)) as client:
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, READY | {"store": "degraded"})


async def test_without_the_database_it_lives_and_is_not_ready(serving):
    async with serving(database_url=NOWHERE) as client:
        lives, ready = await client.get("/livez"), await client.get("/readyz")

    assert lives.status_code == 200
    assert ready.status_code == 503
    assert ready.json() == READY | {"ready": False, "database": "unreachable"}


async def test_a_database_that_refuses_us_is_out_of_reach(serving, settings):
    url = settings.database_url.get_secret_value().replace("/picshare?", "/no_such_database?")
    async with serving(database_url=SecretStr(url)) as client:
        ready, figures = await client.get("/readyz"), await client.get("/metrics")

    assert ready.status_code == 503
    assert ready.json() == READY | {"ready": False, "database": "unreachable"}
    assert figures.status_code == 200
    assert "picshare_photos" not in figures.text


@pytest.fixture
async def empty_database(settings):
    """The address of a database without tables."""
    url = settings.database_url.get_secret_value()
    name = f"empty_{secrets.token_hex(6)}"
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        await connection.execute(text(f"create database {name}"))
        yield SecretStr(url.replace("/picshare?", f"/{name}?"))
        await connection.execute(text(f"drop database {name}"))
    await engine.dispose()


async def test_without_its_tables_it_is_not_ready_until_they_are_made(serving, empty_database):
    async with serving(database_url=empty_database) as client:
        before, figures = await client.get("/readyz"), await client.get("/metrics")
        await revisions.upgrade(empty_database.get_secret_value())
        after = await client.get("/readyz")

    word = f"schema revision is None, not {revisions.newest()}; run `picshare migrate`"
    assert before.status_code == 503
    assert before.json() == READY | {"ready": False, "database": word}
    assert figures.status_code == 200
    assert (after.status_code, after.json()) == (200, READY)


async def test_who_leaves_is_not_ready(settings):
    built, state = parts.build(settings), health.Health()
    app = Starlette(routes=health.routes(built, state))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://api"
    ) as client:
        assert (await client.get("/readyz")).json() == READY
        state.is_leaving = True
        answer = await client.get("/readyz")
        assert (await client.get("/livez")).status_code == 200
    built.passwords.close()
    await built.database.close()

    assert (answer.status_code, answer.json()) == (503, READY | {"ready": False, "leaving": True})


async def test_a_store_that_does_not_answer_does_not_hold_it_up(monkeypatch, client):
    async def never(_):
        raise TimeoutError

    monkeypatch.setattr(Objects, "is_reachable", never)

    assert (await client.get("/readyz")).json() == READY | {"store": "degraded"}


@pytest.fixture
def figures(client):
    """The metrics by name and labels."""

    async def figures():
        answer = await client.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = list(text_string_to_metric_families(answer.text))
        assert len({family.name for family in families}) == len(families)
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    return figures


def moved(before, after, prefix):
    """By how much each figure changed, of those that did."""
    names = {name for name in after if name[0].startswith(prefix)}
    found = {name: after[name] - before.get(name, 0) for name in names}
    return {name: change for name, change in found.items() if change}


async def test_an_operation_is_counted_with_its_outcome_and_statements(figures, post):
    before = await figures()

    await post("{ photos { edges { cursor } } }")
    await post("query Other { photos(first: 1) { pageInfo { hasNextPage } } }")
    await post("{ feed { edges { cursor } } }")
    await post("{ nothing }")
    after = await figures()

    photos, feed, none = (("operation", name) for name in ("query photos", "query feed", "none"))
    assert moved(before, after, "picshare_graphql_operations_total") == {
        ("picshare_graphql_operations_total", photos, ("outcome", "ok")): 2,
        ("picshare_graphql_operations_total", feed, ("outcome", "UNAUTHENTICATED")): 1,
        ("picshare_graphql_operations_total", none, ("outcome", "BAD_USER_INPUT")): 1,
    }
    assert moved(before, after, "picshare_graphql_statements_count") == {
        ("picshare_graphql_statements_count", photos): 2,
        ("picshare_graphql_statements_count", feed): 1,
        ("picshare_graphql_statements_count", none): 1,
    }
    assert moved(before, after, "picshare_graphql_statements_sum") == {
        ("picshare_graphql_statements_sum", photos): 2,
    }
    route = ("picshare_http_request_seconds_count", ("route", "/graphql"))
    assert moved(before, after, route[0])[route] == 4


async def test_photos_are_counted_by_status(figures, database, ann):
    before = await figures()

    await make_photo(database, owner=ann)
    await make_photo(database, owner=ann)
    await make_photo(database, owner=ann, is_ready=False)
    failed = await make_photo(database, owner=ann, is_ready=False)
    async with database.begin() as tx:
        await tx.execute(
            text(
                "update photos set status = 'FAILED', failure_code = 'CORRUPT_IMAGE',"
                " failure_message = 'cut off' where id = :id"
            ),
            {"id": failed.key},
        )
    after = await figures()

    assert {
        status: after["picshare_photos", ("status", status)]
        - before["picshare_photos", ("status", status)]
        for status in PhotoStatus
    } == {"READY": 2, "PROCESSING": 1, "FAILED": 1}


async def test_the_queue_is_counted_and_its_age_told(figures, database, ann):
    before = await figures()
    photo = await make_photo(database, owner=ann, is_ready=False)
    async with database.begin() as tx:
        await jobs.make_variants(tx, photo.key)
        await tx.execute(
            text(
                "update pgqueuer set created = now() - interval '400 days' where payload = :payload"
            ),
            {"payload": photo.key.bytes},
        )
    during = await figures()
    async with database.begin() as tx:
        await tx.execute(
            text("delete from pgqueuer where payload = :payload"), {"payload": photo.key.bytes}
        )
    after = await figures()

    kind = ("kind", "make_variants")
    depth, age = ("picshare_queue_depth", kind), ("picshare_queue_age_seconds", kind)
    assert during[depth] - before[depth] == 1
    assert during[age] >= 400 * 86_400 > before[age]
    assert after[depth] == before[depth]
    assert after[age] < 400 * 86_400
