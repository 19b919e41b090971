"""Which cases make up `bench scale`?"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from benchmarks.cases import Case, Role
from benchmarks.place import Place
from benchmarks.scale import history, mountain
from benchmarks.signing import contenders, throughput
from benchmarks.signing.bench import DEFAULT_CALLS
from benchmarks.signing.contenders import Contender
from benchmarks.signing.stage import Program, Set, Stage, new_set, open_stage
from benchmarks.signing.throughput import Window
from msign_gateway.infrastructure import Infrastructure

DELAY_MS = 20
CALLS = 100
MSIGN_IS_THE_LIMIT = (200, DEFAULT_CALLS)
"""As it is where the gateway runs: 160 jobs a second of one replica at most, for which no core is full."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured; the first of `replicas` is what the others are compared with.

    `limits` say what limits a replica: MSign's delay (milliseconds) and how many calls it may make at once. Without
    `commands` or `events` there is no mountain of them.
    """

    replicas: tuple[int, ...]
    limits: tuple[tuple[int, int], ...]
    histories: tuple[int, ...]
    commands: int
    events: int
    window: Window


FULL = Extent(
    (1, 2, 4), (MSIGN_IS_THE_LIMIT, (DELAY_MS, CALLS)), (10_000, 100_000, 2_000_000), 100_000, 100_000, Window(1.0, 2.5)
)
QUICK = Extent((1, 2), (MSIGN_IS_THE_LIMIT,), (10_000,), 0, 0, Window(1.0, 1.5, 400))


@asynccontextmanager
async def open_scale(place: Place, infrastructure: Infrastructure, *, quick: bool) -> AsyncIterator[list[Case]]:
    """Yield the cases, once the databases are filled; they are dropped at the end."""
    extent = QUICK if quick else FULL
    async with open_stage(infrastructure, place.folder) as stage, AsyncExitStack() as stack:
        template = await stack.enter_async_context(_with_one_job(stage))
        found = _replicas(stage, extent)
        bases = [await stack.enter_async_context(_filled(stage, template, jobs, place)) for jobs in extent.histories]
        found += _histories(stage, extent, bases)
        if extent.commands:
            found.append(mountain.commands(stage, contenders.ours(CALLS), extent.commands, DELAY_MS))
        if extent.events:
            due = await stack.enter_async_context(_filled(stage, template, extent.events, place, due_events=True))
            found.append(mountain.events(stage, contenders.ours(CALLS), extent.events, due))
        yield found


def _replicas(stage: Stage, extent: Extent) -> list[Case]:
    found = []
    for delay_ms, calls in extent.limits:
        base = contenders.ours(calls)
        for count in extent.replicas:
            name = f"{count} replica{'s' * (count > 1)}"
            role = Role.BASE if count == extent.replicas[0] else Role.OURS
            several = replace(base, name=name, role=role, programs=_times(base, count))
            found += throughput.cases(stage, [several], [delay_ms], extent.window, bench="replicas")
    return found


def _times(contender: Contender, count: int) -> Callable[[Stage, Set], Sequence[Program]]:
    def programs(stage: Stage, one: Set) -> Sequence[Program]:
        made = [contender.programs(stage, one)[0] for _ in range(count)]
        return [replace(program, name=f"{program.name} {number}") for number, program in enumerate(made, start=1)]

    return programs


def _histories(stage: Stage, extent: Extent, urls: Sequence[str]) -> list[Case]:
    ours = contenders.ours(CALLS)
    empty = replace(ours, name="an empty database", role=Role.BASE)
    found = throughput.cases(stage, [empty], [DELAY_MS], extent.window, bench="history")
    for jobs, url in zip(extent.histories, urls, strict=True):
        behind = replace(ours, name=f"{jobs:,} finished jobs")
        found += throughput.cases(stage, [behind], [DELAY_MS], extent.window, bench="history", used=url)
    return found


@asynccontextmanager
async def _with_one_job(stage: Stage) -> AsyncIterator[str]:
    """Yield the name of a database in which one job is finished, with nobody connected to it."""
    async with stage.infrastructure.database.temporary("template") as url:
        async with new_set(stage, delay_ms=0, migrated=True, used=url) as one:
            await history.finish_one_job(stage, one)
        yield url.rpartition("/")[2]


@asynccontextmanager
async def _filled(
    stage: Stage, template: str, jobs: int, place: Place, *, due_events: bool = False
) -> AsyncIterator[str]:
    async with stage.infrastructure.database.temporary("history", template=template) as url:
        place.report(f"filling a database with {jobs:,} finished jobs")
        await history.multiply(url, jobs, due_events=due_events)
        yield url
