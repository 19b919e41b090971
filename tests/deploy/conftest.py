"""Which manifests do the tests look at? Each overlay, built once."""

from __future__ import annotations

import runpy
from typing import Any

import pytest

from tests.deploy.external_secrets import rendered
from tests.deploy.manifests import K8S, Overlay, Pod, Resource, build, decoded

# What the operators make of RabbitmqCluster and Cluster, by their documentation.
BROKER = Pod(
    "rabbitmq",
    {"app.kubernetes.io/name": "rabbitmq"},
    ports={"amqps": 5671, "amqp": 5672, "prometheus-tls": 15691, "epmd": 4369, "nodes": 25672},
)
DATABASE = Pod("postgres", {"cnpg.io/cluster": "postgres"}, ports={"postgres": 5432, "status": 8000, "metrics": 9187})

Secrets = dict[str, dict[str, bytes]]


@pytest.fixture(scope="session")
def development() -> Overlay:
    return Overlay("development", build(K8S / "overlays" / "development"))


@pytest.fixture(scope="session")
def production() -> Overlay:
    return Overlay("production", build(K8S / "overlays" / "production"), (BROKER, DATABASE))


@pytest.fixture(params=["development", "production"])
def overlay(request: pytest.FixtureRequest) -> Overlay:
    found: Overlay = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def made_secrets() -> list[Resource]:
    """What make_secrets.py prints."""
    script = runpy.run_path(str(K8S / "overlays" / "development" / "make_secrets.py"))
    manifests: list[Resource] = script["make_secrets"]()[1]
    return manifests


@pytest.fixture(scope="session")
def development_secrets(made_secrets: list[Resource]) -> Secrets:
    return {secret["metadata"]["name"]: decoded(secret) for secret in made_secrets}


@pytest.fixture(scope="session")
def production_secrets(production: Overlay, development_secrets: Secrets) -> Secrets:
    """What the External Secrets Operator makes of a store, and what cert-manager and CloudNativePG add to it."""
    client = development_secrets["msign-client"]
    store: dict[str, Any] = {
        "msign-gateway/msign": {
            "certificate": client["tls.crt"].decode(),
            "key": client["tls.key"].decode(),
            "authorities": client["ca.crt"].decode(),
        },
        "msign-gateway/link": {"secret": "k" * 43},
        "msign-gateway/systems": {"systems.json": development_secrets["systems"]["systems.json"].decode()},
    }
    authority = {"ca.crt": client["ca.crt"]}
    return rendered(production.all("ExternalSecret"), store) | {"rabbitmq-tls": authority, "postgres-ca": authority}
