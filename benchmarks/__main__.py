"""The command: `python -m benchmarks [signing] [verify] [--quick] [--rounds N] [--seed N] [--page]`."""

import argparse
import asyncio
import random
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.cases import Row, measure
from benchmarks.machine import machine
from benchmarks.place import Place
from benchmarks.results import Results, write_json, write_page
from benchmarks.signing.bench import open_signing
from benchmarks.verify import bench as verify

ROUNDS = 5
QUICK_ROUNDS = 2
RESULTS = Path("artifacts/benchmarks")
PAGE = Path("docs/performance.md")


async def _signing(place: Place, rounds: int, dice: random.Random, *, quick: bool) -> list[Row]:
    async with open_signing(place, quick=quick) as bench:
        found = await measure(bench.first(), rounds, dice, place.report)
        return found + await measure(bench.then(found), rounds, dice, place.report)


async def _verifying(place: Place, rounds: int, dice: random.Random, *, quick: bool) -> list[Row]:
    return await measure(await verify.cases(place.folder, quick=quick), rounds, dice, place.report)


BENCHES = {"signing": _signing, "verify": _verifying}


async def _run(names: list[str], place: Place, rounds: int, dice: random.Random, *, quick: bool) -> list[Row]:
    return [row for name in names for row in await BENCHES[name](place, rounds, dice, quick=quick)]


def main() -> None:
    """Measure, print the tables, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[[], *BENCHES], metavar="signing|verify", help="which benchmarks; all without any"
    )
    parser.add_argument("--quick", action="store_true", help="fewer cases, shorter, twice each: two minutes")
    parser.add_argument("--rounds", type=int, help=f"how often each case runs ({ROUNDS}, quick: {QUICK_ROUNDS})")
    parser.add_argument("--seed", type=int, help="for the order of the runs")
    parser.add_argument("--page", action="store_true", help=f"put tables and pictures into {PAGE}")
    asked = parser.parse_args()
    folder = RESULTS / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    seed = asked.seed if asked.seed is not None else secrets.randbelow(10**6)
    rounds = asked.rounds or (QUICK_ROUNDS if asked.quick else ROUNDS)
    described = machine() | {"order": f"random, seed {seed}"}
    place = Place(folder, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    at = datetime.now(UTC).isoformat(timespec="seconds")
    dice = random.Random(seed)  # noqa: S311
    rows = asyncio.run(_run(asked.names or list(BENCHES), place, rounds, dice, quick=asked.quick))
    results = Results(at, " ".join(["python -m benchmarks", *sys.argv[1:]]), described, rows)
    write_json(results, folder / "results.json")
    print(results.as_markdown({}))  # noqa: T201
    if asked.page:
        write_page(results, PAGE)


if __name__ == "__main__":
    main()
