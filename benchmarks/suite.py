"""Which benchmarks are there, on what do they run, and how often does each run its cases?"""

import math
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from benchmarks.cases import Case, Row, measure
from benchmarks.documents.bench import open_documents
from benchmarks.place import Place
from benchmarks.scale.bench import open_scale
from benchmarks.signing.bench import open_signing
from benchmarks.verify import bench as verify
from msign_gateway.infrastructure import Infrastructure, open_infrastructure

BENCHES = ("signing", "documents", "scale", "verify")
LATENCY_S = 100
"""What of signing's time is kept for the second part, which needs the first one's rates."""
WITHOUT_SERVERS = ("verify",)
ROUNDS = {"signing": 5, "documents": 3, "scale": 3, "verify": 3}
SHARES_S = {"signing": 330, "documents": 170, "scale": 320, "verify": 70}
"""How long each may take, preparations included: a quarter of an hour together. Rounds that do not fit are left out."""
QUICK_ROUNDS = {"signing": 2, "documents": 1, "scale": 1, "verify": 2}


@dataclass(frozen=True, slots=True)
class Run:
    """How one run was asked for; without `rounds` each benchmark has its own number."""

    place: Place
    dice: random.Random
    quick: bool
    rounds: int | None = None

    async def measured(self, name: str, cases: Sequence[Case], until: float) -> list[Row]:
        """Measure the cases of a benchmark; with a number of rounds of one's own time does not count."""
        rounds = self.rounds or (QUICK_ROUNDS if self.quick else ROUNDS)[name]
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
        return await wanted.measured(name, await verify.cases(place.folder, quick=quick), until)
    if name == "signing":
        async with open_signing(place, infrastructure, quick=quick) as signing:
            first = await wanted.measured(name, signing.first(), until - LATENCY_S)
            return first + await wanted.measured(name, signing.then(first), until)
    opened = {"documents": open_documents, "scale": open_scale}[name]
    async with opened(place, infrastructure, quick=quick) as cases:
        return await wanted.measured(name, cases, until)
