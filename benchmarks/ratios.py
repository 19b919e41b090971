"""How do we compare with each peer and with the floor, under the same setting in the same run?"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.cases import Role, Row


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times better a median of ours is than another's; `against` names the other contender."""

    bench: str
    setting: str
    measure: str
    role: Role
    ours: str
    against: str
    value: float


def ratios(rows: Sequence[Row]) -> list[Ratio]:
    """Return, for each setting, our best row against each of the others'; settings without ours have none.

    Where there is a base, each of our rows is compared with it.
    """
    found = []
    for bench, setting in dict.fromkeys((row.bench, row.setting) for row in rows):
        together = [row for row in rows if (row.bench, row.setting) == (bench, setting)]
        ours = sorted((row for row in together if row.role is Role.OURS), key=_good)
        others = [row for row in together if row.role is not Role.OURS]
        for other in others:
            for one in ours if other.role is Role.BASE else ours[-1:]:
                value = _good(one) / _good(other)
                found.append(Ratio(bench, setting, one.main, other.role, one.contender, other.contender, value))
    return found


def _good(row: Row) -> float:
    median = row.medians[row.main]
    return 1 / median if row.less_is_better else median
