"""How is a database filled by tens of millions of rows within minutes? Without indexes, which are built at the end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

AT_ONCE = 2
_CONSTRAINTS = """
SELECT conname AS name, conrelid::regclass::text AS owner, contype::text AS kind,
       pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')
ORDER BY contype = 'f' DESC
"""
_INDEXES = """
SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS owner, pg_get_indexdef(indexrelid) AS definition
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""


async def run(database_url: str, statement: str, *values: object) -> None:
    """Run a statement in a connection of its own, however long it takes; what it commits need not be on disk yet."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'")
        await connection.execute(statement, *values, timeout=None)
    finally:
        await connection.close()


async def run_all(database_url: str, statements: Sequence[tuple[str, tuple[object, ...]]]) -> None:
    """Run statements with their values, some at the same time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def placed(statement: str, values: tuple[object, ...]) -> None:
        async with places:
            await run(database_url, statement, *values)

    async with asyncio.TaskGroup() as group:
        for statement, values in statements:
            group.create_task(placed(statement, values))


@asynccontextmanager
async def without_indexes(database_url: str) -> AsyncIterator[None]:
    """Drop all indexes, keys and references for as long as the block lasts.

    References hold for new rows afterwards, and are not checked for those that came meanwhile.
    """
    connection = await asyncpg.connect(database_url)
    try:
        constraints, indexes = await connection.fetch(_CONSTRAINTS), await connection.fetch(_INDEXES)
        for one in constraints:
            await connection.execute(f'ALTER TABLE {one["owner"]} DROP CONSTRAINT "{one["name"]}"')
        for one in indexes:
            await connection.execute(f"DROP INDEX {one['name']}")
    finally:
        await connection.close()
    yield
    again = [f'ALTER TABLE {one["owner"]} ADD CONSTRAINT "{one["name"]}" {one["definition"]}' for one in constraints]
    references = [f"{statement} NOT VALID" for statement in again if " FOREIGN KEY " in statement]
    # One table's after the other: two on one table would wait for each other.
    by_table: dict[str, list[str]] = {}
    for one, statement in zip(constraints, again, strict=True):
        if one["kind"] != "f":
            by_table.setdefault(one["owner"], []).append(statement)
    for one in indexes:
        by_table.setdefault(one["owner"], []).append(one["definition"])
    await run_all(database_url, [("; ".join(statements), ()) for statements in by_table.values()])
    await run(database_url, "; ".join(references))
