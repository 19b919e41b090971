"""Are many jobs moved by one statement as each would be alone, and by the database's clock?"""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.sign_gateway.posting import Poster
from shared.messaging.envelope import Event
from shared.messaging.events import ACCEPTED, AcceptedData
from shared.persistence import jobs
from shared.persistence.events import Draft
from shared.persistence.jobs import Move
from shared.signing.breaker import Breaker
from shared.signing.states import Cause, Kind, State
from tests.gateway import delivery, events_of, sign_data


@pytest.fixture
def claim(pool, admission):
    async def claim(count):
        await admission.handle([delivery(sign_data()) for _ in range(count)])
        return await jobs.claim(pool, Kind.SIGN, owner=uuid4(), lease=timedelta(seconds=60), limit=count)

    return claim


def posted(job, request_id):
    data = AcceptedData(
        job_id=str(job.job_id),
        command_id=job.command_id,
        request_id=request_id,
        sign_url="https://semnare.example/",
        expires_at=job.expires_at,
    )
    return Move(
        job=job,
        cause=Cause.POSTED,
        due_in=timedelta(seconds=10),
        request_id=request_id,
        drafts=[Draft("sign_gateway", ACCEPTED, data)],
        outcome="accepted",
    )


async def test_each_moves_its_own_way(pool, claim):
    first, second, third = await claim(3)
    moved = await jobs.move_all(
        pool,
        [
            posted(first, "request-1"),
            Move(job=second, cause=Cause.RETRY, due_in=timedelta(seconds=1), failed=True, outcome="ambiguous"),
            Move(job=third, cause=Cause.LOST_CLAIM, due_in=timedelta(0)),
        ],
    )
    assert [(job.job_id, job.state, job.failures) for job in moved if job] == [
        (first.job_id, State.AWAITING_SIGNER, 0),
        (second.job_id, State.RECEIVED, 1),
        (third.job_id, State.RECEIVED, 0),
    ]
    outcomes = await pool.fetch("SELECT job_id, outcome, ended_at IS NULL AS open FROM post_attempts")
    assert {row["job_id"]: (row["outcome"], row["open"]) for row in outcomes} == {
        first.job_id: ("accepted", False),
        second.job_id: ("ambiguous", False),
        third.job_id: (None, True),
    }


async def test_an_event_is_a_cloudevent_of_the_transactions_time(pool, claim):
    (job,) = await claim(1)
    (moved,) = await jobs.move_all(pool, [posted(job, "request-1")])
    (body,) = await pool.fetch("SELECT body, sequence, created_at FROM events")
    event = Event.model_validate_json(body["body"])
    assert moved
    at = await pool.fetchval("SELECT at FROM job_history WHERE cause = 'posted'")
    assert event.time == moved.seen_at == at == body["created_at"]
    assert (event.subject, event.sequence, body["sequence"]) == (str(job.job_id), 1, 1)
    assert AcceptedData.model_validate(event.data).request_id == "request-1"


async def test_an_old_attempt_beside_the_current_one_is_an_orphan(pool, claim):
    (old,) = await claim(1)
    await jobs.move(pool, old, Cause.LOST_CLAIM, due_in=timedelta(0))
    (current,) = await jobs.claim(pool, Kind.SIGN, owner=uuid4(), lease=timedelta(seconds=60), limit=1)
    late, moved = await jobs.move_all(pool, [posted(old, "late"), posted(current, "current")])
    assert late is None
    assert moved
    assert moved.request_id == "current"
    attempts = await pool.fetch("SELECT outcome, request_id FROM post_attempts ORDER BY attempt")
    assert [tuple(row) for row in attempts] == [("orphaned", "late"), ("accepted", "current")]
    (event,) = await events_of(pool)
    assert event["data"]["request_id"] == "current"


async def test_an_answer_that_cannot_be_kept_does_not_hold_up_those_beside_it(pool, admission, msign, links):
    await admission.handle([delivery(sign_data()) for _ in range(3)])
    poster = Poster(pool, msign, Breaker(), links)
    msign.post_answers = ["request-1", "a\0b", "request-3"]
    claimed = await poster.claim(3)
    ended = await asyncio.gather(*map(poster.post, claimed), return_exceptions=True)
    assert [type(outcome).__name__ for outcome in ended] == ["NoneType", "CharacterNotInRepertoireError", "NoneType"]
    assert {event["data"]["request_id"] for event in await events_of(pool)} == {"request-1", "request-3"}
