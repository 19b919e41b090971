"""Who may talk to whom, by the NetworkPolicies of an overlay?

As the specification has it: a pod that a policy selects for a direction refuses everything of that direction that no
such policy allows. Both ends have to allow a connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.deploy.manifests import NAMESPACE, Overlay, Pod


@dataclass(frozen=True)
class Peer:
    """Somebody who may be talked to or may talk: pods of ours, or of another namespace."""

    name: str
    labels: dict[str, str]
    namespace: dict[str, str]
    ours: bool

    @classmethod
    def of(cls, pod: Pod) -> Peer:
        """Return a pod of our namespace as a peer."""
        return cls(pod.name, pod.labels, {"kubernetes.io/metadata.name": NAMESPACE}, ours=True)

    @classmethod
    def from_outside(cls, namespace: str, **labels: str) -> Peer:
        """Return somebody of another namespace."""
        own = {"kubernetes.io/metadata.name": namespace} | {
            key.replace("__", "/"): value for key, value in labels.items()
        }
        return cls(namespace, {}, own, ours=False)


def connections(overlay: Overlay, outside: list[Peer]) -> set[str]:
    """Return all connections that the policies allow to pods of ours, each as "who → pod:port"."""
    pods = {pod.name: pod for pod in [*overlay.pods, *overlay.made]}
    sources = [*map(Peer.of, pods.values()), *outside]
    return {
        f"{source.name} → {pod.name}:{name}"
        for pod in pods.values()
        for name, port in pod.ports.items()
        for source in sources
        if allows(overlay, "Ingress", pod.labels, source, name, port)
        and (not source.ours or allows(overlay, "Egress", source.labels, Peer.of(pod), name, port))
    }


def allows(overlay: Overlay, direction: str, own: dict[str, str], peer: Peer, name: str, port: int) -> bool:
    """Tell whether the policies of pods with the labels `own` let them talk to `peer` in a direction."""
    policies = [
        policy["spec"]
        for policy in overlay.all("NetworkPolicy")
        if direction in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], own)
    ]
    side = "from" if direction == "Ingress" else "to"
    rules = [rule for policy in policies for rule in policy.get(direction.lower(), [])]
    return not policies or any(
        any_of(rule.get(side), lambda one: is_peer(one, peer))
        and any_of(rule.get("ports"), lambda one: is_port(one, name, port))
        for rule in rules
    )


def any_of(items: list[Any] | None, fits: Any) -> bool:
    """Tell whether one of the items fits; a list that is missing means everything."""
    return items is None or any(map(fits, items))


def is_peer(rule: dict[str, Any], peer: Peer) -> bool:
    """Tell whether a rule's peer is this one."""
    if "ipBlock" in rule:
        return False
    if "namespaceSelector" in rule:
        if not selects(rule["namespaceSelector"], peer.namespace):
            return False
    elif not peer.ours:
        return False
    return selects(rule.get("podSelector", {}), peer.labels)


def is_port(rule: dict[str, Any], name: str, port: int) -> bool:
    """Tell whether a rule's port is this one, by its name or number."""
    wanted = rule["port"]
    return wanted == name if isinstance(wanted, str) else wanted <= port <= rule.get("endPort", wanted)


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Tell whether a selector selects something with these labels."""
    assert selector.keys() <= {"matchLabels"}, "a selector of a kind that is not read here"
    return selector.get("matchLabels", {}).items() <= labels.items()
