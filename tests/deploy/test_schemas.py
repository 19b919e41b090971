"""Is every resource of a form that the cluster takes? Two kinds are unchecked: no package carries their schemas."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from tests.deploy.manifests import Overlay, Resource

CRDS = Path(__file__).parent / "crds"
UNCHECKED = {"Cluster", "RabbitmqCluster"}
OLDEST, NEWEST = "1.30", "1.37"


def is_custom(resource: Resource) -> bool:
    """Tell whether a resource's kind is an operator's; the cluster's own groups have no dot, or end in `k8s.io`."""
    group = resource["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith("k8s.io")


def judged(resources: list[Resource]) -> dict[tuple[str, str], list[str] | None]:
    """Return what the schemas of the npm packages say of custom resources; None where there is no schema."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("the schemas of custom resources are npm packages, and node or npm is not on this machine")
    if not (CRDS / "node_modules").is_dir():
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=CRDS, check=True, capture_output=True)
    command = ["node", "check.js"]
    done = subprocess.run(command, cwd=CRDS, input=json.dumps(resources), check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {(line["kind"], line["name"]): line["problems"] for line in lines}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_resource_of_kubernetes_fits_its_schema_to_the_letter(overlay: Overlay, version: str):
    core = [resource for resource in overlay.resources if not is_custom(resource)]
    assert len(core) > 20
    for resource in core:
        kubernetes_validate.validate(resource, version, strict=True)


def test_every_secret_that_is_made_on_a_desk_fits_its_schema(made_secrets: list[Resource]):
    for resource in made_secrets:
        kubernetes_validate.validate(resource, NEWEST, strict=True)


def test_nothing_on_a_desk_needs_an_operator(development: Overlay):
    assert [resource["kind"] for resource in development.resources if is_custom(resource)] == []


def test_every_custom_resource_fits_its_schema_without_an_unknown_field(production: Overlay):
    verdicts = judged([resource for resource in production.resources if is_custom(resource)])
    assert {kind for (kind, _), problems in verdicts.items() if problems is None} == UNCHECKED
    assert {one: problems for one, problems in verdicts.items() if problems} == {}


def test_a_field_that_no_schema_has_is_found():
    trigger = {"type": "cpu", "metadata": {"value": "80"}}
    spec = {"scaleTargetRef": {"name": "verifier"}, "maxReplicas": 4, "triggers": [trigger]}
    wrong = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "x"}, "spec": spec}
    assert judged([wrong]) == {("ScaledObject", "x"): ["/spec/maxReplicas is no field of the schema"]}
