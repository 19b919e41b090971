"""What is measured, how often and in which order?

A case is one contender under one setting. Every case runs several times; each round runs all of them in a new random
order, so that a machine that slows down, or a neighbour, disturbs all alike.
"""

import asyncio
import math
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Measures = Mapping[str, float]
"""Results of one run by name; each name ends in its unit (`jobs_per_s`, `cpu_ms`, `p99_ms`)."""


LONGEST_RUN_S = 150


class Role(StrEnum):
    """Why a contender is there."""

    OURS = "ours"
    PEER = "peer"
    FLOOR = "floor"
    BASE = "base"
    """Ours as well, under the condition that the others are compared with."""


@dataclass(frozen=True, slots=True)
class Case:
    """One contender under one setting; `conditions` say with what it runs (prefetch, confirms, durability …)."""

    bench: str
    setting: str
    contender: str
    role: Role
    main: str
    """The measure that contenders are compared by: more is better, of times (`_ms`) less."""
    run: Callable[[], Awaitable[Measures]]
    conditions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A case with the results of its runs, in the order in which they were made."""

    bench: str
    setting: str
    contender: str
    role: Role
    main: str
    conditions: Mapping[str, str]
    runs: tuple[Measures, ...]

    @property
    def less_is_better(self) -> bool:
        """Whether the main measure is a time."""
        return self.main.endswith("_ms")

    @property
    def medians(self) -> dict[str, float]:
        """The median of each measure over the runs that have it."""
        names = dict.fromkeys(name for run in self.runs for name in run)
        return {name: statistics.median(run[name] for run in self.runs if name in run) for name in names}


def schedule(cases: Sequence[Case], rounds: int, dice: random.Random) -> Iterator[Case]:
    """Yield every case once in each round, each round in an order of its own."""
    for _ in range(rounds):
        order = list(cases)
        dice.shuffle(order)
        yield from order


async def measure(
    cases: Sequence[Case],
    rounds: int,
    dice: random.Random,
    report: Callable[[str], None],
    until: float = math.inf,
) -> list[Row]:
    """Run the cases and return their rows, in the order in which they were given; `report` gets a line a run.

    A run that fails is told of and left out, and so is a case of which every run fails: one that breaks after ten
    minutes must not take the others with it. After the first, no round begins that would not be over at `until`
    (monotonic seconds) if it took as long as those before.
    """
    runs: dict[int, list[Measures]] = {id(case): [] for case in cases}
    total, begun = rounds * len(cases), time.monotonic()
    for number, case in enumerate(schedule(cases, rounds, dice), start=1):
        done, within = divmod(number - 1, len(cases))
        now = time.monotonic()
        if done and not within and now + (now - begun) / done > until:
            report(f"time is up for more than {done} round{'s' * (done > 1)} of {rounds}")
            break
        where = f"[{number}/{total}] {case.bench}, {case.setting}, {case.contender}"
        try:
            async with asyncio.timeout(LONGEST_RUN_S):
                measures = await case.run()
        except Exception as error:
            report(f"{where}: FAILED, {reason(error)}")
            continue
        runs[id(case)].append(measures)
        report(f"{where}: {measures[case.main]:,.1f}")
    return [
        Row(case.bench, case.setting, case.contender, case.role, case.main, case.conditions, tuple(runs[id(case)]))
        for case in cases
        if runs[id(case)]
    ]


def reason(error: BaseException) -> str:
    """Return in words why a run failed; of a group of errors the first one's."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
