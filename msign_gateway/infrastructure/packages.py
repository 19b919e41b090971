"""How do the distribution's packages get onto a machine, without leaving its services running?"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msign_gateway.infrastructure.processes import run

_POLICY = Path("/usr/sbin/policy-rc.d")
_NO_STARTS = (
    "#!/bin/sh\n# Written by msign-gateway while it installs packages: nothing is to start by itself.\nexit 101\n"
)


def can_install() -> bool:
    """Tell whether packages can be installed: root, on a system with apt-get."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


async def install(*packages: str, services: Sequence[str] = ()) -> None:
    """Install packages; their `services` are neither started now nor at the next boot, unless they were before.

    Raises `InfrastructureError` with apt-get's words.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    options = ["-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"]
    await run("apt-get update", ["apt-get", "update", *options], environment=environment)
    with _no_service_starts():
        command = ["apt-get", "install", "-y", "--no-install-recommends", *options, *packages]
        # Half-configured packages would have to be repaired by hand.
        await run(f"installing {', '.join(packages)}", command, environment=environment, interruptible=False)
    if Path("/run/systemd/system").is_dir():
        await run("systemctl disable", ["systemctl", "disable", "--now", *services], environment=environment)


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Forbid starts by maintainer scripts (invoke-rc.d's policy layer) while the block runs."""
    if _POLICY.exists():
        yield
        return
    handle, name = tempfile.mkstemp(dir=_POLICY.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_NO_STARTS)
    Path(name).chmod(0o755)
    Path(name).rename(_POLICY)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)
