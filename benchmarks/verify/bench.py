"""Which cases make up `bench verify`? Everything is counted per second of processor time, which is one core's."""

import os
import shutil
import time
from pathlib import Path

from benchmarks.cases import Case, Measures, Role
from benchmarks.verify import contenders
from benchmarks.verify.contenders import Verify
from benchmarks.verify.materials import Materials, Signed, make

MAIN = "signatures_per_cpu_s"
COUNTS = (1, 5, 20)
FULL_S = 0.8
QUICK_S = 0.3
EVERYTHING = "integrity, coverage, timestamp, trust"


async def cases(folder: Path, *, quick: bool) -> list[Case]:
    """Return the cases; a program that is not installed has none."""
    made = await make(folder, COUNTS)
    for_s = QUICK_S if quick else FULL_S
    found = _cases("XAdES-T of a hash", made, made.xades, for_s)
    for pdf in made.pdfs:
        found += _cases(f"PDF with {pdf.count} signature{'s' * (pdf.count > 1)}", made, pdf, for_s)
    return found


def _cases(setting: str, made: Materials, signed: Signed, for_s: float) -> list[Case]:
    all_of_them: list[tuple[str, Role, str, Verify]] = [
        ("ours", Role.OURS, EVERYTHING, contenders.ours(made, signed)),
        ("RSA and digest alone", Role.FLOOR, "nothing", contenders.floor(made, signed)),
    ]
    if signed.digest:
        if shutil.which("xmlsec1"):
            all_of_them.append(("xmlsec1", Role.PEER, "integrity, trust", contenders.xmlsec1(made, signed)))
    else:
        all_of_them.append(("pyHanko", Role.PEER, EVERYTHING, contenders.pyhanko(made, signed)))
        if shutil.which("pdfsig"):
            all_of_them.append(("pdfsig", Role.PEER, "integrity", contenders.pdfsig(signed)))
    return [_case(setting, *one, signed.count, for_s) for one in all_of_them]


def _case(setting: str, name: str, role: Role, checks: str, verify: Verify, count: int, for_s: float) -> Case:
    async def run() -> Measures:
        return await measured(verify, count, for_s)

    return Case("verifying", setting, name, role, MAIN, run, {"checks": checks})


async def measured(verify: Verify, count: int, for_s: float) -> Measures:
    """Verify again and again; returns signatures per second of processor time, that of ended children included."""
    await verify()
    until, times, before_s = time.monotonic() + for_s, 0, _cpu_s()
    while time.monotonic() < until or not times:
        await verify()
        times += 1
    cpu_s = max(_cpu_s() - before_s, 1e-3)
    return {MAIN: times * count / cpu_s, "cpu_ms_per_signature": cpu_s * 1000 / (times * count)}


def _cpu_s() -> float:
    return sum(os.times()[:4])
