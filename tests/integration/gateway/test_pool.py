"""What does a connection leave behind when it is given back, and how does it look things up?"""

import asyncio
from uuid import uuid4

import pytest

from shared.persistence.pool import open_pool


@pytest.fixture
async def one(database_url):
    """A pool of one connection: whoever is next gets the one that was given back."""
    async with open_pool(lambda: database_url, max_size=1) as pool:
        await pool.execute("CREATE TABLE notes (text text)")
        yield pool


async def test_giving_a_connection_back_asks_nothing_of_the_server(one):
    asked = []
    async with one.acquire() as connection:
        connection.add_query_logger(lambda query: asked.append(query.query))
        await connection.execute("SELECT 1")
    assert await one.fetchval("SELECT 2") == 2
    assert asked == ["SELECT 1", "SELECT 2"]


async def test_a_transaction_that_was_left_open_is_rolled_back(one):
    told = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
    async with one.acquire() as connection:
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO notes VALUES ('half done')")
    assert await one.fetchval("SELECT count(*) FROM notes") == 0
    assert len(told) == 1


async def test_work_that_was_broken_off_within_a_transaction_leaves_nothing(one):
    begun = asyncio.Event()

    async def work():
        async with one.acquire() as connection, connection.transaction():
            await connection.execute("INSERT INTO notes VALUES ('half done')")
            begun.set()
            await connection.execute("SELECT pg_sleep(5)")  # to its end, if the server hears of it too early

    working = asyncio.create_task(work())
    await begun.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    async with asyncio.timeout(60):
        assert await one.fetchval("SELECT count(*) FROM notes") == 0


async def test_jobs_are_looked_up_by_their_index_even_while_there_are_none(one):
    looked = "SELECT FROM unnest(ARRAY[gen_random_uuid()]) AS asked (job_id) JOIN jobs USING (job_id)"
    for _ in range(2):  # the second time over a connection that was given back
        plan = "\n".join(row[0] for row in await one.fetch(f"EXPLAIN {looked}"))
        assert "using jobs_pkey" in plan
        assert "Seq Scan" not in plan


async def test_a_statement_is_planned_once_whatever_it_is_asked_with(one):
    looked = "SELECT count(*) FROM unnest($1::uuid[]) AS asked (job_id) JOIN jobs USING (job_id)"
    for number in range(10):
        await one.fetchval(looked, [uuid4()] * number)
    row = await one.fetchrow("SELECT * FROM pg_prepared_statements WHERE statement = $1", looked)
    assert (row["generic_plans"], row["custom_plans"]) == (10, 0)
