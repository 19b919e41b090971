from __future__ import annotations

import os
from pathlib import Path

import yaml

from tests.deploy.conftest import Secrets
from tests.deploy.manifests import K8S, NAMESPACE, Overlay, build, secret_sources
from tests.deploy.network import selects

CLUSTER_WIDE = {"Namespace"}


def test_everything_is_in_one_namespace(overlay: Overlay):
    for resource in overlay.resources:
        if resource["kind"] not in CLUSTER_WIDE:
            assert resource["metadata"]["namespace"] == NAMESPACE, resource["metadata"]["name"]


def test_no_two_resources_are_the_same(overlay: Overlay):
    names = [(one["kind"], one["metadata"]["name"]) for one in overlay.resources]
    assert len(names) == len(set(names))


def test_every_workload_selects_its_own_pods(overlay: Overlay):
    for workload in overlay.workloads:
        if workload["kind"] != "Job":
            pod = overlay.pod(workload["metadata"]["name"])
            found = [one.name for one in overlay.pods if selects(workload["spec"]["selector"], one.labels)]
            assert found == [pod.name]


def test_every_service_leads_to_a_port_of_its_pods(overlay: Overlay):
    for service in overlay.all("Service"):
        pods = [one for one in overlay.pods if selects({"matchLabels": service["spec"]["selector"]}, one.labels)]
        assert [pod.name for pod in pods] == [service["metadata"]["name"]]
        assert all(port["targetPort"] in pods[0].ports for port in service["spec"]["ports"])


def test_every_ingress_leads_to_a_port_of_a_service(overlay: Overlay):
    for ingress in overlay.all("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = overlay.one("Service", backend["name"])
                assert backend["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}


def test_the_ops_port_is_behind_no_service(overlay: Overlay):
    targets = {port["targetPort"] for service in overlay.all("Service") for port in service["spec"]["ports"]}
    assert "ops" not in targets


def test_every_replicated_workload_may_lose_one_pod_at_a_time(overlay: Overlay):
    budgets = {one["metadata"]["name"]: one["spec"] for one in overlay.all("PodDisruptionBudget")}
    for workload in overlay.workloads:
        if workload["kind"] != "Job":
            budget = budgets[workload["metadata"]["name"]]
            assert budget["maxUnavailable"] == 1
            assert selects(budget["selector"], workload["spec"]["template"]["metadata"]["labels"])


def test_every_mount_has_its_volume_and_every_volume_is_mounted(overlay: Overlay):
    for workload, pod in zip(overlay.workloads, overlay.pods, strict=True):
        mounted = {mount["name"] for one in pod.containers for mount in one.get("volumeMounts", [])}
        claims = {one["metadata"]["name"] for one in workload["spec"].get("volumeClaimTemplates", [])}
        assert mounted == {volume["name"] for volume in pod.spec.get("volumes", [])} | claims, pod.name


def test_every_config_map_that_is_named_is_there(overlay: Overlay):
    known = overlay.names("ConfigMap")
    for pod in overlay.pods:
        named = {source["configMapRef"]["name"] for one in pod.containers for source in one.get("envFrom", [])}
        for volume in pod.spec.get("volumes", []):
            sources = [volume, *volume.get("projected", {}).get("sources", [])]
            named |= {source["configMap"]["name"] for source in sources if "configMap" in source}
        assert named <= known, pod.name


def test_the_resources_of_operators_name_what_is_there(production: Overlay, production_secrets: Secrets):
    sources = production.one("RabbitmqCluster", "rabbitmq")["spec"]["override"]["statefulSet"]["spec"]["template"][
        "spec"
    ]["volumes"][0]["projected"]["sources"]
    assert {one["configMap"]["name"] for one in sources if "configMap" in one} <= production.names("ConfigMap")
    assert {one["secret"]["name"] for one in sources if "secret" in one} <= production_secrets.keys()
    database = production.one("Cluster", "postgres")["spec"]
    roles = database["bootstrap"]["initdb"]["postInitApplicationSQLRefs"]["configMapRefs"]
    assert {one["name"] for one in roles} <= production.names("ConfigMap")
    accounts = {database["bootstrap"]["initdb"]["owner"]: database["bootstrap"]["initdb"]["secret"]["name"]}
    accounts |= {role["name"]: role["passwordSecret"]["name"] for role in database["managed"]["roles"]}
    for role, secret in accounts.items():
        assert production_secrets[secret]["username"].decode() == role


def test_every_secret_that_a_pod_mounts_is_made_on_a_desk(development: Overlay, development_secrets: Secrets):
    check(development, development_secrets)


def test_every_secret_that_a_pod_mounts_is_made_in_production(production: Overlay, production_secrets: Secrets):
    check(production, production_secrets)


def check(overlay: Overlay, secrets: Secrets) -> None:
    for pod in overlay.pods:
        for volume, name, key in secret_sources(pod):
            assert name in secrets, f"{pod.name} mounts {name} as {volume}"
            assert key is None or key in secrets[name], f"{pod.name} takes {key} of {name}"


def test_the_one_in_production_cannot_see_a_password_that_is_not_its_own(production: Overlay):
    seen = {pod.name: {name for _, name, _ in secret_sources(pod)} for pod in production.pods}
    assert seen["callback-web"] == {
        "broker-callback-web",
        "database",
        "msign-client",
        "link",
        "rabbitmq-tls",
        "postgres-ca",
    }
    assert seen["verifier"] == {"broker-verifier", "database", "msign-client", "systems", "rabbitmq-tls", "postgres-ca"}
    assert seen["migrate"] == {"database-owner", "postgres-ca"}


def test_traces_can_be_added_to_an_overlay(production: Overlay, tmp_path: Path):
    def relative(*parts: str) -> str:
        return os.path.relpath(K8S.joinpath(*parts), tmp_path)

    overlay = {"resources": [relative("overlays", "production")], "components": [relative("components", "tracing")]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(overlay | {"namespace": NAMESPACE}))
    traced = Overlay("traced", build(tmp_path))
    environment = traced.environment(traced.pod("verifier").spec["containers"][0])
    assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"].startswith("http://otel-collector.monitoring.svc:")
    assert traced.names("NetworkPolicy") - production.names("NetworkPolicy") == {"traces"}
