"""Did we become slower beside others? Ratios of processor time, compared with those that were recorded.

Rates depend on what else a machine does; what a job costs in processor time, ours beside another's in the same run,
does so less. What else runs makes a job dearer (it empties caches, and lets less come together in a batch) and never
cheaper, so that each contender is judged by its cheapest run. Only a fall by more than a third counts, and only if it
is still there when what fell was measured twice more.
"""

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.cases import Case, Measures, Role, Row, measure

EXPECTED = Path(__file__).parent / "expected.json"
KEPT = 2 / 3
"""What must be left of a recorded ratio."""
BY_THE_CLOCK = "worker processes"
"""The end of settings in which rates of several processes are compared, not costs."""
VERIFYING = "cpu_ms_per_signature"
_COST = "_cpu_ms_per_"
_TOOLS = ("all", "stub", "load")
"""What is neither the contender's own nor what it makes the servers do."""
_SERVERS = ("postgres", "rabbitmq")
WITH_SERVERS = "with servers"
MORE_ROUNDS = 2
"""How often what fell, or failed, is measured again."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A ratio that fell: what was expected of it, what must be left of that, and what was measured."""

    name: str
    expected: float
    wanted: float
    measured: float

    @property
    def where(self) -> tuple[str, str]:
        """The bench and the setting."""
        bench, setting, *_ = self.name.split("; ")
        return bench, setting

    def __str__(self) -> str:
        return (
            f"{self.name}: costs {self.measured:.2f} times what ours does; {self.expected:.2f} was expected, "
            f"and at least {self.wanted:.2f} is wanted"
        )


def cost_ratios(rows: Sequence[Row]) -> dict[str, float]:
    """Return how many times more processor time others take than our cheapest row of the same setting.

    Where jobs or documents are moved, once for the contender's own processes and once with what it makes the servers
    do. Where there is a base, which is ours as well, each of our rows is compared with it.
    """
    found: dict[str, float] = {}
    for row in rows:
        if row.setting.endswith(BY_THE_CLOCK) or (row.bench == "verifying" and row.role is Role.FLOOR):
            continue
        together = [one for one in rows if (one.bench, one.setting, one.role) == (row.bench, row.setting, Role.OURS)]
        where = f"{row.bench}; {row.setting}"
        if row.role is Role.BASE:
            for one in together:
                found |= _ratios(f"{where}; {one.contender}", row, [one])
        elif row.role is not Role.OURS:
            found |= _ratios(f"{where}; {row.contender}", row, together)
    return found


def _ratios(name: str, other: Row, ours: Sequence[Row]) -> dict[str, float]:
    mine = _cheapest(run for one in ours for run in one.runs)
    return {f"{name}{kind}": cost / mine[kind] for kind, cost in _cheapest(other.runs).items() if kind in mine}


def _cheapest(runs: Iterable[Measures]) -> dict[str, float]:
    """Return the lowest costs of any run, by what the names of their ratios end in."""
    found: dict[str, float] = {}
    for run in runs:
        for kind, cost in _costs(run).items():
            if cost:
                found[kind] = min(cost, found.get(kind, cost))
    return found


def _costs(run: Measures) -> dict[str, float]:
    """Return the costs of a run by what the names of their ratios end in."""
    if VERIFYING in run:
        return {"": run[VERIFYING]}
    by_name = {name.partition(_COST)[0]: value for name, value in run.items() if _COST in name}
    own = sum(by_name[name] for name in by_name if name not in (*_TOOLS, *_SERVERS))
    servers = sum(by_name.get(name, 0.0) for name in _SERVERS)
    return {"": own, f"; {WITH_SERVERS}": own + servers} if by_name else {}


def fallen(found: Mapping[str, float], expected: Mapping[str, float], kept: float = KEPT) -> list[Fall]:
    """Return the ratios of which less than that is left; what only one side knows says nothing."""
    return [
        Fall(name, expected[name], expected[name] * kept, found[name])
        for name in expected
        if name in found and found[name] < expected[name] * kept
    ]


async def measure_in_doubt(
    cases: Sequence[Case],
    rounds: int,
    dice: random.Random,
    report: Callable[[str], None],
    expected: Mapping[str, float],
    kept: float = KEPT,
) -> list[Row]:
    """Measure cases, and twice more those of settings in which a ratio fell or a run failed; their rows have all runs.

    Raises `RuntimeError` for a case of which every run failed: what is not measured is not guarded.
    """
    rows = await measure(cases, rounds, dice, report)
    falls = fallen(cost_ratios(rows), expected, kept)
    for fall in falls:
        report(f"twice more, because it fell: {fall}")
    again = {fall.where for fall in falls} | {(one.bench, one.setting) for one in _failed(cases, rows)}
    repeated = [one for one in cases if (one.bench, one.setting) in again]
    joined = _joined([*rows, *await measure(repeated, MORE_ROUNDS * rounds, dice, report)])
    if failed := _failed(cases, joined):
        raise RuntimeError(f"failed again and again: {'; '.join(f'{one.setting}, {one.contender}' for one in failed)}")
    return joined


def _joined(rows: Sequence[Row]) -> list[Row]:
    """Return one row of each case, with the runs of all its rows."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = (row.bench, row.setting, row.contender)
        found[key] = replace(row, runs=found[key].runs + row.runs) if key in found else row
    return list(found.values())


def _failed(cases: Sequence[Case], rows: Sequence[Row]) -> list[Case]:
    """Return the cases that no row is of."""
    known = {(row.bench, row.setting, row.contender) for row in rows}
    return [one for one in cases if (one.bench, one.setting, one.contender) not in known]


def read(path: Path = EXPECTED) -> dict[str, float]:
    """Return the recorded ratios."""
    ratios: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["ratios"]
    return ratios


def record(found: Mapping[str, float], how: Mapping[str, str], path: Path = EXPECTED) -> None:
    """Record ratios and how they came about; those that were not measured now stay as they are."""
    ratios = (read(path) if path.exists() else {}) | {name: round(value, 2) for name, value in found.items()}
    written = {"recorded": dict(how), "ratios": dict(sorted(ratios.items()))}
    path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
