"""How are jobs kept, claimed and moved?

Every change of state goes through `move`: it asks `transition`, and writes the new state, the history row and the
events in the caller's transaction. A change commits only for the attempt that made it (`attempt` is checked).

Every time is the database's, and so are the comparisons: processes whose own clocks are wrong agree all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.persistence import events
from shared.persistence.events import Draft
from shared.persistence.notices import CHANGES, JOBS, tell
from shared.persistence.queries import load
from shared.signing.states import CLAIMED, FINAL, Cause, Kind, State, transition
from shared.telemetry import jobs as telling

_SQL = load("jobs.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of `jobs` as it stood at `seen_at`; `command` is the command's data without its contents."""

    job_id: UUID
    kind: Kind
    system: str
    command_id: str
    state: State
    command: dict[str, Any]
    traceparent: str | None
    created_at: datetime
    expires_at: datetime
    due_at: datetime | None
    attempt: int
    failures: int
    polls: int
    request_id: str | None
    event_count: int
    history_count: int
    seen_at: datetime
    posted_at: datetime | None = None
    returned_at: datetime | None = None

    @property
    def final(self) -> bool:
        """Whether nothing will happen to the job any more."""
        return self.state in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContent:
    """One content of a job: what to sign, or the signature to verify (`hash` is then what was signed)."""

    position: int
    ref: str
    correlation_id: str | None = None
    name: str | None = None
    multiple_signatures: bool = False
    hash: bytes | None = None


_COLUMNS = tuple(field.name for field in fields(Job))


def _job(row: Any) -> Job:
    values = {name: row[name] for name in _COLUMNS}
    return Job(**values | {"kind": Kind(row["kind"]), "state": State(row["state"])})


def _found(row: Any) -> Job | None:
    return None if row is None else _job(row)


async def insert(  # noqa: PLR0913
    connection: Any,
    *,
    job_id: UUID,
    kind: Kind,
    system: str,
    command_id: str,
    command: dict[str, Any],
    traceparent: str | None,
    now: datetime,
    expires_at: datetime,
    contents: Sequence[JobContent],
) -> Job:
    """Begin a job in state `received`, claimable at once."""
    row = await connection.fetchrow(
        _SQL["insert"], job_id, kind, system, command_id, State.RECEIVED, command, traceparent, now, expires_at
    )
    await connection.execute(_SQL["insert_history"], job_id, 1, None, State.RECEIVED, Cause.INTAKE, now)
    await connection.executemany(
        _SQL["insert_content"],
        [
            (job_id, item.position, item.ref, item.correlation_id, item.name, item.multiple_signatures, item.hash)
            for item in contents
        ],
    )
    tell(JOBS, kind)
    job = _job(row)
    telling.changed(job, Cause.INTAKE)
    return job


async def move(
    connection: Any,
    job: Job,
    cause: Cause,
    *,
    due_in: timedelta | None = None,
    failed: bool = False,
    request_id: str | None = None,
    drafts: Sequence[Draft] = (),
) -> Job | None:
    """Move `job` by `cause` and append the events; returns the job as it is then, None if another was first.

    Without `due_in` it is never due again; else that late, but not later than its deadline while that is ahead.
    """
    state = transition(job.kind, job.state, cause)
    row = await connection.fetchrow(
        _SQL["move"],
        job.job_id,
        job.state,
        job.attempt,
        state,
        due_in,
        int(failed),
        request_id,
        len(drafts),
        state in FINAL,
        cause is Cause.POSTED,
    )
    if row is None:
        return None
    moved = _job(row)
    now = moved.seen_at
    telling.moved(moved, cause, now=now, told=[draft.data for draft in drafts])
    await connection.execute(
        _SQL["insert_history"], moved.job_id, moved.history_count, job.state, moved.state, cause, now
    )
    first = moved.event_count - len(drafts) + 1
    for sequence, draft in enumerate(drafts, start=first):
        await events.append(connection, moved, draft, sequence=sequence, now=now)
    tell(CHANGES, str(job.job_id))
    if state is State.RECEIVED:
        tell(JOBS, job.kind)
    return moved


async def claim(connection: Any, kind: Kind, *, owner: UUID, lease: timedelta, limit: int) -> list[Job]:
    """Claim up to `limit` due jobs, one of each system in turn; each attempt is on record before its call."""
    claimed = [_job(row) for row in await connection.fetch(_SQL["claim"], kind, limit, CLAIMED[kind], owner, lease)]
    for job in claimed:
        telling.changed(job, Cause.CLAIM)
    return claimed


async def extend(connection: Any, job: Job, *, lease: timedelta) -> bool:
    """Let a claim live for another `lease`; False when it is not this attempt's any more."""
    return bool(await connection.fetchval(_SQL["extend"], job.job_id, job.attempt, lease))


async def take_back_lost(connection: Any, *, limit: int = 100) -> int:
    """Return jobs whose claim outlived its lease (their process died) to `received`; returns how many."""
    lost = [_job(row) for row in await connection.fetch(_SQL["lost"], limit)]
    for job in lost:
        await move(connection, job, Cause.LOST_CLAIM, due_in=timedelta(0))
    return len(lost)


async def purge(connection: Any, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` jobs that were finished before `before` and whose events are out; returns how many.

    With a job go its command's id, its history, results and events.
    """
    return int(await connection.fetchval(_SQL["purge"], before, limit))


async def overdue(connection: Any, *, limit: int = 100) -> list[Job]:
    """Return, locked, sign jobs that never reached MSign before their deadline."""
    return [_job(row) for row in await connection.fetch(_SQL["overdue"], limit)]


async def end_attempt(connection: Any, job: Job, outcome: str, *, request_id: str | None = None) -> None:
    """Put on record how a PostSignRequest attempt ended: accepted, refused, failed, ambiguous or orphaned."""
    await connection.execute(_SQL["end_attempt"], job.job_id, job.attempt, outcome, request_id)


async def claim_collection(
    connection: Any, job_id: UUID, *, owner: UUID, lease: timedelta, request_id: str | None = None
) -> Job | None:
    """Claim the right to ask MSign for this job's SignResponse; None if somebody is at it, or was a second ago.

    With `request_id` it is the job's user who has come back, which is noted; None if it is another job's.
    """
    job = _found(await connection.fetchrow(_SQL["claim_collection"], job_id, owner, lease, request_id))
    if job is not None and job.returned_at == job.seen_at:
        telling.returned(job)
    return job


async def claim_polls(connection: Any, *, owner: UUID, lease: timedelta, limit: int) -> list[Job]:
    """Claim up to `limit` jobs whose SignResponse is due to be asked for."""
    return [_job(row) for row in await connection.fetch(_SQL["claim_polls"], limit, owner, lease)]


async def release_collection(connection: Any, job: Job, *, due_in: timedelta) -> None:
    """Give the right to collect back; the next poll is that late, and once at the deadline."""
    await connection.execute(_SQL["release_collection"], job.job_id, job.attempt, due_in)


async def database_time(connection: Any) -> datetime:
    """Return when the transaction began, else the time, by the clock that all processes share."""
    return await connection.fetchval("SELECT now()")  # type: ignore[no-any-return]


async def note_return(connection: Any, job_id: UUID) -> None:
    """Note that the user of a job has come back from the Sign Page; only the first time counts."""
    job = _found(await connection.fetchrow(_SQL["note_return"], job_id))
    if job is not None:
        telling.returned(job)


async def get(connection: Any, job_id: UUID) -> Job | None:
    """Return the job of that id."""
    return _found(await connection.fetchrow(_SQL["get"], job_id))


async def by_command(connection: Any, system: str, command_id: str) -> Job | None:
    """Return the job that a system's command began."""
    return _found(await connection.fetchrow(_SQL["by_command"], system, command_id))


async def contents(connection: Any, job_id: UUID) -> list[JobContent]:
    """Return a job's contents in order."""
    return [JobContent(**dict(row)) for row in await connection.fetch(_SQL["contents"], job_id)]


async def count_open(connection: Any, system: str, *, at_most: int) -> int:
    """Return how many jobs of a system are not finished; counting ends at `at_most`."""
    return int(await connection.fetchval(_SQL["count_open"], system, at_most))


async def count_begun(connection: Any, system: str, *, since: datetime) -> int:
    """Return how many jobs a system began after `since`."""
    return int(await connection.fetchval(_SQL["count_begun"], system, since))


async def recall(connection: Any, system: str, command_id: str) -> tuple[bytes, UUID] | None:
    """Return the digest and the job of a command that was taken in before."""
    row = await connection.fetchrow(_SQL["recall_command"], system, command_id)
    return None if row is None else (row["digest"], row["job_id"])


async def remember(
    connection: Any, *, system: str, command_id: str, digest: bytes, job_id: UUID, now: datetime
) -> None:
    """Note in the inbox that a command was taken in."""
    await connection.execute(_SQL["remember_command"], system, command_id, digest, job_id, now)
