"""A signed file begins with the file that was sent: it is stored as that and what was added, and read as a whole."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from services.sign_gateway.retention import purge
from shared.persistence import contents
from shared.persistence.contents import LONGEST_TAIL_BYTES
from shared.spool import PIECE_BYTES, open_spool
from tests.gateway import delivery, only_job, sign_data

SYSTEM = "declaratii"
SENT = b"%PDF-1.7\n" + os.urandom(3 * PIECE_BYTES)
ADDED = os.urandom(PIECE_BYTES + 7)


async def store(pool, body):
    with open_spool() as spool:
        await spool.write(body)
        await spool.end()
        async with pool.acquire() as connection:
            return await contents.put_spool(connection, SYSTEM, spool)


async def store_result(pool, job_id, base_ref, base_size, body):
    with open_spool() as spool:
        await spool.write(body)
        await spool.end()
        async with pool.acquire() as connection, connection.transaction():
            return await contents.put_result_continued(connection, SYSTEM, job_id, base_ref, spool, base_size)


async def read(pool, ref):
    size = await contents.size_of(pool, SYSTEM, ref) or 0
    return b"".join([piece async for piece in contents.pieces(pool, SYSTEM, ref, size)])


async def pages(pool):
    return await pool.fetchval("SELECT count(DISTINCT pages_id) FROM content_pages")


@pytest.fixture
async def sent(pool):
    return await store(pool, SENT)


@pytest.fixture
async def job_id(pool, admission, sent):
    await admission.handle([delivery(sign_data(content_type="Pdf", contents=[{"content_ref": sent}]))])
    return (await only_job(pool))["job_id"]


async def test_only_what_was_added_is_written(pool, sent, job_id):
    ref = await store_result(pool, job_id, sent, len(SENT), SENT + ADDED)
    assert ref == contents.ref_of(SENT + ADDED)
    assert await read(pool, ref) == await contents.get(pool, SYSTEM, ref) == SENT + ADDED
    assert await pages(pool) == 1
    assert await pool.fetchval("SELECT octet_length(tail) FROM contents WHERE ref = $1", ref) == len(ADDED)


async def test_its_size_and_its_beginning_are_those_of_the_whole(pool, sent, job_id):
    ref = await store_result(pool, job_id, sent, len(SENT), SENT + ADDED)
    size = len(SENT + ADDED)
    assert await contents.sizes(pool, SYSTEM, [ref]) == {ref: size}
    assert await contents.look(pool, SYSTEM, [ref]) == {ref: (size, None)}
    assert await contents.refer(pool, SYSTEM, [ref]) == {ref: (size, SENT[:1024])}


async def test_what_was_signed_again_shares_the_first_files_pages(pool, sent, job_id):
    first = await store_result(pool, job_id, sent, len(SENT), SENT + ADDED)
    second = await store_result(pool, job_id, first, len(SENT + ADDED), SENT + ADDED + b"another signature")
    assert await read(pool, second) == SENT + ADDED + b"another signature"
    assert await pages(pool) == 1


async def test_the_same_stored_again_changes_nothing(pool, sent, job_id):
    refs = {await store_result(pool, job_id, sent, len(SENT), SENT + ADDED) for _ in range(2)}
    assert refs == {await store(pool, SENT + ADDED)}
    assert await pages(pool) == 1


@pytest.mark.parametrize("added", [b"", b"x" * LONGEST_TAIL_BYTES, b"x" * (LONGEST_TAIL_BYTES + 1)])
async def test_however_much_is_added_the_whole_can_be_read(pool, sent, job_id, added):
    ref = await store_result(pool, job_id, sent, len(SENT), SENT + added)
    assert await read(pool, ref) == SENT + added
    assert await pages(pool) == (2 if len(added) > LONGEST_TAIL_BYTES else 1)


@pytest.mark.parametrize("as_one_value", [True, False])
async def test_without_pages_to_share_the_whole_is_written(pool, job_id, as_one_value):
    body = os.urandom(2 * PIECE_BYTES)
    base = await contents.put(pool, SYSTEM, body) if as_one_value else contents.ref_of(body)
    ref = await store_result(pool, job_id, base, len(body), body + ADDED)
    assert await read(pool, ref) == body + ADDED


async def test_a_base_of_another_size_is_not_continued(pool, sent, job_id):
    ref = await store_result(pool, job_id, sent, len(SENT) - 1, SENT[:-1] + ADDED)
    assert await read(pool, ref) == SENT[:-1] + ADDED


async def test_what_a_result_begins_with_stays_as_long_as_the_result(pool, sent, job_id):
    now = datetime.now(UTC)
    ref = await store_result(pool, job_id, sent, len(SENT), SENT + ADDED)
    await pool.execute("DELETE FROM jobs")
    await pool.execute("UPDATE contents SET touched_at = $1 WHERE ref = $2", now - timedelta(days=8), sent)
    await purge(pool, before=now - timedelta(days=7))
    assert await read(pool, ref) == SENT + ADDED
    await pool.execute("UPDATE contents SET touched_at = $1", now - timedelta(days=8))
    await purge(pool, before=now - timedelta(days=7))
    assert await pool.fetchval("SELECT count(*) FROM contents") == 0
    assert await pages(pool) == 0


async def test_a_result_goes_without_the_content_that_it_begins_with(pool, sent, job_id):
    now = datetime.now(UTC)
    ref = await store_result(pool, job_id, sent, len(SENT), SENT + ADDED)
    await pool.execute("DELETE FROM job_results WHERE job_id = $1", job_id)
    await pool.execute("UPDATE contents SET touched_at = $1 WHERE ref = $2", now - timedelta(days=8), ref)
    await purge(pool, before=now - timedelta(days=7))
    assert await contents.get(pool, SYSTEM, ref) is None
    assert await read(pool, sent) == SENT
