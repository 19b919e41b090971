"""What a cluster would do with the manifests, as far as one machine can: each container as a process.

Files of volumes lie under a directory of the pod, ports are free ones, and names of Services become addresses of this
machine. Everything else (commands, arguments, variables, order, roles and passwords) is as the manifests say.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from msign_gateway.infrastructure.ports import free_ports
from msign_gateway.infrastructure.processes import Child, run, start
from tests.deploy.conftest import Secrets
from tests.deploy.manifests import Overlay, Pod, Resource
from tests.readiness import until_ready

ENTRY_POINT = str(Path(sys.executable).parent / "msign-gateway")
INHERITED = ("PATH", "HOME", "LANG", "PYTHONPATH")
IN_A_VOLUME = re.compile(r"(?<![\w.])/(run/secrets|var/lib/msign)")


@dataclass
class Machine:
    """This machine in place of a cluster; `hosts` are the addresses behind `name.namespace.svc:port`."""

    overlay: Overlay
    secrets: Secrets
    directory: Path
    hosts: dict[str, str]
    ports: dict[tuple[str, str], int] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        pods = [pod for pod in self.overlay.pods if pod.name not in {"rabbitmq", "postgres"}]
        named = [(pod.name, name) for pod in pods for name in pod.ports]
        self.ports = dict(zip(named, free_ports(len(named)), strict=True))
        self.hosts = self.hosts | {"msign.msign-gateway.svc:8443": f"localhost:{self.ports['msign', 'api']}"}
        for pod in pods:
            self._mount(pod)

    async def run_job(self, name: str) -> None:
        """Run a Job's container to its end."""
        await self._run(self.overlay.pod(name), self.overlay.pod(name).spec["containers"][0])

    async def start(self, name: str) -> None:
        """Run a pod's first containers one after the other, start its service, and wait until it is ready."""
        pod = self.overlay.pod(name)
        for container in pod.spec.get("initContainers", []):
            await self._run(pod, container)
        (container,) = pod.spec["containers"]
        child = start(
            name,
            self._command(pod, container),
            log=self.directory / f"{name}.log",
            environment=self._environment(pod, container),
        )
        self.children.append(child)
        await self._until_ready(pod, container, child)

    def url(self, pod: str, port: str) -> str:
        """Return where a port of a pod is."""
        return f"http://127.0.0.1:{self.ports[pod, port]}"

    async def _run(self, pod: Pod, container: Resource) -> None:
        what = f"{pod.name}/{container['name']}"
        await run(what, self._command(pod, container), environment=self._environment(pod, container))

    async def _until_ready(self, pod: Pod, container: Resource, child: Child) -> None:
        probe = container["readinessProbe"]["httpGet"]
        url = self.url(pod.name, probe["port"]) + probe["path"]
        await until_ready(child, url)

    def _command(self, pod: Pod, container: Resource) -> list[str]:
        given = [*container.get("command", [ENTRY_POINT]), *container.get("args", [])]
        return [sys.executable if part == "python" else self._here(pod, part) for part in given]

    def _environment(self, pod: Pod, container: Resource) -> dict[str, str]:
        told = {name: self._here(pod, value) for name, value in self.overlay.environment(container).items()}
        told |= {
            f"{name.upper()}_PORT": str(port)
            for (owner, name), port in self.ports.items()
            if owner == pod.name and f"{name.upper()}_PORT" in told
        }
        return {name: os.environ[name] for name in INHERITED if name in os.environ} | told

    def _here(self, pod: Pod, text: str) -> str:
        for service, address in self.hosts.items():
            text = text.replace(service, address)
        return IN_A_VOLUME.sub(rf"{self.directory}/{pod.name}/\1", text)

    def _mount(self, pod: Pod) -> None:
        for container in pod.containers:
            for mount in container.get("volumeMounts", []):
                place = self.directory / pod.name / mount["mountPath"].lstrip("/")
                place.mkdir(parents=True, exist_ok=True)
                volume = pod.volume(mount["name"])
                if "secret" in volume:
                    for key, value in self.secrets[volume["secret"]["secretName"]].items():
                        (place / key).write_bytes(self._readdressed(pod, key, value))

    def _readdressed(self, pod: Pod, key: str, value: bytes) -> bytes:
        return self._here(pod, value.decode()).encode() if key == "url" else value
