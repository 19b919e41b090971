"""How do we compare with each peer and with the floor, under the same setting in the same run?"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.cases import Role, Row


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times better our best median is than another's; `against` names the other contender."""

    bench: str
    setting: str
    measure: str
    role: Role
    against: str
    value: float


def ratios(rows: Sequence[Row]) -> list[Ratio]:
    """Return, for each setting, our best row against each of the others'; settings without ours have none."""
    found = []
    for bench, setting in dict.fromkeys((row.bench, row.setting) for row in rows):
        together = [row for row in rows if (row.bench, row.setting) == (bench, setting)]
        ours = max((row for row in together if row.role is Role.OURS), key=_good, default=None)
        if ours is None:
            continue
        for other in together:
            if other.role is not Role.OURS:
                value = _good(ours) / _good(other)
                found.append(Ratio(bench, setting, ours.main, other.role, other.contender, value))
    return found


def _good(row: Row) -> float:
    median = row.medians[row.main]
    return 1 / median if row.less_is_better else median
