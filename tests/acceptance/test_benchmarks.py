"""We did not become slower beside others: the guard of the benchmarks, in its shortest form.

Nothing is timed by the clock: what a job, a document or a signature costs in processor time, ours beside another's in
the same run, is compared with what was recorded. What fell is measured twice more, and the cheapest runs count.
"""

import random
from collections.abc import Sequence

import pytest

from benchmarks import guard
from benchmarks.cases import Case, Role
from benchmarks.documents.bench import open_documents
from benchmarks.place import Place
from benchmarks.signing.bench import open_signing
from benchmarks.verify import bench as verify
from benchmarks.verify import contenders

CHECKED = "aio-pika, zeep, asyncpg, aiohttp, pyHanko"
BESIDE = {
    "signing; MSign answers after 20 ms": "operations alone, prefetch 100",
    "returning; MSign answers after 20 ms": "operations alone",
    "documents; 10 MB by reference": CHECKED,
    "verifying; XAdES-T of a hash, 1 signature": "signxml, certvalidator",
    "verifying; PDF, 1 signature": "pyHanko",
}
"""Beside whom we are measured here, by bench and setting."""


BUSY = 1 / 2
"""What must be left of a ratio of whole services here: they run beside other tests, and the session's database does not
wait for the disk, so that less comes together in a commit."""


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path, print)


async def fallen(cases: Sequence[Case], place: Place, rounds: int, kept: float) -> list[str]:
    """Measure what is compared here, and return what fell in words; all of it must be known."""
    chosen = [
        one
        for one in cases
        if (beside := BESIDE.get(f"{one.bench}; {one.setting}")) and (one.role is Role.OURS or one.contender == beside)
    ]
    expected = guard.read()
    rows = await guard.measure_in_doubt(chosen, rounds, random.Random(1), place.report, expected, kept)
    found = guard.cost_ratios(rows)
    for name, value in found.items():
        place.report(f"{name}: {value:.2f}, {expected.get(name, 0):.2f} expected")
    assert found
    assert set(found) <= set(expected), "what is measured was not recorded: see benchmarks/expected.json"
    return [str(fall) for fall in guard.fallen(found, expected, kept)]


async def test_verifying_costs_no_more_beside_others_than_it_did(place):
    assert await fallen(await verify.cases(place.folder, quick=True), place, 2, guard.KEPT) == []


async def test_a_verifier_that_became_slower_is_told_of(place, monkeypatch):
    ours = contenders.ours

    def slower(made, signed):
        verify_once = ours(made, signed)

        async def verify_again_and_again():
            for _ in range(4):
                await verify_once()

        return verify_again_and_again

    monkeypatch.setattr(contenders, "ours", slower)
    told = await fallen(await verify.cases(place.folder, quick=True), place, 1, guard.KEPT)
    assert [line.partition(": ")[0] for line in told] == [
        "verifying; PDF, 1 signature; pyHanko",
        "verifying; XAdES-T of a hash, 1 signature; signxml, certvalidator",
    ]


async def test_signing_and_returning_cost_no_more_beside_others_than_they_did(infrastructure, place):
    async with open_signing(place, infrastructure, quick=True) as signing:
        assert await fallen(signing.first(), place, 1, BUSY) == []


async def test_documents_cost_no_more_beside_others_than_they_did(infrastructure, place):
    async with open_documents(place, infrastructure, quick=True) as cases:
        assert await fallen(cases, place, 1, BUSY) == []
