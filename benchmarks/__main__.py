"""The command: `python -m benchmarks [NAMES] [--quick] [--rounds N] [--seed N] [--page]`."""

import argparse
import asyncio
import random
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import guard
from benchmarks.machine import machine
from benchmarks.place import Place
from benchmarks.results import Results, write_capacity, write_json, write_page
from benchmarks.suite import BENCHES, Run, run

RESULTS = Path("artifacts/benchmarks")
PAGE = Path("docs/performance.md")
CAPACITY = Path("docs/operations/capacity.md")


def main() -> None:
    """Measure, print the tables, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[[], *BENCHES], metavar="|".join(BENCHES), help="which benchmarks; all without any"
    )
    parser.add_argument("--quick", action="store_true", help="fewer cases, shorter, once or twice each: two minutes")
    parser.add_argument("--rounds", type=int, help="how often each case runs")
    parser.add_argument("--seed", type=int, help="for the order of the runs")
    parser.add_argument("--page", action="store_true", help=f"put tables and pictures into {PAGE} and {CAPACITY}")
    parser.add_argument(
        "--guard",
        action="store_true",
        help="exit 1 if a ratio of costs fell by more than a third, however often it is measured",
    )
    parser.add_argument("--record", action="store_true", help="take this run's ratios for what --guard expects")
    asked = parser.parse_args()
    folder = RESULTS / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    seed = asked.seed if asked.seed is not None else secrets.randbelow(10**6)
    described = machine() | {"order": f"random, seed {seed}"}
    place = Place(folder, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    at = datetime.now(UTC).isoformat(timespec="seconds")
    dice = random.Random(seed)  # noqa: S311
    expected = guard.read() if asked.guard else {}
    rows = asyncio.run(run(asked.names or BENCHES, Run(place, dice, asked.quick, asked.rounds, expected)))
    results = Results(at, " ".join(["python -m benchmarks", *sys.argv[1:]]), described, rows)
    write_json(results, folder / "results.json")
    print(results.as_markdown({}))  # noqa: T201
    if asked.page:
        write_page(results, PAGE)
        write_capacity(results, CAPACITY)
    found = guard.cost_ratios(rows)
    if asked.record:
        guard.record(found, {"at": at, "arguments": results.arguments, **described})
    if fallen := guard.fallen(found, expected):
        sys.exit("\n".join(["Slower than it was, beside others, by more than a third:", *map(str, fallen)]))


if __name__ == "__main__":
    main()
