"""Did we become slower beside others? Ratios of processor time, compared with those that were recorded.

Rates depend on what else a machine does, and so do the times of single runs; what a job costs in processor time, ours
beside a peer's in the same run, hardly does. Only a fall by more than a third counts.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.cases import Role, Row

EXPECTED = Path(__file__).parent / "expected.json"
KEPT = 2 / 3
"""What must be left of a recorded ratio."""
BY_THE_CLOCK = "worker processes"
"""The end of settings in which rates of several processes are compared, not costs."""
COSTS = ("service_cpu_ms_per_job", "service_cpu_ms_per_mb", "cpu_ms_per_signature")


def cost_ratios(rows: Sequence[Row]) -> dict[str, float]:
    """Return how many times more processor time each peer takes than our cheapest row of the same setting."""
    found = {}
    for row in rows:
        together = [one for one in rows if (one.bench, one.setting) == (row.bench, row.setting)]
        ours = [cost for one in together if one.role is Role.OURS and (cost := _cost(one))]
        if row.role is Role.PEER and not row.setting.endswith(BY_THE_CLOCK) and ours and (cost := _cost(row)):
            found[f"{row.bench}; {row.setting}; {row.contender}"] = cost / min(ours)
    return found


def _cost(row: Row) -> float | None:
    return next((row.medians[name] for name in COSTS if row.medians.get(name)), None)


def fallen(found: Mapping[str, float], expected: Mapping[str, float]) -> list[str]:
    """Return a line for each ratio that fell by more than a third; what only one side knows says nothing."""
    return [
        f"{name}: {found[name]:.2f}, was {expected[name]:.2f}"
        for name in expected
        if name in found and found[name] < expected[name] * KEPT
    ]


def read(path: Path = EXPECTED) -> dict[str, float]:
    """Return the recorded ratios."""
    ratios: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["ratios"]
    return ratios


def record(found: Mapping[str, float], how: Mapping[str, str], path: Path = EXPECTED) -> None:
    """Record ratios and how they came about; those that were not measured now stay as they are."""
    ratios = (read(path) if path.exists() else {}) | {name: round(value, 2) for name, value in found.items()}
    written = {"recorded": dict(how), "ratios": dict(sorted(ratios.items()))}
    path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
