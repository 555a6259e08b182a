"""A database of 200,000 photos, and what a read really costs there."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from server.settings import Settings
from storage import revisions
from storage.database import Database

FILL = Path(__file__).with_name("fill.sql")


@pytest_asyncio.fixture(scope="session")
async def many(settings: Settings, database: Database) -> AsyncIterator[Database]:
    """The database of 200,000 photos and 20,000 people."""
    name = f"plans_{secrets.token_hex(6)}"
    url = make_url(settings.database_url.get_secret_value()).set(database=name)
    await _outside_transactions(database, f"create database {name}")
    await revisions.upgrade(url.render_as_string(hide_password=False))
    opened = Database(url.render_as_string(hide_password=False), pool_size=2)
    try:
        async with opened.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            await raw.execute(FILL.read_text(), timeout=120)
            # Without it an index over words keeps a list of what was added, to be read each time.
            await raw.execute("vacuum photos, photo_tags, users, vocabulary", timeout=60)
        yield opened
    finally:
        await opened.close()
        await _outside_transactions(database, f"drop database {name} with (force)")


async def _outside_transactions(database: Database, statement: str) -> None:
    async with database.connect() as connection:
        await connection.exec_driver_sql(statement)


@dataclass
class Cost:
    """What the statements of one read did, all together."""

    statements: int = 0
    rows: int = 0
    buffers: int = 0
    scanned: set[str] = field(default_factory=set)
    """Tables that were read from the first row to the last."""
    indexes: set[str] = field(default_factory=set)

    def add(self, node: dict[str, Any]) -> None:
        if not node["Actual Loops"]:
            return
        if "Relation Name" in node or "Index Name" in node:
            self._count(node)
        for part in node.get("Plans", []):
            self.add(part)

    def _count(self, node: dict[str, Any]) -> None:
        removed = node.get("Rows Removed by Filter", 0)
        removed += node.get("Rows Removed by Index Recheck", 0)
        self.rows += round((node["Actual Rows"] + removed) * node["Actual Loops"])
        if node["Node Type"] == "Seq Scan":
            self.scanned.add(node["Relation Name"])
        if "Index Name" in node:
            self.indexes.add(node["Index Name"])


Costs = Callable[[Callable[[AsyncConnection], Awaitable[Any]]], Awaitable[tuple[Any, Cost]]]


@pytest.fixture
def cost_of(many: Database) -> Costs:
    """Reads, then has every statement that was sent explained with its own arguments."""

    async def cost_of(read):
        async with many.connect() as connection:
            with _sent(connection) as sent:
                answer = await read(connection)
            raw = (await connection.get_raw_connection()).driver_connection
            cost = Cost()
            for statement, arguments in sent:
                explained = await raw.fetchval(
                    f"explain (analyze, buffers, format json) {statement}", *arguments
                )
                plan = explained[0]["Plan"]
                cost.statements += 1
                cost.buffers += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
                cost.add(plan)
        return answer, cost

    return cost_of


class _sent:  # noqa: N801 - Read as a function.
    """The statements that a connection sends meanwhile, with their arguments."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection.sync_connection
        self._found: list[tuple[str, tuple[Any, ...]]] = []

    def __enter__(self) -> list[tuple[str, tuple[Any, ...]]]:
        event.listen(self._connection, "before_cursor_execute", self._keep)
        return self._found

    def __exit__(self, *_: object) -> None:
        event.remove(self._connection, "before_cursor_execute", self._keep)

    def _keep(self, _connection, _cursor, statement, arguments, _context, _many) -> None:
        self._found.append((statement, tuple(arguments)))
