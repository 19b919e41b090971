"""Plays `docker compose up` with testcontainers: the shipped compose file, started where no Compose is installed.

What of the format the file uses is understood: images and builds by name, variables with defaults, commands, volumes,
dependencies with their conditions, health checks, users, capabilities. Ports are published as free ones of 127.0.0.1.
"""

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]
import yaml
from docker.types import EndpointConfig, Healthcheck  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer

from msign_gateway.infrastructure.ports import free_ports

FILE = Path(__file__).parent.parent.parent / "deploy" / "compose" / "compose.yaml"
LOOPBACK = "127.0.0.1"
URLS = {"PUBLIC_URL": 8000, "MSIGN_FRONTEND_URL": 8001, "E_SERVICE_URL": 8003}
"""The addresses that the file takes from variables, and the ports that it publishes them at."""
API_VERSION = "1.41"
PATIENCE_S = 180
LOOK_EVERY_S = 0.3
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
_UNITS = {"s": 10**9, "m": 60 * 10**9}


class Failed(Exception):
    """A service did not come up; says what it printed."""


def read(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the file's services with its variables filled in."""
    text = _VARIABLE.sub(lambda found: variables.get(found[1], found[2]), FILE.read_text(encoding="utf-8"))
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return services


class Composition:
    """What runs of the file, by service."""

    def __init__(self, services: Mapping[str, Any], network: str, ports: Mapping[int, int]) -> None:
        self._services = services
        self._network = network
        self.ports = ports
        self.containers: dict[str, list[Any]] = {}

    def up(self, stack: ExitStack) -> None:
        """Start every service once what it depends on is as it needs it."""
        for name in in_order(self._services):
            for needed, how in self._services[name].get("depends_on", {}).items():
                self._await(needed, how["condition"])
            for _ in range(self._services[name].get("deploy", {}).get("replicas", 1)):
                container = self._container(name)
                stack.callback(container.stop)
                container.start()
                self.containers.setdefault(name, []).append(container.get_wrapped_container())

    def read(self, service: str, path: str) -> bytes:
        """Return a file of a service's (first) container."""
        found: bytes = self.containers[service][0].exec_run(["cat", path]).output
        return found

    def _container(self, name: str) -> DockerContainer:
        service = self._services[name]
        container = DockerContainer(service["image"]).with_kwargs(**options(service), **self._place(name))
        container.tmpfs = dict(one.partition(":")[::2] for one in service.get("tmpfs", ()))
        if "command" in service:
            container = container.with_command(service["command"])
        for variable, value in service.get("environment", {}).items():
            container = container.with_env(variable, value)
        for outside, inside in published(service):
            container.ports[f"{inside}/tcp"] = (LOOPBACK, self.ports[outside])  # type: ignore[assignment]
        for volume in service.get("volumes", ()):
            source, target, *mode = volume.split(":")
            here = str((FILE.parent / source).resolve()) if source.startswith(".") else f"{self._network}-{source}"
            container = container.with_volume_mapping(here, target, mode[0] if mode else "rw")
        return container

    def _place(self, name: str) -> dict[str, Any]:
        """Where a container is in the network: under the name of its service."""
        if "network_mode" in self._services[name]:
            return {"network_mode": self._services[name]["network_mode"]}
        return {
            "network": self._network,
            "networking_config": {self._network: EndpointConfig(API_VERSION, aliases=[name])},
        }

    def _await(self, name: str, condition: str) -> None:
        until = time.monotonic() + PATIENCE_S
        for container in self.containers[name]:
            while not _fulfils(container, condition):
                if time.monotonic() > until or _has_failed(container):
                    raise Failed(f"{name}: {container.logs(tail=40).decode(errors='replace')}")
                time.sleep(LOOK_EVERY_S)


def published(service: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the ports that a service publishes: as the file says, and inside."""
    return [(int(outside), int(inside)) for _, outside, inside in (one.split(":") for one in service.get("ports", ()))]


def in_order(services: Mapping[str, Any]) -> list[str]:
    """Return the names of the services, each after those that it depends on; those of a profile are left out."""
    wanted = {name: service for name, service in services.items() if "profiles" not in service}
    found: list[str] = []
    while len(found) < len(wanted):
        found += [
            name
            for name, service in wanted.items()
            if name not in found and all(needed in found for needed in service.get("depends_on", {}))
        ]
    return found


def options(service: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a service the Docker client takes as it is."""
    same = ("user", "read_only", "cap_drop", "cap_add", "security_opt", "init", "hostname", "entrypoint", "shm_size")
    found = {name: service[name] for name in same if name in service}
    if test := service.get("healthcheck", {}).get("test"):
        timing = {name: _nanoseconds(service["healthcheck"].get(name, "5s")) for name in ("timeout", "start_period")}
        found["healthcheck"] = Healthcheck(test=test, interval=3 * 10**9, retries=3, **timing)
    return found


def _nanoseconds(text: str) -> int:
    return int(text[:-1]) * _UNITS[text[-1]]


def _fulfils(container: Any, condition: str) -> bool:
    container.reload()
    state = container.attrs["State"]
    return {
        "service_started": state["Running"],
        "service_healthy": state.get("Health", {}).get("Status") == "healthy",
        "service_completed_successfully": state["Status"] == "exited" and state["ExitCode"] == 0,
    }[condition]


def _has_failed(container: Any) -> bool:
    state = container.attrs["State"]
    return bool(state["Status"] == "exited" and state["ExitCode"] != 0)


@contextmanager
def composed(variables: Mapping[str, str], leave_out: frozenset[str]) -> Iterator[Composition]:
    """Yield everything of the file but `leave_out`, running; nothing of it is left afterwards."""
    known = [outside for service in read({}).values() for outside, _ in published(service)]
    ports = dict(zip(known, free_ports(len(known)), strict=True))
    urls = {name: f"http://{LOOPBACK}:{ports[port]}" for name, port in URLS.items()}
    services = {name: one for name, one in read({**variables, **urls}).items() if name not in leave_out}
    client = docker.from_env()
    network = client.networks.create(f"msign-{secrets.token_hex(4)}")
    try:
        with ExitStack() as stack:
            running = Composition(services, network.name, ports)
            running.up(stack)
            yield running
    finally:
        for volume in client.volumes.list():
            if volume.name.startswith(f"{network.name}-"):
                volume.remove()
        network.remove()
        client.close()
