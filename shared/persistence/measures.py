"""How much is there to do? What the gauges of jobs and events show; nothing here changes anything."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

from shared.persistence.queries import load
from shared.signing.states import Kind, State

_SQL = load("measures.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJobs:
    """How many unfinished jobs of one system stand in one state; the `under_…` counts each hold the one before.

    `claimable` could be worked on now; `overdue` are past their deadline, or a minute past what should have happened.
    """

    AGES: ClassVar = ("under_1m", "1m_to_10m", "10m_to_1h", "1h_to_1d", "over_1d")

    kind: Kind
    system: str
    state: State
    jobs: int
    under_1m: int
    under_10m: int
    under_1h: int
    under_1d: int
    claimable: int
    overdue: int

    @property
    def by_age(self) -> dict[str, int]:
        """How many jobs there are of each age."""
        up_to = (0, self.under_1m, self.under_10m, self.under_1h, self.under_1d, self.jobs)
        return {age: upper - lower for age, (lower, upper) in zip(self.AGES, pairwise(up_to), strict=True)}


@dataclass(frozen=True, slots=True)
class Outbox:
    """How many events the broker does not have yet, and for how many seconds the oldest has waited."""

    depth: int
    oldest_age_s: float


async def open_jobs(connection: Any) -> list[OpenJobs]:
    """Count the unfinished jobs."""
    rows = await connection.fetch(_SQL["open_jobs"])
    return [OpenJobs(**dict(row) | {"kind": Kind(row["kind"]), "state": State(row["state"])}) for row in rows]


async def outbox(connection: Any) -> Outbox:
    """Count the events that wait."""
    return Outbox(**dict(await connection.fetchrow(_SQL["outbox"])))
