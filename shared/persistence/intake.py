"""How does a batch of commands become jobs? One statement looks them all up, one writes everything that is new.

So a batch costs the same number of statements whatever its size. All is written in one order, so that two batches with
the same commands or contents wait for each other instead of dying of a deadlock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from shared.persistence.job import Job, JobContent
from shared.persistence.queries import load
from shared.signing.states import Cause, Kind, State, transition
from shared.telemetry import jobs as telling

_SQL = load("intake.sql")

CommandKey = tuple[str, str]
"""A system and its command's id: under this a command is known."""
ContentKey = tuple[str, str]
"""A system and the reference of a content of its."""


@dataclass(frozen=True, slots=True)
class Known:
    """A command that was taken in before: the SHA-256 of what it said, and its job."""

    digest: bytes
    job_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job that begins, with the command that asked for it; `command` is that command's data as JSON."""

    job_id: UUID
    system: str
    command_id: str
    digest: bytes
    command: str
    traceparent: str | None
    expires_at: datetime
    contents: tuple[JobContent, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """For whom, and for how long, jobs are claimed that begin."""

    owner: UUID
    lease: timedelta


async def recall(connection: Any, commands: Sequence[CommandKey]) -> tuple[datetime, dict[CommandKey, Known]]:
    """Return the database's time, and those of `commands` (one at least) that are known."""
    rows = await connection.fetch(_SQL["recall"], *_columns(commands, 2))
    known = {commands[row["place"] - 1]: Known(row["digest"], row["job_id"]) for row in rows if row["job_id"]}
    return rows[0]["now"], known


async def begin(
    connection: Any,
    kind: Kind,
    new: Sequence[NewJob],
    bodies: Mapping[ContentKey, bytes],
    now: datetime,
    claim: Claim | None = None,
) -> list[Job]:
    """Begin jobs in state `received`, claimable at once, and store `bodies`; `now` is about the database's time.

    With a `claim` they are claimed already, in the same statement.

    Raises `asyncpg.UniqueViolationError` when a command has been taken in meanwhile.
    """
    ordered = sorted(new, key=lambda job: (job.system, job.command_id))
    stored = sorted(bodies.items(), key=lambda item: item[0])
    await connection.execute(
        _SQL["begin"],
        kind,
        *_columns(map(_row, ordered), 7),
        *_columns([(system, ref, body) for (system, ref), body in stored], 3),
        *_columns([_used(job.job_id, item) for job in ordered for item in job.contents], 7),
        claim and claim.owner,
        claim and claim.lease,
        transition(kind, State.RECEIVED, Cause.CLAIM) if claim else None,
    )
    begun = [_begun(job, kind, now) for job in new]
    for job in begun:
        telling.changed(job, Cause.INTAKE)
    return [_claimed(job, one) for job, one in zip(begun, new, strict=True)] if claim else begun


async def count_open(connection: Any, system: str, *, at_most: int) -> int:
    """Return how many jobs of a system are not finished; counting ends at `at_most`."""
    return int(await connection.fetchval(_SQL["count_open"], system, at_most))


async def count_begun(connection: Any, system: str, *, since: datetime) -> int:
    """Return how many jobs a system began after `since`."""
    return int(await connection.fetchval(_SQL["count_begun"], system, since))


def _columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _row(job: NewJob) -> tuple[Any, ...]:
    return job.job_id, job.system, job.command_id, job.digest, job.command, job.traceparent, job.expires_at


def _used(job_id: UUID, item: JobContent) -> tuple[Any, ...]:
    return job_id, item.position, item.ref, item.correlation_id, item.name, item.multiple_signatures, item.hash


def _begun(job: NewJob, kind: Kind, now: datetime) -> Job:
    return Job(
        job_id=job.job_id,
        kind=kind,
        system=job.system,
        command_id=job.command_id,
        state=State.RECEIVED,
        command={},
        traceparent=job.traceparent,
        created_at=now,
        expires_at=job.expires_at,
        due_at=now,
        attempt=0,
        failures=0,
        polls=0,
        request_id=None,
        event_count=0,
        history_count=1,
        seen_at=now,
    )


def _claimed(job: Job, begun: NewJob) -> Job:
    state = transition(job.kind, job.state, Cause.CLAIM)
    claimed = replace(job, state=state, command=orjson.loads(begun.command), attempt=1, history_count=2)
    telling.changed(claimed, Cause.CLAIM)
    return claimed
