"""Where do the images come from? From settings, else they are built here, once, from a Debian base image."""

import functools
import os
import subprocess
import tempfile
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]
import docker.errors  # type: ignore[import-untyped]

from tests.containers import machine

ROOT = Path(__file__).parent.parent.parent
STAND_INS = Path(__file__).parent / "stand-ins"
BASE = "msign-test-debian:latest"
SETTINGS = {"rabbitmq": "MSIGN_RABBITMQ_IMAGE", "postgres": "MSIGN_POSTGRES_IMAGE", "gateway": "MSIGN_GATEWAY_IMAGE"}
TRIES = 2
"""Registries hiccup."""

_making_the_base = threading.Lock()


class NoImage(Exception):
    """An image is not there and cannot be made; says why."""


@functools.cache
def image(what: str) -> str:
    """Return the name of the image of `what`, which is there afterwards. Raises `NoImage`."""
    if named := os.environ.get(SETTINGS.get(what, "")):
        return named
    if what == "gateway":
        return _built(what, path=str(ROOT), dockerfile="deploy/docker/Dockerfile")
    return _built(what, path=str(STAND_INS / what))


def base() -> str:
    """Return the name of a Debian base image, which is there afterwards. Raises `NoImage`."""
    if named := os.environ.get("BASE_IMAGE"):
        return named
    client = docker.from_env(timeout=600)
    with _making_the_base, closing(client), tempfile.TemporaryDirectory() as directory:
        if not client.images.list(BASE):
            archive = _root_file_system(Path(directory))
            client.api.import_image_from_file(str(archive), repository=BASE)
    return BASE


def _root_file_system(directory: Path) -> Path:
    """Write an archive of this machine's packages, or, where it is no Debian, of a fresh Debian."""
    if machine.can_be_copied():
        return machine.archive(directory)
    archive = directory / "base.tar"
    with archive.open("wb") as output:
        made = subprocess.run([ROOT / "setup/container-base.sh"], check=False, stdout=output, stderr=subprocess.PIPE)
    if made.returncode != 0:
        raise NoImage(f"no Debian base: {made.stderr[-2000:].decode(errors='replace')}")
    return archive


def _built(what: str, **where: Any) -> str:
    client = docker.from_env(timeout=600)
    tag, failures = f"msign-test-{what}", []
    with closing(client):
        for _ in range(TRIES):
            try:
                client.images.build(tag=tag, network_mode="host", buildargs={"BASE_IMAGE": base()}, rm=True, **where)
            except docker.errors.BuildError as error:
                failures.append("".join(str(line.get("stream", "")) for line in error.build_log)[-2000:])
            else:
                return tag
    raise NoImage(f"{what} cannot be built: {failures[-1]}")
