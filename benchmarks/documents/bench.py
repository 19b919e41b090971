"""Which cases make up `bench documents`, and what is measured of each?"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cases import Case, Measures
from benchmarks.cpu import busy_s
from benchmarks.documents import contenders, materials
from benchmarks.documents.contenders import Carrier, Doors
from benchmarks.documents.journey import Way, carry_all, open_way
from benchmarks.documents.materials import Document
from benchmarks.memory import Peaks
from benchmarks.place import Place
from benchmarks.signing.contenders import DURABLE
from benchmarks.signing.stage import Stage, meter, new_set, running, stub_of
from msign_gateway.infrastructure import Infrastructure

MB = 1_000_000
MAIN = "mb_per_s"
WARM_UPS = 3
"""How many times as many small documents as will be under way come first, all at once each time: they have connections
opened, statements prepared and modules imported, which nobody pays for again."""
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
    Setting(MB // 10, 48, 8, True),
    Setting(MB, 24, 4, True),
    Setting(39 * MB // 10, 8, 2, True),
    Setting(MB, 64, 8, False),
    Setting(10 * MB, 12, 4, False),
    Setting(50 * MB, 3, 2, False),
)
QUICK = (Setting(MB, 12, 4, True), Setting(10 * MB, 4, 2, False))


@asynccontextmanager
async def open_documents(place: Place, infrastructure: Infrastructure, *, quick: bool) -> AsyncIterator[list[Case]]:
    """Yield the cases, once the documents are made and signed; they are removed at the end."""
    settings = QUICK if quick else FULL
    with TemporaryDirectory(prefix="documents-") as temporary:
        small = WARM_UPS * max(one.at_once for one in settings)
        sizes = [WARM_UP_BYTES] * small + [one.size for one in _widest(settings) for _ in range(one.count)]
        made = await materials.make(Path(temporary), sizes)
        async with stub_of("benchmarks.documents.stub", Path(temporary) / "answers.json", place.folder) as (stub, port):
            stage = Stage(infrastructure, place.folder, (), stub, port)
            yield [
                _case(stage, carrier, setting, made)
                for setting in settings
                for carrier in (contenders.ours(), *contenders.peers(checked_only=setting.inline))
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
            async with (
                running(stage, one, doors.programs) as pids,
                open_way(doors, one.load, inline=setting.inline) as way,
            ):
                for at in range(0, WARM_UPS * setting.at_once, setting.at_once):
                    await carry_all(made[at : at + setting.at_once], way, setting.at_once)
                return await _measured(chosen, doors, way, setting, pids)

    conditions = DURABLE | {"documents": str(setting.count), "at once": str(setting.at_once), "checks": carrier.checks}
    return Case("documents", setting.name, carrier.name, carrier.role, MAIN, run, conditions)


async def _measured(
    documents: Sequence[Document], doors: Doors, way: Way, setting: Setting, pids: dict[str, int]
) -> Measures:
    for stalls in doors.stalls.values():
        stalls.forget()
    peaks = Peaks({name: pids[name] for name in doors.stalls})
    costs, busy, begun = meter(pids), busy_s(), time.monotonic()
    await carry_all(documents, way, setting.at_once)
    took_s, taken, busy = time.monotonic() - begun, costs.taken_ms(), busy_s() - busy
    size_mb = sum(document.size for document in documents) / MB
    found = {MAIN: size_mb / took_s, "cores_busy": busy / took_s} | _costs(taken, list(doors.stalls), size_mb)
    for name, peak in peaks.over_idle_bytes().items():
        found[f"{name}_peak_mb"] = peak / MB
        found[f"{name}_peak_in_documents"] = peak / setting.at_once / setting.size
        found[f"{name}_stall_ms"], found[f"{name}_own_stall_ms"] = doors.stalls[name].longest_ms
    return found


def _costs(taken_ms: Mapping[str, float], own: Sequence[str], size_mb: float) -> dict[str, float]:
    """Return what a MB cost everybody together, the contender's `own` processes together, and each of the others."""
    service = sum(taken_ms[name] for name in own)
    costs = {"all": sum(taken_ms.values()), "service": service}
    costs |= {name: ms for name, ms in taken_ms.items() if name not in own}
    return {f"{name}_cpu_ms_per_mb": ms / size_mb for name, ms in costs.items()}
