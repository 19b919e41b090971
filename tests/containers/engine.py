"""How does one get a container engine on this machine?"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msign_gateway.infrastructure import packages
from msign_gateway.infrastructure.containers import docker_answers
from msign_gateway.infrastructure.errors import InfrastructureError

PACKAGE = "docker.io"
SERVICES = ("docker.service", "docker.socket", "containerd.service")
START_S = 90
LOOK_EVERY_S = 0.3


class NoEngine(Exception):
    """There is none, and none can be started; says why."""


@contextmanager
def running_engine() -> Iterator[None]:
    """Make sure that an engine answers until the block ends; raises `NoEngine`."""
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    if docker_answers():
        yield
        return
    if os.geteuid() != 0:
        raise NoEngine("none answers, and only root can start one")
    daemon = _daemon()
    with (
        tempfile.TemporaryDirectory(prefix="msign-engine-", ignore_cleanup_errors=True) as place,
        _started(daemon, Path(place)),
    ):
        yield


def _daemon() -> str:
    if shutil.which("dockerd") is None and packages.can_install():
        try:
            asyncio.run(packages.install(PACKAGE, services=SERVICES))
        except InfrastructureError as error:
            raise NoEngine(f"{PACKAGE} cannot be installed: {error}") from error
    daemon = shutil.which("dockerd")
    if daemon is None:
        raise NoEngine(f"none answers, and dockerd is not installed (Debian's package {PACKAGE})")
    return daemon


@contextmanager
def _started(daemon: str, place: Path) -> Iterator[None]:
    socket, log = f"unix://{place}/socket", place / "log"
    own = ["--data-root", f"{place}/data", "--exec-root", f"{place}/exec", "--pidfile", f"{place}/pid"]
    with log.open("wb") as output, environment_with(DOCKER_HOST=socket):
        process = subprocess.Popen([daemon, "--host", socket, *own], stdout=output, stderr=output)
        try:
            _until_answering(process, log)
            yield
        finally:
            process.terminate()
            process.wait()
            _unmount(place)


@contextmanager
def environment_with(**variables: str) -> Iterator[None]:
    """Set environment variables for the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _until_answering(process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while not docker_answers():
        if process.poll() is not None or time.monotonic() > until:
            raise NoEngine(f"dockerd does not start: {log.read_text(errors='replace')[-500:]}")
        time.sleep(LOOK_EVERY_S)


def _unmount(place: Path) -> None:
    """Undo what a daemon leaves mounted, so that its directory can be removed."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((one for one in mounts if one.startswith(f"{place}/")), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False)
