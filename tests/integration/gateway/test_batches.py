"""Does a batch of commands come to the same as its commands one after another, for the price of one?"""

import asyncio
import base64
import hashlib
from datetime import timedelta

import asyncpg
import pytest

from services.sign_gateway.handlers import SignPolicy, sign_intent
from shared.messaging.intake import DUPLICATE, Delivery, Done, Unusable
from shared.persistence import contents
from shared.persistence.notices import JOBS, Notices
from shared.persistence.pool import open_pool
from shared.signing.admission import LARGE_BYTES, Admission
from tests.gateway import DIGEST, delivery, events_of, only_job, sign_data


def own(number: int):
    """A command with a content that no other has."""
    digest = hashlib.sha256(str(number).encode()).digest()
    return delivery(sign_data(contents=[{"content": base64.b64encode(digest).decode()}]))


async def test_a_batch_costs_as_many_statements_as_one_command(database_url, systems):
    seen: list[str] = []
    async with open_pool(database_url, max_size=1) as pool:
        admission = Admission(pool, systems, sign_intent(SignPolicy(timedelta(hours=24), 4 * 1024 * 1024)))
        await admission.handle([own(0)])
        async with pool.acquire() as connection:
            connection.add_query_logger(lambda query: seen.append(query.query))
        await admission.handle([own(1)])
        alone = len(seen)
        await admission.handle([own(number) for number in range(2, 42)])
        assert (alone, len(seen)) == (2, 4)
        assert await pool.fetchval("SELECT count(*) FROM jobs WHERE state = 'received'") == 42


async def test_what_is_written_of_a_batch_is_each_commands_own(pool, admission):
    other = sign_data(return_url="https://registru.example/", relay_state="theirs", contents=[{"content_ref": "no"}])
    registru = await contents.put(pool, "registru", DIGEST)
    other["contents"] = [
        {"content_ref": registru, "name": "a"},
        {"content": base64.b64encode(hashlib.sha512(b"").digest()).decode(), "correlation_id": "b"},
    ]
    traced = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    first = delivery(sign_data(), id="1")
    await admission.handle(
        [Delivery(first.body, first.routing_key, first.user_id, traced), delivery(other, id="2", system="registru")]
    )
    jobs = await pool.fetch("SELECT * FROM jobs ORDER BY command_id")
    assert [(job["system"], job["command_id"], job["traceparent"]) for job in jobs] == [
        ("declaratii", "1", traced), ("registru", "2", None),
    ]  # fmt: skip
    assert [job["command"]["relay_state"] for job in jobs] == ["basket 7", "theirs"]
    assert all(job["due_at"] == job["created_at"] for job in jobs)
    history = await pool.fetch("SELECT job_id, to_state, cause FROM job_history ORDER BY job_id")
    assert [tuple(row) for row in history] == [(job["job_id"], "received", "intake") for job in jobs]
    used = await pool.fetch(
        "SELECT command_id, position, name, correlation_id, octet_length(body) AS size FROM job_contents "
        "JOIN jobs USING (job_id) JOIN contents USING (system, ref) ORDER BY 1, 2"
    )
    assert [tuple(row) for row in used] == [("1", 0, None, "1", 32), ("2", 0, "a", None, 32), ("2", 1, None, "b", 64)]


async def test_each_delivery_of_a_mixed_batch_gets_its_own_verdict(pool, admission):
    before, bad, good = delivery(sign_data(), id="0"), delivery(sign_data(msisdn="no"), id="1"), own(2)
    await admission.handle([before])
    stranger = Delivery(good.body, "sign.request.nobody", "nobody", None)
    nobody = delivery(sign_data(), system="nobody")
    verdicts = await admission.handle([bad, stranger, before, good, bad, nobody, good])
    assert [item.outcome if isinstance(item, Done) else item.reason for item in verdicts] == [
        "rejected", "impersonation", DUPLICATE, "admitted", DUPLICATE, "unknown_system", DUPLICATE,
    ]  # fmt: skip
    (event,) = await events_of(pool)
    assert event["data"]["command_id"] == "1"
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 3


async def test_an_id_that_is_used_twice_in_a_batch_is_the_first_ones(pool, admission):
    first, second = (delivery(sign_data(relay_state=said), id="7") for said in ("first", "second"))
    verdicts = await admission.handle([first, second])
    assert verdicts[0] == Done("admitted")
    assert isinstance(verdicts[1], Unusable)
    assert verdicts[1].reason == "id_reused"
    assert (await only_job(pool))["command"]["relay_state"] == "first"


async def test_commands_of_a_batch_may_bring_and_name_the_same_content(pool, admission):
    ref = await contents.put(pool, "declaratii", DIGEST)
    named = sign_data(contents=[{"content_ref": ref}, {"content_ref": ref}])
    assert (
        await admission.handle([delivery(sign_data()), delivery(named), delivery(sign_data())])
        == [Done("admitted")] * 3
    )
    assert await pool.fetchval("SELECT count(*) FROM contents") == 1
    assert await pool.fetchval("SELECT count(*) FROM job_contents WHERE ref = $1", ref) == 4


async def test_a_content_that_another_command_of_the_batch_brings_is_not_stored_yet(admission):
    named = sign_data(contents=[{"content_ref": contents.ref_of(DIGEST)}])
    assert await admission.handle([delivery(sign_data()), delivery(named)]) == [Done("admitted"), Done("rejected")]


async def test_two_replicas_with_the_same_commands_take_each_in_once(pool, admission):
    batch = [own(number) for number in range(30)]
    for _ in range(5):
        taken = await asyncio.gather(admission.handle(batch), admission.handle(batch[::-1]), return_exceptions=True)
        assert all(isinstance(one, list | asyncpg.UniqueViolationError) for one in taken)
        assert await admission.handle(batch) == [Done(DUPLICATE)] * 30
        assert await pool.fetchval("SELECT count(*) FROM jobs") == 30
        await pool.execute("DELETE FROM jobs")


async def test_large_commands_are_taken_in_all_the_same(pool, admission):
    pdf = base64.b64encode(b"%PDF-1.7" + b" " * LARGE_BYTES).decode()
    large = delivery(sign_data(content_type="Pdf", contents=[{"content": pdf}]))
    assert await admission.handle([large, own(1), large]) == [Done("admitted"), Done("admitted"), Done(DUPLICATE)]
    sizes = await pool.fetch("SELECT coalesce(octet_length(body), pages_size) FROM contents ORDER BY 1")
    assert [row[0] for row in sizes] == [32, LARGE_BYTES + 8]


async def test_a_large_content_of_several_commands_is_stored_once_and_kept(pool, admission):
    body = b"%PDF-1.7" + b" " * LARGE_BYTES
    data = sign_data(content_type="Pdf", contents=[{"content": base64.b64encode(body).decode()}])
    assert await admission.handle([delivery(data), delivery(data)]) == [Done("admitted")] * 2
    await pool.execute("UPDATE contents SET touched_at = touched_at - interval '1 day'")
    assert await admission.handle([delivery(data)]) == [Done("admitted")]
    (row,) = await pool.fetch("SELECT ref, touched_at > now() - interval '1 hour' AS fresh FROM contents")
    assert (row["ref"], row["fresh"]) == (contents.ref_of(body), True)
    assert await contents.get(pool, "declaratii", row["ref"]) == body
    assert await pool.fetchval("SELECT count(*) FROM job_contents WHERE ref = $1", row["ref"]) == 3


@pytest.mark.parametrize(("changes", "told"), [({}, True), ({"id": ""}, False)])
async def test_who_claims_hears_of_new_jobs_once_they_are_committed(database_url, admission, changes, told):
    notices = Notices(database_url)
    hint = notices.hint(JOBS, "sign")
    await admission.handle([delivery(sign_data(), **changes)])
    assert await hint.wait(at_most_s=0) is told
