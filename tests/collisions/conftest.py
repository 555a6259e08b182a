"""What the tests of collisions share: a table whose writes collide, people with passwords."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
from sqlalchemy import text

from storage.database import Database
from tests.profiles.conftest import arrived, signed_up

__all__ = ["arrived", "signed_up"]

MAKE = (
    "create sequence collisions",
    """
    create function collide() returns trigger language plpgsql as $$
    begin
      if nextval('collisions') <= tg_argv[0]::int then
        raise exception 'collided on purpose' using errcode = tg_argv[1];
      end if;
      return null;
    end $$
    """,
)
UNMAKE = ("drop function if exists collide cascade", "drop sequence if exists collisions")


@dataclass(frozen=True, slots=True)
class Colliding:
    """Lets the next writes of a table fail as PostgreSQL fails them."""

    database: Database

    async def writes_of(self, table: str, code: str, times: int, *, at_commit: bool) -> None:
        when = "deferrable initially deferred" if at_commit else "not deferrable"
        await self._run(
            f"create constraint trigger collide after insert or update or delete on {table} "
            f"{when} for each row execute function collide('{times}', '{code}')"
        )

    async def has_failed(self, times: int) -> bool:
        """Whether so many writes failed, and others came after them."""
        async with self.database.connect() as connection:
            last = await connection.execute(text("select last_value from collisions"))
            return last.scalar_one() > times

    async def _run(self, *statements: str) -> None:
        async with self.database.begin() as tx:
            for statement in statements:
                await tx.execute(text(statement))


@pytest_asyncio.fixture
async def colliding(database: Database) -> AsyncIterator[Colliding]:
    made = Colliding(database)
    await made._run(*MAKE)
    yield made
    await made._run(*UNMAKE)
