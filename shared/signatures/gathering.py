"""How does a verdict become surer by what the network tells? Judge, fetch what is wanted, and judge again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509

from shared.signatures.evidence import NOTHING, Evidence, Wanted
from shared.signatures.fetching import Fetcher
from shared.signatures.revocation import status_from
from shared.signatures.sources import issuer_sources, status_sources
from shared.signatures.status import Status, StatusUnknown
from shared.signatures.trust import TrustAnchors
from shared.signatures.verdict import Report

MAX_ROUNDS = 6
MAX_WANTED = 64
"""How many things are fetched for one input, whatever it asks for."""

SECONDS = 15.0
"""How long the network may take for one input, whatever it asks for."""

Judge = Callable[[TrustAnchors], Awaitable[Report]]


async def judged_online(judge: Judge, anchors: TrustAnchors, fetcher: Fetcher, *, seconds: float = SECONDS) -> Report:
    """The verdict of `judge` with everything at hand that the network gives within `seconds`.

    Judging itself never uses the network, so it may run where there is none. Each thing is asked for once.
    """
    deadline = _now() + seconds
    asked: set[Wanted] = set()
    report = await judge(anchors)
    for _ in range(MAX_ROUNDS):
        statuses_first = sorted(report.wanted - asked, key=lambda one: one.issuer is None)
        wanted = statuses_first[: MAX_WANTED - len(asked)]
        asked.update(wanted)
        found = await gather(wanted, fetcher, seconds=deadline - _now())
        if found == NOTHING:
            break
        anchors = anchors.knowing(found)
        report = await judge(anchors)
    return report


async def gather(wanted: Iterable[Wanted], fetcher: Fetcher, *, seconds: float = SECONDS) -> Evidence:
    """Fetch what is wanted, all at once; what cannot be had within `seconds` is left out."""
    together, deadline = NOTHING, _now() + seconds
    for found in await asyncio.gather(*(_fetched(one, fetcher, deadline) for one in wanted)):
        together |= found
    return together


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _fetched(wanted: Wanted, fetcher: Fetcher, deadline: float) -> Evidence:
    """Ask one place after the other until one of them knows; what was told by the deadline is kept."""
    certificate = asn1_x509.Certificate.load(wanted.certificate)
    issuer = None if wanted.issuer is None else asn1_x509.Certificate.load(wanted.issuer)
    found = NOTHING
    for source in issuer_sources(certificate) if issuer is None else status_sources(certificate, issuer):
        try:
            async with asyncio.timeout_at(deadline):
                found |= await fetcher.fetch(source)
        except StatusUnknown:
            continue
        except TimeoutError:
            break
        if issuer is None or status_from(found, certificate, issuer, datetime.now(UTC)).status is not Status.UNKNOWN:
            break
    return found
