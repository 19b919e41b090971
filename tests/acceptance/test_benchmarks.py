"""We did not become slower beside others: the guard of the benchmarks, in its shortest form.

Only verification, which needs no servers and whose costs are processor time of one process; `make bench-quick` guards
the rest in a few minutes. Nothing is timed by the clock: ratios of the same run are compared with recorded ones.
"""

import random

from benchmarks import guard
from benchmarks.cases import measure
from benchmarks.verify.bench import cases

PEERS = {"pyHanko", "signxml, certvalidator"}
SETTINGS = ("XAdES-T of a hash, 1 signature", "PDF, 1 signature")


async def ratios(folder):
    chosen = [
        one
        for one in await cases(folder, quick=True)
        if one.setting in SETTINGS and (one.contender in PEERS or one.contender == "ours")
    ]
    return guard.cost_ratios(await measure(chosen, 2, random.Random(1), print))


async def test_verifying_costs_no_more_beside_others_than_it_did(tmp_path):
    found = await ratios(tmp_path)
    known = guard.read()
    assert set(found) & set(known), "nothing that is measured was recorded: see benchmarks/expected.json"
    assert guard.fallen(found, known) == []
