"""Large contents: stored once from a spool, read piece by piece."""

import asyncio
import hashlib
import os

import pytest

from services.sign_gateway.posting import Poster
from shared.errors import Bug
from shared.persistence import contents
from shared.persistence.pages import PAGE_BYTES
from shared.signing.breaker import Breaker
from shared.spool import PIECE_BYTES, open_spool
from tests.gateway import delivery, only_job, sign_data

SYSTEM = "declaratii"
LARGE = b"%PDF-1.7\n" + os.urandom(6 * PIECE_BYTES)
SIZES = [1, PAGE_BYTES, PIECE_BYTES, PIECE_BYTES + 1, 25 * PAGE_BYTES, len(LARGE)]


async def store(pool, body):
    with open_spool() as spool:
        await spool.write(body)
        await spool.end()
        async with pool.acquire() as connection:
            return await contents.put_spool(connection, SYSTEM, spool)


async def read(pool, ref):
    size = await contents.size_of(pool, SYSTEM, ref) or 0
    return [piece async for piece in contents.pieces(pool, SYSTEM, ref, size)]


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_stored_is_read_in_pieces(pool, size):
    body = LARGE[:size]
    ref = await store(pool, body)
    assert ref == f"sha256:{hashlib.sha256(body).hexdigest()}"
    pieces = await read(pool, ref)
    assert b"".join(pieces) == await contents.get(pool, SYSTEM, ref) == body
    assert max(map(len, pieces)) <= PIECE_BYTES
    assert await contents.size_of(pool, SYSTEM, ref) == size


async def test_the_same_stored_again_is_touched(pool):
    ref = await store(pool, LARGE)
    await pool.execute("UPDATE contents SET touched_at = now() - interval '1 day'")
    assert await store(pool, LARGE) == ref
    assert await pool.fetchval("SELECT count(*) FROM contents WHERE touched_at > now() - interval '1 hour'") == 1


async def test_the_same_stored_twice_at_once_is_stored_once(pool):
    refs = await asyncio.gather(*(store(pool, LARGE) for _ in range(4)))
    assert len(set(refs)) == 1
    assert await pool.fetchval("SELECT count(*) FROM contents") == 1
    assert b"".join(await read(pool, refs[0])) == LARGE


async def test_what_somebody_else_stores_in_a_transaction_does_not_break_ours(pool):
    with open_spool() as spool:
        await spool.write(LARGE)
        await spool.end()
        async with pool.acquire() as first, pool.acquire() as second:
            ours = second.transaction()
            await ours.start()
            theirs = first.transaction()
            await theirs.start()
            await contents.put_spool(first, SYSTEM, spool)
            waiting = asyncio.create_task(contents.put_spool(second, SYSTEM, spool))
            await asyncio.sleep(0.2)
            await theirs.commit()
            await waiting
            assert await second.fetchval("SELECT count(*) FROM contents") == 1
            await ours.commit()


async def test_a_large_content_lies_in_pages_and_nowhere_else(pool):
    await store(pool, LARGE)
    assert await pool.fetchval("SELECT body IS NULL AND tail = '' FROM contents")
    assert await pool.fetchval("SELECT count(*) FROM content_pages") == -(-len(LARGE) // PAGE_BYTES)


async def test_a_large_content_that_an_earlier_version_stored_as_one_value_is_read_and_not_stored_again(pool):
    ref = await contents.put(pool, SYSTEM, LARGE)
    assert b"".join(await read(pool, ref)) == LARGE
    assert await store(pool, LARGE) == ref
    assert await pool.fetchval("SELECT count(*) FROM content_pages") == 0


async def test_a_content_that_loses_its_pages_while_it_is_read_is_a_bug(pool):
    ref = await store(pool, LARGE)
    await pool.execute("DELETE FROM content_pages WHERE position > 100")
    with pytest.raises(Bug, match="gone"):
        await read(pool, ref)


async def test_what_is_not_there_cannot_be_read(pool):
    with pytest.raises(Bug, match="gone"):
        await anext(contents.pieces(pool, SYSTEM, contents.ref_of(b"x"), 1))
    assert await contents.size_of(pool, SYSTEM, contents.ref_of(b"x")) is None


async def test_a_jobs_contents_come_with_their_sizes_and_the_small_ones_bytes(pool, admission, msign, links):
    large, small = await store(pool, LARGE), await store(pool, LARGE[:100])
    await admission.handle(
        [delivery(sign_data(content_type="Pdf", contents=[{"content_ref": large}, {"content_ref": small}]))]
    )
    job = await only_job(pool)
    first, second = await contents.of_job(pool, SYSTEM, job["job_id"])
    assert (first.item.ref, first.size, first.body) == (large, len(LARGE), None)
    assert (second.item.ref, second.size, second.body) == (small, 100, LARGE[:100])
    assert await contents.look(pool, SYSTEM, [large, small]) == {large: (len(LARGE), None), small: (100, LARGE[:100])}


async def test_a_large_content_is_posted_as_it_was_stored(pool, admission, msign, links):
    ref = await store(pool, LARGE)
    await admission.handle([delivery(sign_data(content_type="Pdf", contents=[{"content_ref": ref}]))])
    poster = Poster(pool, msign, Breaker(), links)
    (job,) = await poster.claim(1)
    await poster.post(job)
    (posted,) = msign.posted
    assert posted.contents[0].content == LARGE


async def test_a_content_that_is_gone_is_a_bug(pool, admission):
    await admission.handle([delivery(sign_data())])
    job = await only_job(pool)
    await pool.execute("DELETE FROM contents")
    with pytest.raises(Bug, match="gone"):
        await contents.of_job(pool, SYSTEM, job["job_id"])


async def test_who_asks_twice_for_a_jobs_contents_at_once_gets_them_once_each(pool, admission):
    await admission.handle([delivery(sign_data())])
    job = await only_job(pool)
    first, second = await contents.of_jobs(pool, [(SYSTEM, job["job_id"])] * 2)
    assert first == second
    assert len(first) == 1
