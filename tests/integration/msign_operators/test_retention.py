"""What has had its time leaves the provider's database, found by its moment."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from services.msign.instruments.guesses import Guesses
from services.msign.requests import RequestStore
from services.msign.retention import forget, purge_for_ever
from services.msign.signing.claims import StoredClaims
from tests.gateway import eventually


@pytest.fixture
async def requests(pool):
    """A thousand requests that have not ended, and one that expired long ago."""
    await pool.execute("INSERT INTO consumers (name) VALUES ('declaratii')")
    await pool.execute(
        """
        INSERT INTO sign_requests (request_id, consumer_id, content_type, short_content_description, expires_at)
        SELECT md5(n::text), 1, 'Hash', 'x', now() + CASE n WHEN 0 THEN interval '-9 days' ELSE interval '1 day' END
        FROM generate_series(0, 1000) AS n
        """
    )
    await pool.execute("ANALYZE sign_requests")
    return RequestStore(pool)


async def test_what_has_ended_is_found_by_an_index(requests, pool):
    plan = await pool.fetch(
        "EXPLAIN SELECT request_id FROM sign_requests WHERE coalesce(finished_at, expires_at) < now() LIMIT 100"
    )
    assert "sign_requests_by_end" in "\n".join(row[0] for row in plan)


async def test_the_first_round_begins_at_once(requests, pool):
    async def gone():
        left = await pool.fetchval("SELECT count(*) FROM sign_requests")
        return left == 1000 and not await pool.fetchval("SELECT count(*) FROM wrong_entries")

    guesses = Guesses(pool)
    await pool.execute("INSERT INTO wrong_entries VALUES ('old', now() - interval '1 hour')")
    rounds = asyncio.create_task(purge_for_ever(requests, [guesses], timedelta(days=7)))
    await eventually(gone)
    rounds.cancel()


async def test_a_claim_that_ended_by_itself_is_forgotten_and_a_held_one_is_not(pool):
    for request_id, seconds in (("crashed", -1), ("held", 60)):
        await pool.execute(
            "INSERT INTO signing_claims VALUES ($1, $2, now() + make_interval(secs => $3))",
            request_id, uuid.uuid4(), float(seconds),
        )  # fmt: skip
    await forget([StoredClaims(pool)])
    assert await pool.fetch("SELECT request_id FROM signing_claims") == [("held",)]


async def test_wrong_entries_are_forgotten_once_they_do_not_count(pool):
    guesses = Guesses(pool)
    for request_id in ("old", "new"):
        await guesses.add(request_id)
    await pool.execute("UPDATE wrong_entries SET made_at = now() - interval '11 minutes' WHERE request_id = 'old'")
    await forget([guesses])
    assert await pool.fetch("SELECT request_id FROM wrong_entries") == [("new",)]


async def test_without_a_database_forgetting_is_put_off():
    class Away:
        async def forget_ended(self):
            raise ConnectionRefusedError

    await forget([Away()])
