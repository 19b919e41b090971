"""What does the status page tell at this moment? Read at most every few seconds, however many people look.

What has ended does not change any more: it is read once and kept, and each look adds what has ended since. The last
minutes are read again each time, as a transaction that has begun may still be about to commit, and a user whose job
has ended may still be on the way back.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from services.sign_gateway.status import tally
from services.sign_gateway.status.samples import Samples
from services.sign_gateway.status.tally import Funnel, Speed, Tally
from services.sign_gateway.status.windows import HOUR, WINDOWS, Window
from shared.persistence import activity, inquiries, measures
from shared.persistence.activity import Activity
from shared.persistence.inquiries import Sight
from shared.persistence.measures import OpenJobs, Outbox
from shared.signing.states import Kind, State

FRESH_S = 5.0
UNSETTLED = timedelta(minutes=2)
SLICE = timedelta(hours=6)
"""How much is read at once when there is much to catch up with."""
OLDEST = 10
STAGES = {
    Kind.SIGN: ("received_to_posted", "accepted_to_returned", "returned_to_ready"),
    Kind.VERIFICATION: ("end_to_end",),
}


@dataclass(frozen=True, slots=True)
class OpenJob:
    """One of the jobs that have been open for the longest time."""

    job_id: str
    kind: Kind
    system: str
    state: State
    age_s: float
    failures: int
    overdue: bool


@dataclass(frozen=True, slots=True)
class Section:
    """What one kind of job did in a window: in all, by system, and step by step."""

    kind: Kind
    funnel: Funnel
    by_system: dict[str, Funnel]
    ended: dict[str, tuple[int, ...]]
    stages: dict[str, Speed]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the database tells for one window, at its own time."""

    window: Window
    read_at: datetime
    steps: tuple[datetime, ...]
    sections: tuple[Section, ...]
    open_jobs: tuple[OpenJobs, ...]
    oldest: tuple[OpenJob, ...]
    outbox: Outbox
    outbox_oldest_s: tuple[float | None, ...]


@dataclass(slots=True)
class Settled:
    """What has ended for good in one window: everything before `until`."""

    until: datetime
    tally: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class Looking:
    """Reads and keeps; `samples` are this process' own."""

    pool: asyncpg.Pool
    samples: Samples
    _settled: dict[str, Settled] = field(default_factory=dict)
    _recent: dict[str, tuple[float, Snapshot]] = field(default_factory=dict)
    _reading: dict[str, asyncio.Lock] = field(default_factory=lambda: {name: asyncio.Lock() for name in WINDOWS})

    async def look(self, window: Window) -> Snapshot:
        """Return the state, at most `FRESH_S` seconds old; raises what the database raises."""
        async with self._reading[window.name]:
            read, snapshot = self._recent.get(window.name, (0.0, None))
            if snapshot is None or time.monotonic() - read > FRESH_S:
                snapshot = await self._read(window)
                self._recent[window.name] = (time.monotonic(), snapshot)
            return snapshot

    async def _read(self, window: Window) -> Snapshot:
        async with self.pool.acquire() as connection:
            now: datetime = (await connection.fetchval("SELECT now()")).astimezone(UTC)
            steps = window.steps(now)
            settled = await self._settle(connection, window, steps[0], now - UNSETTLED)
            fresh = Tally()
            fresh.add(await activity.finished(connection, settled.until, now + UNSETTLED, step=window.step))
            fresh.add(Activity(await activity.unfinished(connection, steps[0], step=window.step), (), ()))
            open_jobs = await measures.open_jobs(connection)
            outbox = await measures.outbox(connection)
            oldest = await inquiries.oldest(connection, limit=OLDEST)
        return Snapshot(
            window,
            now,
            steps,
            tuple(_section((settled.tally, fresh), kind, steps) for kind in Kind),
            tuple(open_jobs),
            tuple(map(_open_job, oldest)),
            outbox,
            self.samples.worst(HOUR, now),
        )

    async def _settle(self, connection: object, window: Window, first: datetime, until: datetime) -> Settled:
        """Add to a window what has ended before `until` and was not read yet."""
        settled = self._settled.setdefault(window.name, Settled(first))
        settled.tally.forget(first)
        settled.until = max(settled.until, first)
        while settled.until < until:
            upto = min(settled.until + SLICE, until)
            settled.tally.add(await activity.finished(connection, settled.until, upto, step=window.step))
            settled.until = upto
        return settled


def _section(tallies: tuple[Tally, ...], kind: Kind, steps: tuple[datetime, ...]) -> Section:
    by_system = tally.funnels(tallies, kind, steps[0])
    return Section(
        kind,
        tally.together(by_system.values()),
        by_system,
        tally.ends(tallies, kind, steps),
        {stage: tally.speed(tallies, kind, stage, steps) for stage in STAGES[kind]},
    )


def _open_job(job: Sight) -> OpenJob:
    age_s = (job.seen_at - job.created_at).total_seconds()
    return OpenJob(str(job.job_id), job.kind, job.system, job.state, age_s, job.failures, job.overdue)
