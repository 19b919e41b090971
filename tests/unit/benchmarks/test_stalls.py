"""A loop that answers to nobody is noticed, whoever's fault it is, and a waiting one is not."""

import asyncio
import subprocess
import sys
import time

from benchmarks.probed import beside
from benchmarks.stalls import Stalls


def compute(for_s):
    until = time.process_time() + for_s
    while time.process_time() < until:
        pass


async def test_what_computes_in_the_loop_stalls_it_and_is_its_own_doing(tmp_path):
    stalls = Stalls(tmp_path / "notes")

    async def main():
        await asyncio.sleep(0.02)
        compute(0.06)
        await asyncio.sleep(0.02)
        return "done"

    assert await beside(main(), stalls) == "done"
    late, own = stalls.longest_ms
    assert late >= own >= 50


async def test_what_blocks_without_computing_stalls_it_and_costs_nothing(tmp_path):
    stalls = Stalls(tmp_path / "notes")

    async def main():
        await asyncio.sleep(0.02)
        time.sleep(0.1)  # noqa: ASYNC251 - that is what is looked for
        await asyncio.sleep(0.02)

    await beside(main(), stalls)
    late, own = stalls.longest_ms
    assert late >= 90
    assert own < late / 2


def test_another_process_reads_the_notes_and_forgets_them(tmp_path):
    module = tmp_path / "stalled.py"
    module.write_text(
        "import asyncio, time, uvloop\n"
        "async def main():\n"
        "    await asyncio.sleep(0.02); time.sleep(0.1); await asyncio.sleep(0.02)\n"
        "uvloop.run(main())\n"
    )
    notes = Stalls(tmp_path / "notes")
    command = [sys.executable, "-m", "benchmarks.probed", str(tmp_path / "notes"), "stalled"]
    subprocess.run(command, check=True, env={"PYTHONPATH": f"{tmp_path}:."})
    assert notes.longest_ms[0] >= 90
    notes.forget()
    assert notes.longest_ms == (0.0, 0.0)
