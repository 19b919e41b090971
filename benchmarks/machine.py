"""On what was it measured? A number without its machine and versions says nothing."""

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

LIBRARIES = ("aio-pika", "asyncpg", "zeep", "aiohttp", "uvloop", "lxml", "cryptography", "pyhanko")
PEERS = ("faststream", "httpx", "signxml", "pyhanko-certvalidator")


def machine() -> dict[str, str]:
    """Return the machine, the interpreter and the libraries, as words; what is not installed is left out."""
    one_minute, _, _ = os.getloadavg()
    described = {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "load before": f"{one_minute:.1f}",
        "python": sys.version.split()[0],
    }
    return described | versions((*LIBRARIES, *PEERS))


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of those distributions that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
