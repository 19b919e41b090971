"""Which cases make up `bench verify`? Everything is counted per second of processor time, which is one core's."""

import resource
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.cases import Case, Measures, Role
from benchmarks.verify import contenders, cores
from benchmarks.verify.contenders import Verify
from benchmarks.verify.materials import Materials, Signed, make

MAIN = "signatures_per_cpu_s"
COUNTS = (1, 5, 20)
FULL_S = 0.8
QUICK_S = 0.3
EVERYTHING = "integrity, coverage, timestamp, trust"


async def cases(folder: Path, *, quick: bool) -> list[Case]:
    """Return the cases; a program that is not installed has none.

    We remember certificates. So our signers are new to us each time, but for settings that say otherwise.
    """
    made = await make(folder, COUNTS)
    for_s = QUICK_S if quick else FULL_S
    found: list[Case] = []
    for kind, documents in (("XAdES-T of a hash", made.xades), ("PDF", made.pdfs)):
        for signed in documents:
            setting = f"{kind}, {signed.count} signature{'s' * (signed.count > 1)}"
            found += [_case(setting, one, signed.count, for_s) for one in _contenders(made, signed)]
        alone = documents[0]
        again = [
            Contender("ours", Role.OURS, EVERYTHING, contenders.ours(made, alone)),
            _peer(made, alone),
        ]
        found += [_case(f"{kind}, 1 signature, signer known", one, 1, for_s) for one in again]
        found += cores.cases(made, alone, kind, for_s)
    return found


def _nothing() -> None:
    """What most contenders need before they verify again."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Who verifies, what is checked, how one document is verified, and what is done before, uncounted."""

    name: str
    role: Role
    checks: str
    verify: Verify
    before: Callable[[], None] = _nothing


def _contenders(made: Materials, signed: Signed) -> Iterator[Contender]:
    yield Contender(
        "ours", Role.OURS, EVERYTHING, contenders.ours(made, signed), partial(contenders.forget_signers, made)
    )
    yield Contender("RSA and digest alone", Role.FLOOR, "nothing", contenders.floor(made, signed))
    yield _peer(made, signed)
    if signed.digest and signed.count == 1 and shutil.which("xmlsec1"):
        yield Contender("xmlsec1", Role.PEER, "integrity, trust", contenders.xmlsec1(made, signed))
    if not signed.digest and shutil.which("pdfsig"):
        yield Contender("pdfsig", Role.PEER, "integrity", contenders.pdfsig(signed))


def _peer(made: Materials, signed: Signed) -> Contender:
    """The one that checks all that we check."""
    if signed.digest:
        return Contender("signxml, certvalidator", Role.PEER, EVERYTHING, contenders.signxml(made, signed))
    return Contender("pyHanko", Role.PEER, EVERYTHING, contenders.pyhanko(made, signed))


def _case(setting: str, one: Contender, count: int, for_s: float) -> Case:
    async def run() -> Measures:
        return await measured(one.verify, count, for_s, one.before)

    return Case("verifying", setting, one.name, one.role, MAIN, run, {"checks": one.checks})


async def measured(verify: Verify, count: int, for_s: float, before: Callable[[], None] = _nothing) -> Measures:
    """Verify again and again, each time after `before`, which is not counted.

    Returns signatures per second of processor time, that of ended children included.
    """
    before()
    await verify()
    until, times, cpu_s = time.monotonic() + for_s, 0, 0.0
    while time.monotonic() < until or not times:
        before()
        begun_s = _cpu_s()
        await verify()
        cpu_s += _cpu_s() - begun_s
        times += 1
    cpu_s = max(cpu_s, 1e-6)
    return {MAIN: times * count / cpu_s, "cpu_ms_per_signature": cpu_s * 1000 / (times * count)}


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
