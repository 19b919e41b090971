"""Where do results go? Into a JSON file with everything, and, when asked, into the page of the documentation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import plot, table
from benchmarks.bars import bars
from benchmarks.cases import Role, Row
from benchmarks.ratios import ratios

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"
CAPACITY = ("<!-- benchmark: begin -->", "<!-- benchmark: end -->")
"""The marks of the page about capacity."""
CAPACITIES = ("signing", "returning", "documents")
ASSETS = "assets"


@dataclass(frozen=True, slots=True)
class Results:
    """One run of the benchmarks: what was measured, on what, when (RFC 3339, UTC), and how it was asked for."""

    at: str
    arguments: str
    machine: Mapping[str, str]
    rows: Sequence[Row]

    @property
    def cores(self) -> int:
        """How many cores the machine has for everything."""
        return int(self.machine["cores"])

    def as_json(self) -> str:
        """Return everything, each single run too."""
        found = {
            "at": self.at,
            "arguments": self.arguments,
            "machine": dict(self.machine),
            "rows": [asdict(row) | {"medians": row.medians} for row in self.rows],
            "bars": [asdict(bar) | {"reached": bar.reached} for bar in bars(self.rows, self.cores)],
            "ratios": [asdict(ratio) for ratio in ratios(self.rows)],
        }
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"

    def as_markdown(self, pictures: Mapping[str, str]) -> str:
        """Return the tables, with the picture (a relative link) of each benchmark that has one."""
        parts = [f"Measured at {self.at} by `{self.arguments}`.\n", table.machine_table(self.machine)]
        if wanted := bars(self.rows, self.cores):
            parts += ["### What was wanted\n", table.bars_table(wanted)]
        for bench in benches(self.rows):
            rows = [row for row in self.rows if row.bench == bench]
            parts += [f"### {bench.capitalize()}\n", table.rows_table(rows)]
            if bench in pictures:
                parts.append(f"![{bench}]({pictures[bench]})\n")
        parts += ["### Ratios\n", table.ratios_table(ratios(self.rows))]
        return "\n".join(parts)


def benches(rows: Sequence[Row]) -> list[str]:
    """Return the benchmarks that the rows are of, in their order."""
    return list(dict.fromkeys(row.bench for row in rows))


def write_json(results: Results, path: Path) -> None:
    """Write the results to a file, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(results.as_json(), encoding="utf-8")


def write_page(results: Results, page: Path) -> None:
    """Replace what stands between the two marks of a page, and the pictures beside it."""
    pictures = {}
    for bench in benches(results.rows):
        rows = [row for row in results.rows if row.bench == bench]
        name = f"{ASSETS}/bench-{bench}.svg"
        title = f"{bench}: {rows[0].main.replace('_per_', '/').replace('_', ' ')}"
        (page.parent / name).write_text(plot.bars(rows, title), encoding="utf-8")
        pictures[bench] = name
    page.write_text(placed(page.read_text(encoding="utf-8"), results.as_markdown(pictures)), encoding="utf-8")


def write_capacity(results: Results, page: Path) -> None:
    """Put what one replica of ours reached into the page about capacity, if anything of that was measured."""
    ours = [row for row in results.rows if row.role is Role.OURS and row.bench in CAPACITIES]
    if ours:
        words = f"Measured at {results.at}, everything on {results.cores} cores.\n\n"
        measured = words + table.capacity_table(ours)
        page.write_text(placed(page.read_text(encoding="utf-8"), measured, CAPACITY), encoding="utf-8")


def placed(page: str, measured: str, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """Return the page with `measured` between its marks; raises `ValueError` for a page without them."""
    before, begin, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f"the page has no place for what is measured: {marks[0]} … {marks[1]}")
    return f"{before}{begin}\n\n{measured}\n{end}{after}"
