"""The command: `python -m benchmarks [NAMES] [--quick] [--rounds N] [--seed N] [--page]`."""

import argparse
import asyncio
import random
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.place import Place
from benchmarks.results import Results, write_json, write_page
from benchmarks.suite import BENCHES, Run, run

RESULTS = Path("artifacts/benchmarks")
PAGE = Path("docs/performance.md")


def main() -> None:
    """Measure, print the tables, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[[], *BENCHES], metavar="|".join(BENCHES), help="which benchmarks; all without any"
    )
    parser.add_argument("--quick", action="store_true", help="fewer cases, shorter, twice each: two minutes")
    parser.add_argument("--rounds", type=int, help="how often each case runs")
    parser.add_argument("--seed", type=int, help="for the order of the runs")
    parser.add_argument("--page", action="store_true", help=f"put tables and pictures into {PAGE}")
    asked = parser.parse_args()
    folder = RESULTS / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    seed = asked.seed if asked.seed is not None else secrets.randbelow(10**6)
    described = machine() | {"order": f"random, seed {seed}"}
    place = Place(folder, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    at = datetime.now(UTC).isoformat(timespec="seconds")
    dice = random.Random(seed)  # noqa: S311
    rows = asyncio.run(run(asked.names or BENCHES, Run(place, dice, asked.quick, asked.rounds)))
    results = Results(at, " ".join(["python -m benchmarks", *sys.argv[1:]]), described, rows)
    write_json(results, folder / "results.json")
    print(results.as_markdown({}))  # noqa: T201
    if asked.page:
        write_page(results, PAGE)


if __name__ == "__main__":
    main()
