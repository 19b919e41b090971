"""Do PIN tries and claims hold when several processes ask the same database?"""

import asyncio

import pytest

from services.msign.instruments.tries import StoredTries
from services.msign.signing.claims import StoredClaims
from shared.persistence.pool import open_pool
from tests.gateway import eventually

REQUEST_ID = "0" * 32


@pytest.fixture
async def pool(msign_database_url):
    async with open_pool(msign_database_url) as pool:
        yield pool


async def test_three_tries_are_given_and_no_fourth(pool):
    tries = StoredTries(pool)
    assert [await tries.take("t") for _ in range(5)] == [2, 1, 0, None, None]


async def test_tries_taken_at_once_are_counted_one_by_one(pool):
    tries = StoredTries(pool)
    taken = await asyncio.gather(*(tries.take("t") for _ in range(12)))
    assert sorted(left for left in taken if left is not None) == [0, 1, 2]


async def test_a_right_pin_gives_the_tries_back_to_that_token_only(pool):
    tries = StoredTries(pool)
    await tries.take("t")
    await tries.take("other")
    await tries.succeeded("t")
    assert (await tries.take("t"), await tries.take("other")) == (2, 1)


async def test_of_many_tabs_one_holds_the_request(pool):
    claims = StoredClaims(pool)
    entered, leave = asyncio.Barrier(6), asyncio.Event()

    async def tab() -> bool:
        async with claims.hold(REQUEST_ID) as held:
            await entered.wait()
            await leave.wait()
            return held

    tabs = [asyncio.create_task(tab()) for _ in range(5)]
    await entered.wait()
    leave.set()
    assert sorted(await asyncio.gather(*tabs)) == [False] * 4 + [True]


async def test_a_claim_is_given_back_even_after_an_error(pool):
    claims = StoredClaims(pool)

    async def fail() -> None:
        async with claims.hold(REQUEST_ID) as held:
            assert held
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with claims.hold(REQUEST_ID) as held:
        assert held


async def test_a_claim_that_is_needed_for_long_is_renewed(pool):
    ends = "SELECT held_until FROM signing_claims WHERE request_id = $1"
    async with StoredClaims(pool, claim_s=0.3).hold(REQUEST_ID) as held:
        assert held
        first = await pool.fetchval(ends, REQUEST_ID)

        async def renewed() -> bool:
            return await pool.fetchval(ends, REQUEST_ID) > first

        await eventually(renewed)
        async with StoredClaims(pool).hold(REQUEST_ID) as second:
            assert not second
    assert await pool.fetchval(ends, REQUEST_ID) is None


async def test_a_claim_whose_renewal_fails_once_is_renewed_the_next_time(pool):
    class Failing:
        """The pool, but the first renewal finds no database."""

        fails = 1
        fetchval = pool.fetchval

        async def execute(self, query, *values):
            if query.strip().startswith("UPDATE") and self.fails:
                self.fails -= 1
                raise ConnectionError
            return await pool.execute(query, *values)

    flaky = Failing()
    async with StoredClaims(flaky, claim_s=3).hold(REQUEST_ID):
        ends = "SELECT held_until FROM signing_claims WHERE request_id = $1"
        first = await pool.fetchval(ends, REQUEST_ID)

        async def renewed() -> bool:
            return await pool.fetchval(ends, REQUEST_ID) > first

        await eventually(renewed)
    assert flaky.fails == 0


async def test_a_claim_left_behind_by_a_crash_ends_by_itself(pool):
    await pool.execute(
        "INSERT INTO signing_claims VALUES ($1, gen_random_uuid(), now() - interval '1 second')", REQUEST_ID
    )
    async with StoredClaims(pool).hold(REQUEST_ID) as held:
        assert held
