from __future__ import annotations

import re

from tests.deploy.manifests import Overlay, Resource

CONCURRENCY = {"sign-gateway": ("POST_CONCURRENCY", "POLL_CONCURRENCY"), "verifier": ("VERIFY_CONCURRENCY",)}


def scaled(production: Overlay) -> dict[str, Resource]:
    return {one["metadata"]["name"]: one for one in production.all("ScaledObject")}


def triggers(resource: Resource) -> dict[str, Resource]:
    return {one["type"]: one for one in resource["spec"]["triggers"]}


def test_every_service_is_scaled_and_its_deployment_has_no_number_of_its_own(production: Overlay):
    assert scaled(production).keys() == {"sign-gateway", "verifier", "callback-web"}
    for name, resource in scaled(production).items():
        assert resource["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in production.one("Deployment", name)["spec"]


def test_one_replica_is_left_when_one_is_disrupted(production: Overlay):
    for name, resource in scaled(production).items():
        budget = production.one("PodDisruptionBudget", name)["spec"]
        assert resource["spec"]["minReplicaCount"] - budget["maxUnavailable"] >= 1
        assert resource["spec"]["maxReplicaCount"] >= resource["spec"]["minReplicaCount"]


def test_all_replicas_together_call_msign_no_more_often_at_once_than_is_written_down(production: Overlay):
    for name, settings in CONCURRENCY.items():
        resource = scaled(production)[name]
        environment = production.environment(production.pod(name).spec["containers"][0])
        each = sum(int(environment[setting]) for setting in settings)
        allowed = int(resource["metadata"]["annotations"]["msign-gateway/calls-at-once"])
        assert resource["spec"]["maxReplicaCount"] * each <= allowed


def test_the_database_holds_the_connections_of_all_replicas(production: Overlay):
    most = sum(resource["spec"]["maxReplicaCount"] for resource in scaled(production).values())
    surge = len(scaled(production))
    pool, notices = 10, 1
    parameters = production.one("Cluster", "postgres")["spec"]["postgresql"]["parameters"]
    assert (most + surge) * (pool + notices) <= int(parameters["max_connections"]) - 50


def test_every_trigger_has_its_authentication(production: Overlay):
    for name in CONCURRENCY:
        found = triggers(scaled(production)[name])
        assert found["postgresql"]["authenticationRef"]["name"] == "database"
        assert found["rabbitmq"]["authenticationRef"]["name"] == "broker"
    secrets = {
        (one["name"], one["key"])
        for auth in production.all("TriggerAuthentication")
        for one in auth["spec"]["secretTargetRef"]
    }
    made = {
        (resource["metadata"]["name"], key)
        for resource in production.all("ExternalSecret")
        for key in resource["spec"].get("target", {}).get("template", {}).get("data", {})
    }
    assert secrets <= made | {("rabbitmq-tls", "ca.crt")}


def test_the_queues_that_are_watched_are_those_of_the_services(production: Overlay):
    for name in CONCURRENCY:
        queue = triggers(scaled(production)[name])["rabbitmq"]["metadata"]["queueName"]
        assert re.fullmatch(rf"{name.replace('-', '_')}\.commands", queue)
        assert f'"name": "{queue}"' in production.one("ConfigMap", "broker-topology")["data"]["10-topology.json"]
