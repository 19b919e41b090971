"""What has the gateway done lately? Counts of jobs by steps of time, for the status page; no job is told by itself.

Finished jobs are found through the index of their end, unfinished ones through theirs: what is asked for costs as much
as there are such jobs, however many others are kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.persistence.queries import load
from shared.signing.states import Kind

_SQL = load("activity.sql")


@dataclass(frozen=True, slots=True)
class Cohort:
    """Jobs of one system that began in one step of time and came to the same outcome: a final state, or `open`.

    `posted` of them reached MSign, and of `returned` the user came back from the Sign Page.
    """

    kind: Kind
    system: str
    outcome: str
    step: datetime
    jobs: int
    posted: int
    returned: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How many jobs ended in one step of time with one outcome."""

    kind: Kind
    outcome: str
    step: datetime
    jobs: int


@dataclass(frozen=True, slots=True)
class Took:
    """For how many jobs that ended in one step of time a stage took so long; `size` as in `activity.sql`."""

    kind: Kind
    stage: str
    step: datetime
    size: int
    jobs: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What is known of the jobs that ended in a time."""

    cohorts: tuple[Cohort, ...]
    ended: tuple[Ended, ...]
    took: tuple[Took, ...]


async def finished(connection: Any, since: datetime, until: datetime, *, step: timedelta) -> Activity:
    """Return what became of the jobs that ended from `since` to before `until`."""
    cohorts = await connection.fetch(_SQL["cohorts"], since, until, step)
    ended = await connection.fetch(_SQL["ends"], since, until, step)
    took = await connection.fetch(_SQL["stages"], since, until, step)
    return Activity(
        tuple(_cohort(row) for row in cohorts),
        tuple(Ended(Kind(row["kind"]), row["outcome"], row["step"], row["jobs"]) for row in ended),
        tuple(Took(Kind(row["kind"]), row["stage"], row["step"], row["size"], row["jobs"]) for row in took),
    )


async def unfinished(connection: Any, since: datetime, *, step: timedelta) -> tuple[Cohort, ...]:
    """Return the jobs that began after `since` and have not ended."""
    return tuple(_cohort(row) for row in await connection.fetch(_SQL["unfinished"], since, step))


def _cohort(row: Any) -> Cohort:
    return Cohort(**dict(row) | {"kind": Kind(row["kind"])})
