"""Which areas does the doctor look at, and what does the whole come to?"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from msign_gateway.doctor import broker, database, files, management, msign, web
from msign_gateway.doctor.findings import Finding, Outcome, failed, worst

LONGEST_S = 40


class Area(StrEnum):
    """What can be looked at by itself."""

    BROKER = "broker"
    MANAGEMENT = "management"
    DATABASE = "database"
    MSIGN = "msign"
    WEB = "web"
    FILES = "files"


_EXAMINE: dict[Area, Callable[[], Awaitable[list[Finding]]]] = {
    Area.BROKER: broker.examine,
    Area.MANAGEMENT: management.examine,
    Area.DATABASE: database.examine,
    Area.MSIGN: msign.examine,
    Area.WEB: web.examine,
    Area.FILES: files.examine,
}


@dataclass(frozen=True, slots=True)
class Examined:
    """One area with what was found."""

    area: Area
    findings: Sequence[Finding]

    @property
    def outcome(self) -> Outcome:
        """The worst of the findings."""
        return worst(self.findings)


async def examine(areas: Sequence[Area]) -> list[Examined]:
    """Look at some areas at the same time; one that hangs or breaks says so and keeps none of the others back."""
    return await asyncio.gather(*(_one(area) for area in areas))


async def _one(area: Area) -> Examined:
    try:
        async with asyncio.timeout(LONGEST_S):
            return Examined(area, await _EXAMINE[area]())
    except TimeoutError:
        advice = "something in between neither answers nor refuses: a firewall, a stuck server"
        return Examined(area, [failed("time", f"not done after {LONGEST_S} s", advice)])
    except Exception as error:  # what it says may hold a secret, and the other areas are worth knowing
        advice = "this is a fault of the doctor's own; the area was not looked at to its end"
        return Examined(area, [failed("doctor", f"stumbled: {type(error).__name__}", advice)])
