from __future__ import annotations

import re

from tests.deploy.manifests import Overlay, Pod, Resource

TAG = re.compile(r":\d+\.\d+(\.\d+)?(-\w+)?$")


def containers(overlay: Overlay) -> list[tuple[Pod, Resource]]:
    return [(pod, container) for pod in overlay.pods for container in pod.containers]


def services(overlay: Overlay) -> list[Resource]:
    """What goes on running: not a Job, and not what runs before."""
    return [one for pod in overlay.pods if pod.name != "migrate" for one in pod.spec["containers"]]


def test_every_pod_keeps_to_the_restricted_standard_of_its_namespace(overlay: Overlay):
    labels = overlay.one("Namespace", "msign-gateway")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for pod in overlay.pods:
        context = pod.spec["securityContext"]
        assert context["runAsNonRoot"] is True, pod.name
        assert context["runAsUser"] > 0, pod.name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, pod.name
        assert not any(pod.spec.get(shared) for shared in ("hostNetwork", "hostPID", "hostIPC")), pod.name
        kinds = {kind for volume in pod.spec.get("volumes", []) for kind in volume if kind != "name"}
        assert kinds <= {"secret", "configMap", "projected", "emptyDir"}, pod.name


def test_no_container_can_gain_rights_or_change_its_own_files(overlay: Overlay):
    for pod, container in containers(overlay):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        }, (pod.name, container["name"])


def test_the_users_are_those_of_the_images(overlay: Overlay):
    known = {"msign-gateway": 10001, "rabbitmq": 999, "postgres": 999}
    for pod, container in containers(overlay):
        image = container["image"].rpartition("/")[2].partition(":")[0]
        context = pod.spec["securityContext"]
        assert {context["runAsUser"], context["runAsGroup"], context["fsGroup"]} == {known[image]}, pod.name


def test_no_pod_holds_a_token_for_the_clusters_api(overlay: Overlay):
    for pod in overlay.pods:
        assert pod.spec["automountServiceAccountToken"] is False, pod.name
        assert pod.spec["serviceAccountName"] == pod.name
        assert overlay.one("ServiceAccount", pod.name)["automountServiceAccountToken"] is False


def test_every_container_asks_for_what_it_needs_and_has_bounds(overlay: Overlay):
    for pod, container in containers(overlay):
        resources = container["resources"]
        for side in ("requests", "limits"):
            assert resources[side].keys() == {"cpu", "memory", "ephemeral-storage"}, (pod.name, container["name"], side)


def test_every_image_is_of_one_version(overlay: Overlay):
    for pod, container in containers(overlay):
        assert TAG.search(container["image"]), (pod.name, container["image"])
        assert container["imagePullPolicy"] == "IfNotPresent"


def test_every_service_says_when_it_has_started_lives_and_is_ready(overlay: Overlay):
    for container in services(overlay):
        ports = {port["name"] for port in container["ports"]}
        for name in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = container[name]
            assert probe["timeoutSeconds"] > 2, "a readiness check of ours may take two seconds"
            action = probe.get("httpGet") or probe.get("tcpSocket")
            assert action is None or action["port"] in ports


def test_ours_are_asked_on_the_ops_port_and_killed_only_when_their_event_loop_hangs(overlay: Overlay):
    ours = [one for one in services(overlay) if one.get("args", [""])[0] == "serve"]
    assert len(ours) >= 3
    for container in ours:
        paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
        assert paths == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
        assert all(container[f"{name}Probe"]["httpGet"]["port"] == "ops" for name in paths)


def test_the_ports_are_those_that_the_settings_name(overlay: Overlay):
    for pod in overlay.pods:
        for container in pod.spec["containers"]:
            environment = overlay.environment(container)
            named = {
                name: int(environment[f"{name.upper()}_PORT"])
                for name in pod.ports
                if f"{name.upper()}_PORT" in environment
            }
            told = {name for name in environment if re.fullmatch(r"[A-Z]+_PORT", name)}
            assert named == {
                name: port for name, port in pod.ports.items() if name in {"ops", "http", "api", "web", "pki"}
            }
            assert len(named) == len(told), pod.name


def test_a_service_that_stops_has_time_to_drain(overlay: Overlay):
    for pod in overlay.pods:
        for container in pod.spec["containers"]:
            if container.get("args", [""])[0] != "serve":
                continue
            drain_s = float(overlay.environment(container).get("DRAIN_S", 10))
            sleep_s = container["lifecycle"]["preStop"]["sleep"]["seconds"]
            assert pod.spec["terminationGracePeriodSeconds"] >= sleep_s + drain_s + 10, pod.name


def test_a_call_to_msign_that_is_under_way_ends_before_its_service_does(overlay: Overlay):
    common = overlay.one("ConfigMap", "gateway")["data"]
    assert float(common["DRAIN_S"]) > float(common["MSIGN_TIMEOUT_S"])


def test_a_new_version_comes_up_before_an_old_replica_goes(overlay: Overlay):
    gateway = [
        one
        for one in overlay.all("Deployment")
        if one["metadata"]["labels"].get("app.kubernetes.io/component") == "gateway"
    ]
    assert len(gateway) == 3
    for deployment in gateway:
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_replicas_spread_over_zones_and_nodes(overlay: Overlay):
    for name in ("sign-gateway", "verifier", "callback-web"):
        pod = overlay.pod(name)
        spread = pod.spec["topologySpreadConstraints"]
        assert [one["topologyKey"] for one in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        assert all(one["labelSelector"]["matchLabels"].items() <= pod.labels.items() for one in spread)


def test_no_service_starts_before_the_tables_are_there(overlay: Overlay):
    for name in ("sign-gateway", "verifier", "callback-web"):
        first = overlay.pod(name).spec["initContainers"][0]
        assert first["args"][:2] == ["migrate", "--check"]


def test_secrets_come_as_files_and_never_in_the_environment(overlay: Overlay):
    for pod, container in containers(overlay):
        for variable in container.get("env", []):
            assert variable.keys() == {"name", "value"}, (pod.name, variable["name"])
        assert all("secretRef" not in source for source in container.get("envFrom", []))
        for name, value in overlay.environment(container).items():
            assert "://" not in value or "@" not in value, (pod.name, name)


def test_secrets_are_mounted_whole_so_that_a_change_arrives(overlay: Overlay):
    for pod, container in containers(overlay):
        for mount in container.get("volumeMounts", []):
            assert "subPath" not in mount, (pod.name, mount["name"])
