"""D1: a write whose connection is lost: the client is told to come again, and nothing remains."""

import secrets
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func, select, text

from storage.database import Database
from storage.reached import Lost
from storage.single import OneTransaction
from storage.tables import comments
from tests.making import make_photo
from tests.storing import scalar

ADD = """
mutation($photo: ID!, $body: String!) {
  addComment(input: {photoId: $photo, body: $body}) { comment { id } errors { code } }
}
"""
LETHAL = """
create function {name}() returns trigger language plpgsql as $$
begin
  if new.{column}::text like '{value}' then
    perform pg_terminate_backend(pg_backend_pid());
  end if;
  return new;
end $$
"""


@pytest_asyncio.fixture
async def lethal(database):
    """A text that kills its backend when it is written: before the row is, or after."""
    name, value = f"lethal_{secrets.token_hex(4)}", secrets.token_hex(8)
    made = LETHAL.format(name=name, column="body", value=value)

    async def run(statement):
        async with database.begin() as tx:
            await tx.execute(text(statement))

    async def lethal(when):
        await run(made)
        await run(
            f"create constraint trigger {name} after insert on comments deferrable initially "
            f"deferred for each row execute function {name}()"
            if when == "commit"
            else f"create trigger {name} {when} insert on comments for each row "
            f"execute function {name}()"
        )
        return value

    yield lethal
    await run(f"drop function {name}() cascade")


@pytest.mark.parametrize("when", ["before", "after", "commit"])
@pytest.mark.parametrize("has_key", [False, True], ids=["plain", "with a key"])
async def test_a_write_whose_backend_dies_is_503_and_nothing_remains(
    client, database, ann, lethal, when, has_key
):
    photo = await make_photo(database, ann)
    body = await lethal(when)
    headers = {"Authorization": f"Bearer {ann.token}"}
    if has_key:
        headers["Idempotency-Key"] = str(uuid4())

    answer = await client.post(
        "/graphql",
        json={"query": ADD, "variables": {"photo": photo.id, "body": body}},
        headers=headers,
    )

    codes = [error["extensions"]["code"] for error in answer.json()["errors"]]
    assert codes == ["SERVICE_UNAVAILABLE"]
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    written = select(func.count()).where(comments.c.photo_id == photo.key)
    assert await scalar(database, written) == 0


@pytest_asyncio.fixture
async def watched(postgres_url):
    opened = Database(postgres_url, pool_size=1)
    yield opened
    await opened.close()


async def test_who_shares_a_lost_transaction_is_told_the_same(database, watched):
    """The first of them loses the connection, and the others find a transaction that is over."""

    async def begun(tx):
        await tx.execute(text("select 1"))

    async with OneTransaction(watched, begun) as single:
        async with single.begin() as tx:
            pid = (await tx.execute(text("select pg_backend_pid()"))).scalar_one()
        assert await scalar(database, text("select pg_terminate_backend(:pid)").bindparams(pid=pid))
        for way in (single.connect, single.connect, single.begin):
            with pytest.raises(Lost):
                async with way() as connection:
                    await connection.execute(text("select 1"))


async def test_a_transaction_that_is_lost_while_it_begins(watched):
    async def begun(tx):
        await tx.execute(text("select pg_terminate_backend(pg_backend_pid())"))

    async with OneTransaction(watched, begun) as single:
        with pytest.raises(Lost):
            async with single.begin():
                pass
