"""Where is a job, and how did it get there? What operators see; nothing here changes anything.

No document, certificate or personal number is read: of a command only its id, of an event only its outcome.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from shared.persistence.queries import load
from shared.signing.states import FINAL, Kind, State

_SQL = load("inquiries.sql")
_LONG_NUMBER = re.compile(r"\d{6,}")

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A job as it stands at `seen_at`, the database's time.

    `overdue`: nothing has happened for a minute after it should have, or the deadline was 20 minutes ago and there is
    no outcome. Sooner that is no trouble: for `SIGN_GRACE_MINUTES` MSign is asked about a user who never came.
    """

    job_id: UUID
    kind: Kind
    system: str
    command_id: str
    state: State
    contents: int
    created_at: datetime
    expires_at: datetime
    posted_at: datetime | None
    returned_at: datetime | None
    finished_at: datetime | None
    due_at: datetime | None
    lease_until: datetime | None
    collected_at: datetime | None
    attempt: int
    failures: int
    polls: int
    request_id: str | None
    overdue: bool
    seen_at: datetime

    @property
    def final(self) -> bool:
        """Whether nothing will happen to the job any more."""
        return self.state in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change of state."""

    sequence: int
    from_state: str | None
    to_state: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A PostSignRequest: accepted, refused, failed, ambiguous or orphaned; None while that is unknown."""

    attempt: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event and whether the broker has it; `due_at` is None once it has."""

    event_id: UUID
    sequence: int
    type: str
    created_at: datetime
    published_at: datetime | None
    due_at: datetime | None
    attempts: int
    status: str | None
    reason_code: str | None
    errors: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Step):
    """A change of state, with the job that it happened to."""

    job_id: UUID
    system: str
    kind: Kind
    command_id: str
    finished: bool


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that happened to one job."""

    job: Sight
    steps: tuple[Step, ...]
    attempts: tuple[Attempt, ...]
    events: tuple[Told, ...]


async def list_jobs(
    connection: Any,
    *,
    system: str | None = None,
    state: State | None = None,
    kind: Kind | None = None,
    overdue: bool = False,
    limit: int = 50,
) -> list[Sight]:
    """Return the newest jobs that fit, newest first."""
    return _all(Sight, await connection.fetch(_SQL["list"], system, state, kind, overdue, limit))


async def oldest(connection: Any, *, limit: int) -> list[Sight]:
    """Return the unfinished jobs that began first."""
    return _all(Sight, await connection.fetch(_SQL["oldest"], limit))


async def find(connection: Any, wanted: str) -> list[Sight]:
    """Return the job with this id, and those that a command with this id began: one in each system at most."""
    try:
        job_id = UUID(wanted)
    except ValueError:
        job_id = None
    return _all(Sight, await connection.fetch(_SQL["find"], job_id, wanted.replace("\x00", "")))


async def story(connection: Any, job: Sight) -> Story:
    """Return what happened to a job."""
    return Story(
        job,
        tuple(_all(Step, await connection.fetch(_SQL["history"], job.job_id))),
        tuple(_all(Attempt, await connection.fetch(_SQL["attempts"], job.job_id))),
        tuple(_told(row) for row in await connection.fetch(_SQL["events"], job.job_id)),
    )


async def open_jobs(connection: Any, *, system: str | None, limit: int) -> frozenset[UUID]:
    """Return the newest unfinished jobs."""
    return frozenset(row["job_id"] for row in await connection.fetch(_SQL["open"], system, limit))


async def changes(
    connection: Any, *, since: datetime | None, among: Iterable[UUID], system: str | None
) -> list[Change]:
    """Return every step of the jobs that began after `since`, and of those `among` them, in order of time."""
    # A UUIDv7 begins with its milliseconds (RFC 9562, 5.7).
    first = None if since is None else UUID(int=int(since.timestamp() * 1000) << 80)
    return _all(Change, await connection.fetch(_SQL["changes"], first, list(among), system))


def _told(row: Any) -> Told:
    errors = tuple(
        {name: _LONG_NUMBER.sub("…", str(text)) for name, text in error.items()} for error in row["errors"] or ()
    )
    return Told(**dict(row) | {"errors": errors})


def _all(made: type[Row], rows: Iterable[Any]) -> list[Row]:
    names = [field.name for field in fields(made)]  # type: ignore[arg-type]
    return [made(**{name: _ENUMS.get(name, _same)(row[name]) for name in names}) for row in rows]


def _same(value: Any) -> Any:
    return value


_ENUMS = {"state": State, "kind": Kind}
