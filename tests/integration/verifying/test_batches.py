"""Are thousands of signatures judged in batches, without one that is bad taking the others with it?"""

import asyncio
from datetime import UTC, datetime, timedelta

from services.sign_gateway.deadlines import take_back_lost
from services.verifier.verifying import GIVE_UP_AFTER
from shared.contract.faults import InvalidParameter
from shared.errors import ProviderDown, Transient
from shared.persistence import jobs
from tests.gateway import events_of, eventually, only_job
from tests.integration.verifying.verification import command, item, only_event


def sizes_of(msign):
    return sorted(len(request.contents) for request in msign.requests)


async def test_many_signatures_are_asked_about_in_batches_by_count(pool, verifications, verify_all, msign):
    await verifications.handle([command(*[item(correlation_id=str(index)) for index in range(10)])])
    await verify_all()
    assert sizes_of(msign) == [2, 4, 4]
    data = await only_event(pool, "msign.verification.completed.v1")
    assert [result["correlation_id"] for result in data["results"]] == [str(index) for index in range(10)]


async def test_batches_are_split_by_bytes_and_a_large_signature_goes_alone(pool, verifications, verify_all, msign):
    bodies = [b"a" * 400, b"b" * 400, b"c" * 400, b"d" * 1200, b"e" * 10]
    await verifications.handle([command(*[item(body) for body in bodies])])
    await verify_all()
    asked = [[content.signature for content in request.contents] for request in msign.requests]
    assert sorted(asked) == [bodies[:2], bodies[2:3], bodies[3:4], bodies[4:]]


async def test_a_signature_that_msign_refuses_fails_alone(pool, verifications, verify_all, msign):
    msign.poison[b"bad"] = InvalidParameter("Contents[1].Signature: no XML")
    bodies = [b"1", b"bad", b"3", b"4", b"5", b"6"]
    await verifications.handle([command(*[item(body) for body in bodies])])
    await verify_all()
    data = await only_event(pool, "msign.verification.completed.v1")
    assert [result["valid"] for result in data["results"]] == [True, False, True, True, True, True]
    assert "Contents[1].Signature: no XML" in data["results"][1]["message"]
    assert (await only_job(pool))["failures"] == 0


async def test_a_job_that_msign_refuses_wholly_is_rejected_with_every_place(pool, verifications, verify_all, msign):
    msign.poison[b"bad"] = InvalidParameter("Contents[0].Signature: no XML")
    await verifications.handle([command(item(b"bad"), item(b"bad"))])
    await verify_all()
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert [error["field"] for error in data["errors"]] == ["/data/contents/0", "/data/contents/1"]


async def test_a_signature_that_msign_fails_over_ends_up_alone_and_is_given_up(pool, verifications, verify_all, msign):
    msign.poison[b"bad"] = Transient("the connection broke")
    await verifications.handle([command(*[item(body) for body in (b"1", b"bad", b"3", b"4", b"5")])])
    for _ in range(GIVE_UP_AFTER):
        await verify_all()
        assert await events_of(pool) == []
        await pool.execute("UPDATE jobs SET due_at = now()")
    await verify_all()
    data = await only_event(pool, "msign.verification.completed.v1")
    assert [result["valid"] for result in data["results"]] == [True, False, True, True, True]
    asked = [content.signature for request in msign.requests for content in request.contents]
    assert asked.count(b"5") == 1
    assert msign.requests[-1].contents[0].signature == b"bad"
    assert await pool.fetchval("SELECT count(*) FROM verdicts") == 0


async def test_nothing_is_given_up_while_msign_judges_nothing_until_the_deadline(
    pool, verifications, verify_all, msign
):
    msign.poison = dict.fromkeys((b"1", b"2"), Transient("the connection broke"))
    await verifications.handle([command(item(b"1"), item(b"2"))])
    await pool.execute("UPDATE jobs SET failures = 100")
    await verify_all()
    assert (await only_job(pool))["state"] == "received"
    await pool.execute("UPDATE jobs SET due_at = now(), expires_at = now()")
    await verify_all()
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert [error["code"] for error in data["errors"]] == ["not_answered"]


async def test_what_was_judged_before_a_crash_is_not_asked_again(pool, verifications, verifier, msign):
    await verifications.handle([command(*[item(str(index).encode()) for index in range(6)])])
    (lost,) = await verifier.claim(1)
    msign.holds = asyncio.Event()
    working = asyncio.create_task(verifier.verify(lost))
    await eventually(lambda: pool.fetchval("SELECT count(*) = 4 FROM verdicts"))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    msign.holds.set()
    await pool.execute("UPDATE jobs SET lease_until = $1", datetime.now(UTC) - timedelta(seconds=1))
    await take_back_lost(pool)
    before = len(msign.requests)
    for job in await verifier.claim(1):
        await verifier.verify(job)
    asked = [[content.signature for content in request.contents] for request in msign.requests[before:]]
    assert sorted(asked) == [[b"4"], [b"5"]]  # each alone: it may be what the process died of
    data = await only_event(pool, "msign.verification.completed.v1")
    assert [result["valid"] for result in data["results"]] == [True] * 6


async def test_once_msign_is_down_the_rest_of_a_job_is_not_asked(pool, verifications, verify_all, msign, breaker):
    msign.poison = {str(index).encode(): ProviderDown("no route") for index in range(20)}
    await verifications.handle([command(*[item(str(index).encode()) for index in range(20)])])
    await verify_all()
    assert len(msign.requests) <= 2
    assert breaker.open
    msign.poison.clear()
    await verify_all()
    assert not breaker.open
    await only_event(pool, "msign.verification.completed.v1")


async def test_a_claim_is_kept_alive_while_msign_takes_its_time(pool, verifications, verifier):
    await verifications.handle([command()])
    (job,) = await verifier.claim(1)
    before = (await only_job(pool))["lease_until"]
    assert await jobs.extend(pool, job, lease=timedelta(hours=1))
    assert (await only_job(pool))["lease_until"] > before + timedelta(minutes=30)
    await verifier.verify(job)
    assert not await jobs.extend(pool, job, lease=timedelta(hours=1))
