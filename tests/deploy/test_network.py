from __future__ import annotations

import pytest

from tests.deploy.manifests import Overlay
from tests.deploy.network import Peer, connections, selects

OUTSIDE = [
    Peer.from_outside("ingress-nginx"),
    Peer.from_outside("monitoring"),
    Peer.from_outside("keda"),
    Peer.from_outside("cnpg-system"),
    Peer.from_outside("a-system", **{"msign-gateway__client": "true"}),
    Peer.from_outside("a-stranger"),
]
GATEWAY = ("sign-gateway", "verifier", "callback-web")
OURS = {
    *(f"monitoring → {service}:ops" for service in GATEWAY),
    "ingress-nginx → callback-web:http",
    "a-system → sign-gateway:http",
}


def test_on_a_desk_everybody_reaches_what_they_need_and_nothing_else(development: Overlay):
    assert connections(development, OUTSIDE) == OURS | {
        *(f"{service} → rabbitmq:amqp" for service in (*GATEWAY, "a-system")),
        *(f"{service} → postgres:postgres" for service in (*GATEWAY, "migrate", "msign")),
        *(f"{service} → msign:api" for service in GATEWAY),
        "ingress-nginx → msign:web",
        "msign → msign:pki",
        "monitoring → msign:ops",
        "monitoring → rabbitmq:prometheus",
    }


def test_in_production_everybody_reaches_what_they_need_and_nothing_else(production: Overlay):
    assert connections(production, OUTSIDE) == OURS | {
        *(f"{service} → rabbitmq:amqps" for service in (*GATEWAY, "a-system", "keda")),
        *(f"{service} → postgres:postgres" for service in (*GATEWAY, "migrate", "keda", "cnpg-system", "postgres")),
        "rabbitmq → rabbitmq:epmd",
        "rabbitmq → rabbitmq:nodes",
        "postgres → postgres:status",
        "cnpg-system → postgres:status",
        "monitoring → rabbitmq:prometheus-tls",
        "monitoring → postgres:metrics",
    }


def test_no_pod_may_do_anything_that_no_policy_allows(overlay: Overlay):
    denying = [
        policy["spec"]
        for policy in overlay.all("NetworkPolicy")
        if not policy["spec"].get("ingress") and not policy["spec"].get("egress")
    ]
    for pod in [*overlay.pods, *overlay.made]:
        directions = {
            one for spec in denying if selects(spec["podSelector"], pod.labels) for one in spec["policyTypes"]
        }
        assert directions == {"Ingress", "Egress"}, pod.name


def test_every_policy_is_about_pods_that_exist(overlay: Overlay):
    for policy in overlay.all("NetworkPolicy"):
        selector = policy["spec"]["podSelector"]
        assert any(selects(selector, pod.labels) for pod in [*overlay.pods, *overlay.made]), policy["metadata"]["name"]


def test_only_callback_web_reaches_the_world_as_far_as_it_is_ours(production: Overlay):
    paths = [
        path for one in production.all("Ingress") for rule in one["spec"]["rules"] for path in rule["http"]["paths"]
    ]
    assert {(path["path"], path["backend"]["service"]["name"]) for path in paths} == {
        ("/return", "callback-web"),
        ("/sign", "callback-web"),
        ("/assets", "callback-web"),
    }


@pytest.mark.parametrize("kind", ["LoadBalancer", "NodePort"])
def test_no_service_has_a_port_of_its_own_outside_the_cluster(overlay: Overlay, kind: str):
    assert all(service["spec"].get("type") != kind for service in overlay.all("Service"))


def test_in_production_only_the_one_address_of_msign_lies_outside_the_cluster(production: Overlay):
    blocks = {
        (peer["ipBlock"]["cidr"], port["port"])
        for policy in production.all("NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        for peer in rule.get("to", [])
        if "ipBlock" in peer
        for port in rule["ports"]
    }
    assert blocks == {("192.0.2.10/32", 8443)}


def test_only_the_operators_pods_may_reach_the_clusters_api_whose_address_nobody_knows(overlay: Overlay):
    anywhere = {
        (policy["metadata"]["name"], port["port"])
        for policy in overlay.all("NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        if not rule.get("to")
        for port in rule["ports"]
    }
    assert anywhere == {(pod.name, port) for pod in overlay.made for port in (443, 6443)}
