"""How are jobs kept, claimed and moved?

Every change of state goes through `move`: it asks `transition`, and writes the new state, the history row and the
events in the caller's transaction. A change commits only for the attempt that made it (`attempt` is checked).

Every time is the database's, and so are the comparisons: processes whose own clocks are wrong agree all the same.
"""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.persistence import events
from shared.persistence.events import Draft, Taker, Waiting, Written
from shared.persistence.job import Job, JobContent
from shared.persistence.notices import CHANGES, EVENTS, JOBS, tell
from shared.persistence.queries import load
from shared.signing.schedule import lost_delay
from shared.signing.states import CLAIMED, FINAL, Cause, Kind, State, transition
from shared.telemetry import jobs as telling
from shared.telemetry.tracing import current_traceparent

_SQL = load("jobs.sql")


def _found(row: Any) -> Job | None:
    return None if row is None else Job.of(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What is to become of `job` by `cause`, and the events that say so.

    Without `due_in` it is never due again; else that late, but not later than its deadline while that is ahead.
    `outcome` is how its PostSignRequest attempt ended: accepted, refused, failed or ambiguous; an accepted one of a job
    that has moved on meanwhile is put on record as orphaned. Made within the step whose trace the events carry on.
    """

    job: Job
    cause: Cause
    due_in: timedelta | None = None
    failed: bool = False
    request_id: str | None = None
    drafts: Sequence[Draft] = ()
    outcome: str | None = None
    traceparent: str | None = field(default_factory=current_traceparent)

    @property
    def event_ids(self) -> list[UUID]:
        """The ids of its events, by which it is known again."""
        return [draft.event_id for draft in self.drafts]


async def move(connection: Any, job: Job, cause: Cause, **details: Any) -> Job | None:
    """Move one job: the fields of `Move` say how. Returns the job as it is then, None if another was first."""
    (moved,) = await move_all(connection, [Move(job=job, cause=cause, **details)])
    return moved


async def move_all(connection: Any, moves: Sequence[Move], taker: Taker | None = None) -> list[Job | None]:
    """Move jobs in one statement; returns each as it is then, None where another was first.

    Their events are handed to the `taker`, if it has room: then the statement must be no part of a transaction.
    """
    written = [
        events.write(move.job, draft, sequence=sequence, traceparent=move.traceparent)
        for move in moves
        for sequence, draft in enumerate(move.drafts, start=move.job.event_count + 1)
    ]
    with taker.expecting([len(one.head) + len(one.tail) for one in written]) if taker else nullcontext() as lease:
        moved = await change(connection, moves, written, lease)
    if taker and lease:
        taker.take(_claimed(moved, written))
    return [told(moved.get((move.job.job_id, move.job.attempt)), move, handed=bool(lease)) for move in moves]


Moved = Mapping[tuple[UUID, int], Job]
"""Jobs that were moved, by their ids and attempts."""


async def change(
    connection: Any, moves: Sequence[Move], written: Sequence[Written] = (), lease: timedelta | None = None
) -> Moved:
    """Move jobs in one statement and write these events of theirs; who calls this writes the others, and tells."""
    columns = *_columns(list(map(_row, moves)), 11), *_columns(written, len(Written._fields))
    found = await connection.fetch(_SQL["move"], *columns, lease)
    return {(row["job_id"], row["attempt"]): Job.of(row) for row in found}


def _row(move: Move) -> tuple[Any, ...]:
    job, state = move.job, transition(move.job.kind, move.job.state, move.cause)
    return (
        job.job_id, job.state, job.attempt, state, move.cause, move.due_in, int(move.failed), move.request_id,
        len(move.drafts), state in FINAL, move.outcome,
    )  # fmt: skip


def _claimed(moved: Moved, written: Iterable[Written]) -> list[Waiting]:
    by_job = ((moved.get((one.job_id, one.attempt)), one) for one in written)
    return [events.claimed(job, one) for job, one in by_job if job is not None]


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * count


def told(moved: Job | None, move: Move, *, handed: bool) -> Job | None:
    """Count a move that is committed, if it was made, and tell of it; returns the job as it is then."""
    if moved is not None:
        telling.moved(moved, move.cause, now=moved.seen_at, told=[draft.data for draft in move.drafts])
        tell(CHANGES, str(moved.job_id))
        if move.drafts and not handed:
            tell(EVENTS)
        if moved.state is State.RECEIVED:
            tell(JOBS, moved.kind)
    return moved


async def moved_before(connection: Any, event_ids: Sequence[UUID]) -> Job | None:
    """Return the job whose move told these events, if that was committed; then they go out now.

    For whoever moved it over a connection that broke: nobody has taken over what was to be handed.
    """
    job = _found(await connection.fetchrow(_SQL["moved_before"], event_ids))
    if job is not None:
        tell(CHANGES, str(job.job_id))
        tell(EVENTS)
    return job


async def claim(connection: Any, kind: Kind, *, owner: UUID, lease: timedelta, limit: int) -> list[Job]:
    """Claim up to `limit` due jobs, one of each system in turn; each attempt is on record before its call."""
    claimed = [Job.of(row) for row in await connection.fetch(_SQL["claim"], kind, limit, CLAIMED[kind], owner, lease)]
    for job in claimed:
        telling.changed(job, Cause.CLAIM)
    return claimed


async def extend(connection: Any, job: Job, *, lease: timedelta) -> bool:
    """Let a claim live for another `lease`; False when it is not this attempt's any more."""
    return bool(await connection.fetchval(_SQL["extend"], job.job_id, job.attempt, lease))


async def take_back_lost(connection: Any, *, limit: int = 100) -> int:
    """Return jobs whose claim outlived its lease (their process died) to `received`; returns how many.

    It counts as their failure: each may be what its process died of.
    """
    lost = [Job.of(row) for row in await connection.fetch(_SQL["lost"], limit)]
    delays = [lost_delay(job.failures, random.random()) for job in lost]  # noqa: S311
    moves = [
        Move(job=job, cause=Cause.LOST_CLAIM, due_in=delay, failed=True)
        for job, delay in zip(lost, delays, strict=True)
    ]
    return len(await move_all(connection, moves)) if moves else 0


async def give_back(connection: Any, *, owner: UUID, but: Collection[UUID]) -> int:
    """Return the jobs to `received` that `owner` has claimed and does not work on, all `but` these; how many it was."""
    found = [Job.of(row) for row in await connection.fetch(_SQL["claimed_by"], owner, but)]
    moves = [Move(job=job, cause=Cause.LOST_CLAIM, due_in=timedelta(0)) for job in found]
    return len(await move_all(connection, moves)) if moves else 0


async def purge(connection: Any, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` jobs that were finished before `before` and whose events are out; returns how many.

    With a job go its command's id, its history, results and events.
    """
    return int(await connection.fetchval(_SQL["purge"], before, limit))


async def overdue(connection: Any, *, limit: int = 100) -> list[Job]:
    """Return, locked, sign jobs that never reached MSign before their deadline."""
    return [Job.of(row) for row in await connection.fetch(_SQL["overdue"], limit)]


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
    return [Job.of(row) for row in await connection.fetch(_SQL["claim_polls"], limit, owner, lease)]


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
