"""Whatever happens in whichever order, by whomever: does a job end once, and is an end final?

Several workers hold what they knew of a job at some time and act on it whenever they like, on a real database.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from services.sign_gateway.deadlines import expire_overdue, take_back_lost
from shared.contract.models import SignStatus
from shared.messaging.events import ACCEPTED, READY, SIGN_REJECTED, EventData
from shared.persistence import events, intake, jobs
from shared.persistence.events import Draft
from shared.persistence.intake import NewJob
from shared.persistence.job import Job
from shared.persistence.pool import open_pool
from shared.signing.ending import ready
from shared.signing.results import Outcome
from shared.signing.states import FINAL, Cause, Kind, State, transition

LEASE = timedelta(minutes=5)
NOW = timedelta(0)
ENDS = {Cause.SIGNED: SignStatus.SUCCESS, Cause.NOT_SIGNED: SignStatus.FAILURE, Cause.DEADLINE: SignStatus.EXPIRED}
CAUSES = {
    State.POSTING: (Cause.POSTED, Cause.REFUSED, Cause.RETRY),
    State.AWAITING_SIGNER: (Cause.SIGNED, Cause.NOT_SIGNED, Cause.DEADLINE),
}


class Gateway(RuleBasedStateMachine):
    """One job, and everybody who may do something with it."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._held: list[Job] = []
        self._ended: State | None = None
        self._context = open_pool(self.url, max_size=2)
        self._pool: asyncpg.Pool = self._do(self._context.__aenter__())
        self._job_id: UUID = self._do(self._begin())

    def teardown(self) -> None:
        """Close what was opened."""
        self._do(self._context.__aexit__(None, None, None))
        self._runner.close()

    def _do(self, work: Any) -> Any:
        return self._runner.run(work)

    async def _begin(self) -> UUID:
        now = datetime.now(UTC)
        await self._pool.execute("DELETE FROM jobs")
        new = NewJob(
            job_id=events.uuid7(), system="declaratii", command_id=str(uuid4()), digest=b"", traceparent=None,
            command='{"relay_state": null}', expires_at=now + timedelta(hours=1),
        )  # fmt: skip
        (job,) = await intake.begin(self._pool, Kind.SIGN, [new], {}, now)
        return job.job_id

    @rule()
    def a_worker_claims(self) -> None:
        """Take the job for posting."""
        self._held += self._do(jobs.claim(self._pool, Kind.SIGN, owner=uuid4(), lease=LEASE, limit=1))

    @rule()
    def the_callback_collects(self) -> None:
        """Take the right to ask for the outcome, for a browser that came back."""
        job = self._do(jobs.claim_collection(self._pool, self._job_id, owner=uuid4(), lease=LEASE))
        self._held += [job] if job else []

    @rule()
    def the_poller_collects(self) -> None:
        """Take the right to ask for the outcome, because it is time."""
        self._held += self._do(jobs.claim_polls(self._pool, owner=uuid4(), lease=LEASE, limit=1))

    @rule(choice=st.randoms(use_true_random=False))
    def somebody_acts_on_what_they_knew(self, choice: Any) -> None:
        """Act on a claim, perhaps one that was lost long ago."""
        if self._held:
            job = choice.choice(self._held)
            self._do(self._move(job, choice.choice(CAUSES[job.state])))

    @rule(choice=st.randoms(use_true_random=False))
    def somebody_gives_back(self, choice: Any) -> None:
        """Give back the right to collect."""
        if self._held:
            job = choice.choice(self._held)
            if job.state is State.AWAITING_SIGNER:
                self._do(jobs.release_collection(self._pool, job, due_in=NOW))

    @rule()
    def leases_run_out(self) -> None:
        """Time passes, and lost claims are taken back."""
        self._do(
            self._pool.execute(
                "UPDATE jobs SET lease_until = now() - interval '1 second', due_at = now() "
                "WHERE lease_until IS NOT NULL"
            )
        )
        self._do(self._pool.execute("UPDATE jobs SET collected_at = now() - interval '1 minute'"))
        self._do(take_back_lost(self._pool))

    @rule()
    def it_is_due(self) -> None:
        """Waits are over."""
        self._do(self._pool.execute("UPDATE jobs SET due_at = now() WHERE due_at IS NOT NULL"))

    @rule()
    def the_deadline_passes(self) -> None:
        """What never reached MSign expires."""
        self._do(self._pool.execute("UPDATE jobs SET expires_at = now()"))
        self._do(expire_overdue(self._pool))

    async def _move(self, job: Job, cause: Cause) -> None:
        due_in = None if transition(job.kind, job.state, cause) in FINAL else NOW
        async with self._pool.acquire() as connection, connection.transaction():
            await jobs.move(
                connection, job, cause, due_in=due_in,
                request_id=uuid4().hex if cause is Cause.POSTED else None, drafts=_drafts(job, cause),
            )  # fmt: skip

    @invariant()
    def an_end_is_final(self) -> None:
        """A final state is never left."""
        state = State(self._do(self._pool.fetchval("SELECT state FROM jobs")))
        if self._ended is not None:
            assert state is self._ended
        if state in FINAL:
            self._ended = state

    @invariant()
    def there_is_one_final_event_if_it_ended(self) -> None:
        """Each end is told once, and what has not ended is not told to have."""
        told = self._do(self._pool.fetchval("SELECT count(*) FROM events WHERE type <> $1", ACCEPTED))
        assert told == (0 if self._ended is None else 1)

    @invariant()
    def one_request_is_handed_out(self) -> None:
        """However often MSign was asked, the system hears of one RequestID."""
        assert self._do(self._pool.fetchval("SELECT count(*) FROM events WHERE type = $1", ACCEPTED)) <= 1

    @invariant()
    def the_history_tells_every_step(self) -> None:
        """Each step of the history begins where the one before ended."""
        rows = self._do(self._pool.fetch("SELECT from_state, to_state FROM job_history ORDER BY sequence"))
        assert [row["from_state"] for row in rows] == [None, *(row["to_state"] for row in rows[:-1])]


def _drafts(job: Job, cause: Cause) -> list[Draft]:
    if cause in ENDS:
        return [Draft("tests", READY, ready(job, Outcome(status=ENDS[cause], reason=None)))]
    told = {Cause.POSTED: ACCEPTED, Cause.REFUSED: SIGN_REJECTED}.get(cause)
    return [Draft("tests", told, EventData(job_id=str(job.job_id), command_id=job.command_id))] if told else []


async def test_a_job_ends_once_under_any_interleaving(database_url: str) -> None:
    machine = type("Gateway", (Gateway,), {"url": database_url})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    wanted = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=wanted)
