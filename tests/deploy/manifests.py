"""What do the overlays of `deploy/k8s` come to, as `kubectl kustomize` builds them?"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
K8S = ROOT / "deploy" / "k8s"
NAMESPACE = "msign-gateway"
OLDEST_KUSTOMIZE = (5, 0)  # comes with kubectl 1.27

Resource = dict[str, Any]


def build(folder: Path) -> list[Resource]:
    """Return the resources of an overlay; skips where there is no kubectl that can build them."""
    kubectl = shutil.which("kubectl")
    if kubectl is None or kustomize_version(kubectl) < OLDEST_KUSTOMIZE:
        pytest.skip("building the manifests needs kubectl 1.27 or later, which is not on this machine")
    built = subprocess.run([kubectl, "kustomize", str(folder)], check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert not built.stderr, built.stderr
    return [resource for resource in yaml.safe_load_all(built.stdout) if resource]


def kustomize_version(kubectl: str) -> tuple[int, ...]:
    """Return the version of the kustomize in a kubectl; those before 1.24 do not tell theirs."""
    told = subprocess.run([kubectl, "version", "--client", "-o", "json"], check=True, capture_output=True, text=True)
    version = json.loads(told.stdout).get("kustomizeVersion", "v0.0")
    return tuple(int(part) for part in version.lstrip("v").split(".")[:2])


@dataclass(frozen=True)
class Pod:
    """The pods of one workload: what the manifests say of them, or what is known of an operator's."""

    name: str
    labels: dict[str, str]
    spec: Resource = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def containers(self) -> list[Resource]:
        """All containers, those that run before the others first."""
        return [*self.spec.get("initContainers", []), *self.spec.get("containers", [])]

    def volume(self, name: str) -> Resource:
        """Return a volume by its name."""
        return next(volume for volume in self.spec["volumes"] if volume["name"] == name)


@dataclass(frozen=True)
class Overlay:
    """One overlay's resources; `made` are pods that operators make of custom resources."""

    name: str
    resources: list[Resource]
    made: tuple[Pod, ...] = ()

    def __str__(self) -> str:
        return self.name

    def all(self, kind: str) -> list[Resource]:
        """Return every resource of a kind."""
        return [resource for resource in self.resources if resource["kind"] == kind]

    def one(self, kind: str, name: str) -> Resource:
        """Return a resource by its kind and name; kustomize may have put a hash behind that."""
        hashed = re.compile(rf"{re.escape(name)}(-[a-z0-9]{{10}})?")
        (found,) = (one for one in self.all(kind) if hashed.fullmatch(one["metadata"]["name"]))
        return found

    def names(self, kind: str) -> set[str]:
        """Return the names of all resources of a kind."""
        return {resource["metadata"]["name"] for resource in self.all(kind)}

    @property
    def workloads(self) -> list[Resource]:
        """Everything that the manifests run themselves."""
        return [resource for resource in self.resources if resource["kind"] in {"Deployment", "StatefulSet", "Job"}]

    @property
    def pods(self) -> list[Pod]:
        """The pods that the manifests run themselves."""
        return [pod_of(workload) for workload in self.workloads]

    def pod(self, name: str) -> Pod:
        """Return the pods of a workload by its name."""
        return next(pod for pod in [*self.pods, *self.made] if pod.name == name)

    def environment(self, container: Resource) -> dict[str, str]:
        """Return the environment variables of a container."""
        found: dict[str, str] = {}
        for source in container.get("envFrom", []):
            found |= self.one("ConfigMap", source["configMapRef"]["name"]).get("data", {})
        return found | {variable["name"]: variable["value"] for variable in container.get("env", [])}


def pod_of(workload: Resource) -> Pod:
    """Return the pods of a workload."""
    template = workload["spec"]["template"]
    ports = {
        port["name"]: port["containerPort"] for one in template["spec"]["containers"] for port in one.get("ports", [])
    }
    return Pod(workload["metadata"]["name"], template["metadata"]["labels"], template["spec"], ports)


def secret_sources(pod: Pod) -> Iterator[tuple[str, str, str | None]]:
    """Yield each Secret that a pod mounts: the volume's name, the Secret's, and the key if it takes only one."""
    for volume in pod.spec.get("volumes", []):
        sources = [volume["secret"]] if "secret" in volume else []
        sources += [source["secret"] for source in volume.get("projected", {}).get("sources", []) if "secret" in source]
        for source in sources:
            name = source.get("secretName") or source["name"]
            for item in source.get("items", [{"key": None}]):
                yield volume["name"], name, item["key"]


def decoded(secret: Resource) -> dict[str, bytes]:
    """Return a Secret's data."""
    return {key: base64.b64decode(value) for key, value in secret["data"].items()}
