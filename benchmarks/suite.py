"""Which benchmarks are there, on what do they run, and how often does each run its cases?"""

import math
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from benchmarks.cases import Case, Role, Row, measure
from benchmarks.documents.bench import open_documents
from benchmarks.guard import BY_THE_CLOCK, measure_in_doubt
from benchmarks.place import Place
from benchmarks.scale.bench import open_scale
from benchmarks.signing.bench import open_signing
from benchmarks.verify import bench as verify
from msign_gateway.infrastructure import Infrastructure, open_infrastructure

BENCHES = ("signing", "documents", "scale", "verify")
LATENCY_S = 70
"""What of signing's time is kept for the second part, which needs the first one's rates."""
WITHOUT_SERVERS = ("verify",)
ROUNDS = {"signing": 5, "documents": 3, "scale": 3, "verify": 3}
SHARES_S = {"signing": 310, "documents": 210, "scale": 310, "verify": 70}
"""How long each may take, preparations included: a quarter of an hour together. Rounds that do not fit are left out."""
QUICK_ROUNDS = {"signing": 1, "documents": 1, "scale": 1, "verify": 3}
QUICK_LEFT_OUT = (BY_THE_CLOCK, "20 signatures")
"""The ends of settings of verifying that say nothing to the guard, or nothing more."""


@dataclass(frozen=True, slots=True)
class Run:
    """How one run was asked for; without `rounds` each benchmark has its own number.

    With what is `expected` of ratios, those that fell are measured twice more.
    """

    place: Place
    dice: random.Random
    quick: bool
    rounds: int | None = None
    expected: Mapping[str, float] = field(default_factory=dict)

    async def measured(self, name: str, cases: Sequence[Case], until: float) -> list[Row]:
        """Measure the cases of a benchmark; with a number of rounds of one's own time does not count."""
        rounds = self.rounds or (QUICK_ROUNDS if self.quick else ROUNDS)[name]
        if self.expected:
            return await measure_in_doubt(cases, rounds, self.dice, self.place.report, self.expected)
        return await measure(cases, rounds, self.dice, self.place.report, math.inf if self.rounds else until)


async def run(names: Sequence[str], wanted: Run) -> list[Row]:
    """Run the benchmarks in turn; their broker and database server are private ones, and wait for the disk."""
    rows: list[Row] = []
    async with AsyncExitStack() as stack:
        infrastructure = None
        if set(names) - set(WITHOUT_SERVERS):
            opening = open_infrastructure(durable=True, report=wanted.place.report)
            infrastructure = await stack.enter_async_context(opening)
        for name in names:
            rows += await _one(name, wanted, infrastructure)
    return rows


async def _one(name: str, wanted: Run, infrastructure: Infrastructure | None) -> list[Row]:
    place, quick = wanted.place, wanted.quick
    until = time.monotonic() + SHARES_S[name]
    if infrastructure is None or name in WITHOUT_SERVERS:
        cases = await verify.cases(place.folder, quick=quick)
        return await wanted.measured(name, guarded(cases) if quick else cases, until)
    if name == "signing":
        async with open_signing(place, infrastructure, quick=quick) as signing:
            first = await wanted.measured(name, signing.first(), until - LATENCY_S)
            return first + await wanted.measured(name, signing.then(first), until)
    opened = {"documents": open_documents, "scale": open_scale}[name]
    async with opened(place, infrastructure, quick=quick) as cases:
        return await wanted.measured(name, cases, until)


def guarded(cases: Sequence[Case]) -> list[Case]:
    """Return those cases of verifying in which the guard compares costs."""
    return [one for one in cases if one.role is not Role.FLOOR and not one.setting.endswith(QUICK_LEFT_OUT)]
