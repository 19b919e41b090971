"""How do results read? As Markdown tables: one of all rows for each benchmark, one of ratios."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.bars import Bar
from benchmarks.cases import Row
from benchmarks.ratios import Ratio

_COSTS = (("service_cpu_ms_per_job", "ms a job"), ("service_cpu_ms_per_mb", "ms a MB"))


def machine_table(described: Mapping[str, str]) -> str:
    """Return the machine as a table of two columns."""
    return _table(("", ""), described.items())


def rows_table(rows: Sequence[Row]) -> str:
    """Return the rows of one benchmark with the medians of their measures and with their conditions."""
    names = list(dict.fromkeys(name for row in rows for name in row.medians))
    conditions = list(dict.fromkeys(name for row in rows for name in row.conditions))
    header = ("setting", "contender", *(_words(name) for name in names), "runs", *conditions)
    return _table(
        header,
        (
            (
                row.setting,
                row.contender,
                *(number(row.medians[name]) if name in row.medians else "" for name in names),
                str(len(row.runs)),
                *(row.conditions.get(name, "") for name in conditions),
            )
            for row in rows
        ),
    )


def ratios_table(found: Sequence[Ratio]) -> str:
    """Return how we compare."""
    header = ("benchmark", "setting", "measure", "ours", "against", "ours is better by")
    return _table(
        header,
        ((one.bench, one.setting, _words(one.measure), one.ours, one.against, number(one.value)) for one in found),
    )


def bars_table(found: Sequence[Bar]) -> str:
    """Return what was wanted and what was reached."""
    header = ("wanted", "", "measured", "", "the worst setting")
    return _table(
        header,
        (
            (
                one.name,
                f"{'≤' if one.at_most else '≥'} {number(one.wanted)}",
                number(one.measured),
                "reached" if one.reached else "**not reached**",
                one.where,
            )
            for one in found
        ),
    )


def capacity_table(rows: Sequence[Row]) -> str:
    """Return what our rows reached, and what it cost our own processes."""
    lines = []
    for row in rows:
        cost = next((f"{number(row.medians[name])} {unit}" for name, unit in _COSTS if name in row.medians), "")
        lines.append(
            (row.bench, row.setting, row.contender, f"{number(row.medians[row.main])} {_words(row.main)}", cost)
        )
    return _table(("", "", "", "median", "CPU of ours"), lines)


def number(value: float) -> str:
    """Return a measure with three significant digits, and as many as it needs before the point."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _words(name: str) -> str:
    return name.replace("_per_", "/").replace("_", " ")


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [tuple(header), ("---",) * len(header), *(tuple(line) for line in lines)]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)
