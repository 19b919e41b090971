"""Which cases make up `bench signing`, at full length and in the quick form?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.cases import Case, Role, Row
from benchmarks.place import Place
from benchmarks.signing import contenders, latency, returning, throughput
from benchmarks.signing.contenders import Contender
from benchmarks.signing.stage import Stage, open_stage
from benchmarks.signing.throughput import Window
from msign_gateway.infrastructure import Infrastructure

MIDDLE_MS = 20
"""The delay under which latency and returning are measured."""
DEFAULT_CALLS = 32
MANY = 100


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    delays_ms: tuple[int, ...]
    prefetches: tuple[int, ...]
    calls: tuple[int, ...]
    """How many calls at once ours may make; the first is compared in latency as well."""
    window: Window
    latency_s: float
    """How long latencies are measured; 0: not at all."""
    users: int
    frameworks: bool = True
    """Whether those peers are there who do the same by way of a framework."""


FULL = Extent((0, 20, 200), (1, 20, MANY), (MANY, DEFAULT_CALLS), Window(0.7, 2.0), 2.5, 800)
QUICK = Extent((MIDDLE_MS,), (MANY,), (MANY,), Window(1.0, 1.5, 400), 0, 300, frameworks=False)


class Signing:
    """The cases of `bench signing`; those about latency need to know the highest rates first."""

    def __init__(self, stage: Stage, extent: Extent) -> None:
        self._stage = stage
        self._extent = extent
        ours = [contenders.ours(calls) for calls in extent.calls]
        self._ours = ours[0]
        self._all: list[Contender] = [
            *ours,
            *contenders.peers(extent.prefetches, frameworks=extent.frameworks),
            contenders.floor(MANY),
        ]

    def first(self) -> list[Case]:
        """Return the cases that stand alone."""
        extent = self._extent
        found = throughput.cases(self._stage, self._all, [MIDDLE_MS], extent.window)
        others = [delay for delay in extent.delays_ms if delay != MIDDLE_MS]
        found += throughput.cases(self._stage, self._chosen(), others, extent.window)
        return [*found, *returning.cases(self._stage, MIDDLE_MS, extent.users)]

    def _chosen(self) -> list[Contender]:
        """Return whom one delay more or less says something about: those that make many calls at once."""
        return [self._ours, contenders.peers((MANY,))[0], contenders.floor(MANY)]

    def then(self, rows: list[Row]) -> list[Case]:
        """Return the cases about latency: ours, the best peer and the floor."""
        if not self._extent.latency_s:
            return []
        chosen = [self._ours, *self._best_peer(rows), contenders.floor(MANY)]
        return latency.cases(self._stage, chosen, rows, MIDDLE_MS, self._extent.latency_s)

    def _best_peer(self, rows: list[Row]) -> list[Contender]:
        """Return the peer with the highest rate of all, if there is one."""
        rates = {row.contender: row.medians[row.main] for row in rows if row.bench == "signing"}
        return sorted((one for one in self._all if one.role is Role.PEER), key=lambda one: rates.get(one.name, 0))[-1:]


@asynccontextmanager
async def open_signing(place: Place, infrastructure: Infrastructure, *, quick: bool) -> AsyncIterator[Signing]:
    """Yield the benchmark."""
    async with open_stage(infrastructure, place.folder) as stage:
        yield Signing(stage, QUICK if quick else FULL)
