"""How do results read? As Markdown tables: one of all rows for each benchmark, one of ratios."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.cases import Row
from benchmarks.ratios import Ratio


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
