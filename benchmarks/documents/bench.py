"""Which cases make up `bench documents`, and what is measured of each?"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from benchmarks.cases import Case, Measures
from benchmarks.documents import contenders, materials
from benchmarks.documents.contenders import Carrier, Doors
from benchmarks.documents.journey import carry
from benchmarks.documents.materials import Document
from benchmarks.memory import Peaks
from benchmarks.place import Place
from benchmarks.signing.contenders import DURABLE
from benchmarks.signing.stage import Set, Stage, meter, new_set, running, stub_of
from msign_gateway.infrastructure import Infrastructure

MB = 1_000_000
MAIN = "mb_per_s"
WARM_UP = 3
WARM_UP_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Setting:
    """So many documents of one size, some of them under way at the same time; inline or by reference."""

    size: int
    count: int
    at_once: int
    inline: bool

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.size / MB:g} MB {'inline' if self.inline else 'by reference'}"


FULL = (
    Setting(MB // 10, 24, 8, True),
    Setting(MB, 12, 4, True),
    Setting(39 * MB // 10, 6, 2, True),
    Setting(MB, 12, 4, False),
    Setting(10 * MB, 4, 2, False),
    Setting(50 * MB, 2, 2, False),
)
QUICK = (Setting(MB, 8, 4, True), Setting(10 * MB, 4, 2, False))


@asynccontextmanager
async def open_documents(place: Place, infrastructure: Infrastructure, *, quick: bool) -> AsyncIterator[list[Case]]:
    """Yield the cases, once the documents are made and signed; they are removed at the end."""
    settings = QUICK if quick else FULL
    with TemporaryDirectory(prefix="documents-") as temporary:
        sizes = [WARM_UP_BYTES] * WARM_UP + [one.size for one in _widest(settings) for _ in range(one.count)]
        made = await materials.make(Path(temporary), sizes)
        async with stub_of("benchmarks.documents.stub", Path(temporary) / "answers.json", place.folder) as (stub, port):
            stage = Stage(infrastructure, place.folder, (), stub, port)
            yield [
                _case(stage, carrier, setting, made)
                for setting in settings
                for carrier in (contenders.ours(), contenders.natural())
            ]


def _widest(settings: Sequence[Setting]) -> list[Setting]:
    """Return of each size the setting that needs most documents: runs share them, each has a database of its own."""
    found: dict[int, Setting] = {}
    for one in settings:
        if one.size not in found or found[one.size].count < one.count:
            found[one.size] = one
    return list(found.values())


def _case(stage: Stage, carrier: Carrier, setting: Setting, made: Sequence[Document]) -> Case:
    chosen = [one for one in made if setting.size <= one.size < setting.size + MB // 20][: setting.count]

    async def run() -> Measures:
        async with new_set(stage, delay_ms=0, migrated=carrier.migrated) as one:
            doors = carrier.open(stage, one)
            async with running(stage, one, doors.programs) as pids, aiohttp.ClientSession() as http:
                await _carry_all(made[:WARM_UP], doors, one, http, setting)
                return await _measured(chosen, doors, one, http, setting, pids)

    conditions = DURABLE | {"documents": str(setting.count), "at once": str(setting.at_once)}
    return Case("documents", setting.name, carrier.name, carrier.role, MAIN, run, conditions)


async def _measured(
    documents: Sequence[Document],
    doors: Doors,
    one: Set,
    http: aiohttp.ClientSession,
    setting: Setting,
    pids: dict[str, int],
) -> Measures:
    for stalls in doors.stalls.values():
        stalls.forget()
    peaks, costs, begun = Peaks({name: pids[name] for name in doors.stalls}), meter(pids), time.monotonic()
    await _carry_all(documents, doors, one, http, setting)
    took_s, taken = time.monotonic() - begun, costs.taken_ms()
    size_mb = sum(document.size for document in documents) / MB
    own_ms = sum(taken[name] for name in doors.stalls)
    found = {MAIN: size_mb / took_s, "service_cpu_ms_per_mb": own_ms / size_mb}
    found["postgres_cpu_ms_per_mb"] = taken.get("postgres", 0) / size_mb
    for name, peak in peaks.over_idle_bytes().items():
        found[f"{name}_peak_mb"] = peak / MB
        found[f"{name}_peak_in_documents"] = peak / setting.at_once / setting.size
        found[f"{name}_stall_ms"], found[f"{name}_own_stall_ms"] = doors.stalls[name].longest_ms
    return found


async def _carry_all(
    documents: Sequence[Document], doors: Doors, one: Set, http: aiohttp.ClientSession, setting: Setting
) -> None:
    places = asyncio.Semaphore(setting.at_once)

    async def placed(document: Document) -> None:
        async with places:
            await carry(document, doors, one.load, http, inline=setting.inline)

    async with asyncio.TaskGroup() as group:
        for document in documents:
            group.create_task(placed(document))
