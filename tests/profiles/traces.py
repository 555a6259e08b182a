"""Whatever is left of a user in the database, wherever it might be."""

from sqlalchemy import text

from storage.rows import UserId

COLUMNS = """
select c.table_name, c.column_name from information_schema.columns c
join information_schema.tables t using (table_schema, table_name)
where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.udt_name = any(:kinds)
"""


async def columns_of(connection, *kinds: str) -> list[tuple[str, str]]:
    found = await connection.execute(text(COLUMNS).bindparams(kinds=list(kinds)))
    return [tuple(row) for row in found]


async def traces_of(database, id: UserId, *names: str) -> dict[str, int]:
    """How many rows hold the id, or one of the names in any text, by table and column."""
    found: dict[str, int] = {}
    async with database.connect() as connection:
        for table, column in await columns_of(connection, "uuid"):
            query = text(f'select count(*) from "{table}" where "{column}" = :id')
            held = await connection.execute(query.bindparams(id=id))
            found[f"{table}.{column}"] = held.scalar_one()
        for table, column in await columns_of(connection, "bytea"):
            query = text(f'select count(*) from "{table}" where "{column}" = :id')
            held = await connection.execute(query.bindparams(id=id.bytes))
            found[f"{table}.{column}"] = held.scalar_one()
        for table, column in await columns_of(connection, "text", "varchar", "_text"):
            for name in names:
                query = text(
                    f'select count(*) from "{table}" where position(:name in "{column}"::text) > 0'
                )
                held = await connection.execute(query.bindparams(name=name))
                found[f"{table}.{column}"] = found.get(f"{table}.{column}", 0) + held.scalar_one()
    return {place: rows for place, rows in found.items() if rows}
