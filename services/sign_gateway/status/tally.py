"""How many jobs, with what outcome, how fast? Counts by steps of time, to which what has ended since is added."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.sign_gateway.status.percentiles import quantile
from shared.persistence.activity import Activity, Cohort, Ended, Took
from shared.signing.states import Kind

OPEN = "open"
OUTCOMES = ("completed", "failed", "expired", "rejected", OPEN)


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of the jobs that began in a time; `ended` has all `OUTCOMES`."""

    received: int
    posted: int
    returned: int
    ended: dict[str, int]


@dataclass(frozen=True, slots=True)
class Speed:
    """How long a stage took, in seconds, step by step; None where no job ended."""

    median_s: tuple[float | None, ...]
    p95_s: tuple[float | None, ...]
    jobs: tuple[int, ...]


@dataclass(slots=True)
class Tally:
    """What has ended, by the step in which it began (`cohorts`) or ended."""

    cohorts: defaultdict[datetime, list[Cohort]] = field(default_factory=lambda: defaultdict(list))
    ended: defaultdict[datetime, list[Ended]] = field(default_factory=lambda: defaultdict(list))
    took: defaultdict[datetime, list[Took]] = field(default_factory=lambda: defaultdict(list))

    def add(self, activity: Activity) -> None:
        """Count what ended in a time that was not counted before."""
        for cohort in activity.cohorts:
            self.cohorts[cohort.step].append(cohort)
        for ended in activity.ended:
            self.ended[ended.step].append(ended)
        for took in activity.took:
            self.took[took.step].append(took)

    def forget(self, before: datetime) -> None:
        """Drop the steps before a moment."""
        for kept in (self.cohorts, self.ended, self.took):
            for step in [step for step in kept if step < before]:
                del kept[step]


def funnels(tallies: Iterable[Tally], kind: Kind, since: datetime) -> dict[str, Funnel]:
    """Return the funnel of each system's jobs that began at `since` or later."""
    cohorts = defaultdict[str, list[Cohort]](list)
    for tally in tallies:
        for step, some in tally.cohorts.items():
            if step >= since:
                for cohort in some:
                    if cohort.kind is kind:
                        cohorts[cohort.system].append(cohort)
    return {system: _funnel(cohorts[system]) for system in sorted(cohorts)}


def together(funnels: Iterable[Funnel]) -> Funnel:
    """Return the funnel of all of them."""
    funnels = tuple(funnels)
    return Funnel(
        sum(funnel.received for funnel in funnels),
        sum(funnel.posted for funnel in funnels),
        sum(funnel.returned for funnel in funnels),
        {outcome: sum(funnel.ended[outcome] for funnel in funnels) for outcome in OUTCOMES},
    )


def ends(tallies: Iterable[Tally], kind: Kind, steps: Sequence[datetime]) -> dict[str, tuple[int, ...]]:
    """Return how many jobs ended in each step, by outcome."""
    counts = Counter[tuple[str, datetime]]()
    for tally in tallies:
        for step, some in tally.ended.items():
            for one in some:
                if one.kind is kind:
                    counts[one.outcome, step] += one.jobs
    return {outcome: tuple(counts[outcome, step] for step in steps) for outcome in OUTCOMES if outcome != OPEN}


def speed(tallies: Iterable[Tally], kind: Kind, stage: str, steps: Sequence[datetime]) -> Speed:
    """Return how long a stage took in each step."""
    sizes = defaultdict[datetime, Counter[int]](Counter)
    for tally in tallies:
        for step, some in tally.took.items():
            for one in some:
                if one.kind is kind and one.stage == stage:
                    sizes[step][one.size] += one.jobs
    found = [sizes.get(step, Counter()) for step in steps]
    return Speed(
        tuple(quantile(one, 0.5) for one in found),
        tuple(quantile(one, 0.95) for one in found),
        tuple(one.total() for one in found),
    )


def _funnel(cohorts: Iterable[Cohort]) -> Funnel:
    received = posted = returned = 0
    ended = dict.fromkeys(OUTCOMES, 0)
    for cohort in cohorts:
        received += cohort.jobs
        posted += cohort.posted
        returned += cohort.returned
        ended[cohort.outcome] += cohort.jobs
    return Funnel(received, posted, returned, ended)
