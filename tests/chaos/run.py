"""The random run: `python -m tests.chaos.run --jobs 10000 --seeds 1 2 3 4 5`.

Orders are published while something breaks every few seconds. Then everything is mended, and the verdict is taken in
Jepsen's words: lost, duplicated, unexpected and stuck must all be 0, and every queue empty.
"""

import argparse
import asyncio
import contextlib
import logging
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aio_pika
import aiohttp
import asyncpg
from rich.console import Console
from rich.table import Table

from msign_gateway.infrastructure import open_infrastructure
from shared.messaging.topology import COMMAND_QUEUES
from tests.chaos import clocks
from tests.chaos.crowd import EXPECTED, Act, Crowd, Ledger, Order, orders
from tests.chaos.faults import available
from tests.chaos.system import SYSTEMS, System, running_system

log = logging.getLogger("chaos")

PUBLISHERS = 8
PUBLISHED_PER_S = 40
BROKEN_AT_MOST_S_A_JOB = 0.2
"""For so long things go on breaking, unless all is done before; then everything is mended and the rest must settle."""
PATIENCE_S = 120
"""Who hears of no end for so long, in a system where nothing breaks, takes the rest for lost."""
QUIET_WITHIN_S = 30


@dataclass(slots=True)
class Verdict:
    """What came of a run."""

    ordered: int
    by_act: Counter[Act]
    faults: Counter[str]
    seconds: float
    lost: list[Order]
    duplicated: list[Order]
    unexpected: list[tuple[Order, str]]
    redelivered: int
    posted: int
    left: dict[str, int] = field(default_factory=dict)

    @property
    def stuck(self) -> int:
        """Jobs that came to no end, events that did not go out, and messages that nobody took."""
        return sum(self.left.values())

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.duplicated or self.unexpected or self.stuck)


async def run(system: System, *, jobs: int, seed: int, fault_every_s: float = 3.0) -> Verdict:
    """One run on a system that is ready."""
    chance = random.Random(seed)
    ledger, faults, started = Ledger(), Counter[str](), time.monotonic()
    crowd = Crowd(system, ledger, chance)
    ordered = orders(jobs, chance)
    async with crowd.present():
        enough = asyncio.Event()
        breaking = asyncio.create_task(_break(system, chance, faults, fault_every_s, enough))
        publishing = asyncio.create_task(_publish(crowd, ordered))
        await publishing
        log.info("published after %.1f s", time.monotonic() - started)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(jobs * BROKEN_AT_MOST_S_A_JOB):
                await ledger.settled(PATIENCE_S)
        enough.set()
        await breaking
        await system.ready()
        await ledger.settled(PATIENCE_S)
        left = await _left(system)
    return Verdict(
        ordered=len(ordered),
        by_act=Counter(order.act for order in ordered),
        faults=faults,
        seconds=time.monotonic() - started,
        lost=ledger.open,
        duplicated=ledger.duplicated,
        unexpected=ledger.unexpected,
        redelivered=ledger.redelivered,
        posted=await _posted(system),
        left=left,
    )


async def _publish(crowd: Crowd, ordered: list[Order]) -> None:
    waiting = iter(ordered)

    async def publisher() -> None:
        for order in waiting:
            await crowd.publish(order)
            await asyncio.sleep(PUBLISHERS / PUBLISHED_PER_S)

    await asyncio.gather(*(publisher() for _ in range(PUBLISHERS)))


async def _break(
    system: System, chance: random.Random, faults: Counter[str], every_s: float, enough: asyncio.Event
) -> None:
    """Cause one fault after the other until it is enough; the last one is mended, too."""
    offered = available(system)
    weights = [weight for _, weight in offered.values()]
    while not enough.is_set():
        await asyncio.sleep(chance.uniform(0.5, 1.5) * every_s)
        system.revive()
        name = chance.choices([*offered], weights)[0]
        faults[name] += 1
        began = time.monotonic()
        await offered[name][0](system, chance)
        log.info("%s, for %.1f s", name, time.monotonic() - began)


async def _left(system: System) -> dict[str, int]:
    """What is left once everything should be done, looked at until there is nothing any more."""
    until = time.monotonic() + QUIET_WITHIN_S
    while True:
        left = await _look(system)
        if not any(left.values()) or time.monotonic() > until:
            return left
        await asyncio.sleep(0.5)


async def _look(system: System) -> dict[str, int]:
    connection = await asyncpg.connect(system.database_url)
    try:
        jobs = await connection.fetchval("SELECT count(*) FROM jobs WHERE finished_at IS NULL")
        outbox = await connection.fetchval("SELECT count(*) FROM events WHERE due_at IS NOT NULL")
    finally:
        await connection.close()
    return {"open jobs": jobs, "events not sent": outbox} | await _depths(system)


async def _depths(system: System) -> dict[str, int]:
    names = [name for queue in COMMAND_QUEUES for name in (queue.name, queue.dead)] + [
        f"{one}.chaos" for one in SYSTEMS
    ]
    async with (
        await aio_pika.connect(system.infrastructure.broker.url_of(system.vhost)) as connection,
        connection.channel() as channel,
    ):
        found = {name: (await channel.declare_queue(name, passive=True)).declaration_result for name in names}
    return {f"in {name}": result.message_count or 0 for name, result in found.items()}


async def _posted(system: System) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{system.msign_url}/control") as response:
        return int((await response.json())["posted"])


def show(verdict: Verdict, seed: int, console: Console) -> None:
    """Print the numbers."""
    table = Table(title=f"seed {seed}: {verdict.ordered} jobs in {verdict.seconds:.0f} s", box=None)
    table.add_column("")
    table.add_column("", justify="right")
    for act, count in verdict.by_act.items():
        table.add_row(
            f"user {act}" if act not in (Act.BAD, Act.VERIFY) else f"job {act}",
            f"{count} → {' or '.join(sorted(EXPECTED[act]))}",
        )
    for name, count in verdict.faults.items():
        table.add_row(f"fault: {name}", str(count))
    for name, number in {
        "lost": len(verdict.lost), "duplicated": len(verdict.duplicated), "unexpected": len(verdict.unexpected),
        "stuck": verdict.stuck, "events delivered again (same id)": verdict.redelivered,
        "sign requests at MSign": verdict.posted,
    }.items():  # fmt: skip
        table.add_row(name, str(number))
    console.print(table)
    for order in verdict.lost[:10]:
        console.print(f"lost: {order}")
    for order, outcome in verdict.unexpected[:10]:
        console.print(f"unexpected: {order} came to {outcome}")
    for order in verdict.duplicated[:10]:
        console.print(f"duplicated: {order}")
    if verdict.stuck:
        console.print(f"left: {verdict.left}")


async def main(jobs: int, seeds: list[int], keep: Path | None) -> int:
    """Run each seed on a system of its own; 0 if every promise was kept each time."""
    console, failed = Console(), 0
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)8d ms  %(message)s")
    logging.getLogger("aio_pika").setLevel(logging.CRITICAL)
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    async with open_infrastructure(report=console.print) as infrastructure:
        for seed in seeds:
            folder = keep or Path(tempfile.mkdtemp(prefix="msign-chaos-"))
            folder.mkdir(exist_ok=True)
            async with running_system(infrastructure, folder, replicas=2, clocks=clocks.available()) as system:
                verdict = await run(system, jobs=jobs, seed=seed)
            show(verdict, seed, console)
            failed += not verdict.good
            if not verdict.good:
                console.print(f"logs are in {folder}")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--logs", type=Path, help="where the services' logs go")
    given = parser.parse_args()
    raise SystemExit(asyncio.run(main(given.jobs, given.seeds, given.logs)))
