"""Is every step of a job counted once, and does each stage last from the moment it says to the moment it says?"""

from datetime import timedelta

import pytest

from shared.contract.faults import InvalidParameter
from shared.contract.models import SignResponse, SignStatus
from shared.contract.transport import AmbiguousCall
from shared.persistence import jobs
from shared.signing.states import Kind
from shared.telemetry.jobs import STAGES, begin
from tests.counting import shown

STAGE = "msign_gateway_job_stage_duration_seconds"
TRANSITIONS = "msign_gateway_job_transitions_total"
FINISHED = "msign_gateway_jobs_finished_total"
DECLINED = SignResponse(status=SignStatus.FAILURE, message="Semnarea a fost anulată")


def observed(counted, stage, kind="sign"):
    """How many durations of a stage there were, and the seconds that they lasted together."""
    return counted(f"{STAGE}_count", kind=kind, stage=stage), counted(f"{STAGE}_sum", kind=kind, stage=stage)


def lasted_about(found, seconds):
    """Whether there was one duration, as long as that but for what this test itself took."""
    count, lasted = found
    return count == 1 and seconds <= lasted < seconds + 60


async def back_date(pool, column, job, by):
    await pool.execute(f"UPDATE jobs SET {column} = {column} - $2::interval WHERE job_id = $1", job.job_id, by)


async def test_each_step_to_a_decline_is_counted_with_its_system_and_cause(counted, pool, msign, post, collector):
    job = await post(system="registru", return_url="https://registru.example/back")
    msign.response = DECLINED
    await collector.collect(job.job_id)
    steps = [("received", "intake"), ("posting", "claim"), ("awaiting_signer", "posted"), ("failed", "not_signed")]
    for state, cause in steps:
        assert counted(TRANSITIONS, kind="sign", system="registru", state=state, cause=cause) == 1
    assert counted(FINISHED, kind="sign", system="registru", outcome="failed", reason="declined") == 1


async def test_a_stage_is_measured_from_what_the_database_says_whoever_wrote_it(
    counted, pool, msign, take_in, post, collector
):
    job = await post()
    assert observed(counted, "received_to_posted")[0] == 1
    await back_date(pool, "created_at", job, timedelta(minutes=10))
    await back_date(pool, "posted_at", job, timedelta(minutes=8))
    await jobs.note_return(pool, job.job_id)
    assert lasted_about(observed(counted, "accepted_to_returned"), 480)
    await back_date(pool, "returned_at", job, timedelta(seconds=70))
    msign.response = DECLINED
    await collector.collect(job.job_id)
    assert lasted_about(observed(counted, "returned_to_ready"), 70)
    assert lasted_about(observed(counted, "end_to_end"), 600)


@pytest.mark.parametrize("kind", Kind)
def test_each_stage_is_there_before_the_first_job_has_come_to_its_end(kind):
    begin(kind)
    for stage in STAGES[kind]:
        assert shown(f"{STAGE}_count", kind=kind, stage=stage) >= 0


async def test_only_the_first_return_counts(counted, pool, post):
    job = await post()
    for _ in "123":
        await jobs.note_return(pool, job.job_id)
    assert observed(counted, "accepted_to_returned")[0] == 1


async def test_who_comes_back_to_a_known_outcome_has_waited_for_nothing(counted, pool, msign, post, collector):
    job = await post()
    msign.response = DECLINED
    await collector.collect(job.job_id)
    assert observed(counted, "returned_to_ready") == (0, 0)
    await jobs.note_return(pool, job.job_id)
    assert observed(counted, "returned_to_ready") == (1, 0)


async def test_a_return_before_msign_had_the_job_measures_nothing(counted, pool, take_in):
    job = await take_in()
    await jobs.note_return(pool, job.job_id)
    assert observed(counted, "accepted_to_returned")[0] == 0


async def test_a_rejection_is_counted_with_its_first_code(counted, take_in):
    await take_in(return_url="https://elsewhere.example/")
    labels = {"kind": "sign", "system": "declaratii"}
    assert counted(FINISHED, **labels, outcome="rejected", reason="origin_not_registered") == 1
    assert observed(counted, "received_to_posted")[0] == 1


async def test_what_msign_refuses_is_counted_as_rejected_by_it(counted, msign, post):
    msign.post_answers = [InvalidParameter("the description is too long")]
    await post()
    assert counted(FINISHED, kind="sign", system="declaratii", outcome="rejected", reason="refused_by_msign") == 1


@pytest.mark.parametrize(("cause", "reason"), [(TimeoutError(), "timeout"), (ConnectionResetError(), "connection")])
async def test_a_retry_is_counted_with_what_the_call_failed_of(counted, msign, post, cause, reason):
    failure = AmbiguousCall("it broke")
    failure.__cause__ = cause
    msign.post_answers = [failure]
    await post()
    assert counted("msign_gateway_job_retries_total", kind="sign", reason=reason) == 1


async def test_a_failed_poll_is_a_retry_too(counted, msign, post, collector):
    job = await post()
    msign.response = AmbiguousCall("MSign answered with HTTP status 502")
    await collector.collect(job.job_id)
    assert counted("msign_gateway_job_retries_total", kind="sign", reason="unusable") == 1
