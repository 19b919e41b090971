"""Which files of these manifests follow from elsewhere? Run, it writes them anew.

The broker's topology comes from the code that declares it, the systems' broker users from `systems.txt`, Prometheus'
rules from `deploy/prometheus/`. The results are checked in; a test compares.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from msign_gateway.infrastructure.definitions import OPERATOR, SERVICES, Passwords, definitions

HERE = Path(__file__).parent
RULES = HERE.parent / "prometheus"
PRODUCTION = HERE / "overlays" / "production"
VHOST = "msign"
SCALER = "scaler"
"""KEDA's broker user: it may ask how long a queue is, which needs no permission but to be there."""
SYSTEMS_SECTIONS = ("permissions", "topic_permissions")


def main() -> None:
    """Write every generated file."""
    for path, text in generated():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(HERE.parents[1]))  # noqa: T201


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each generated file with what it has to hold."""
    systems = (PRODUCTION / "systems.txt").read_text(encoding="utf-8").split()
    yield HERE / "base" / "broker" / "10-topology.json", as_json(topology())
    yield PRODUCTION / "broker" / "20-systems.json", as_json(permissions(systems))
    yield PRODUCTION / "broker" / "users.yaml", as_yaml(users(systems))
    yield HERE / "components" / "monitoring" / "rules.yaml", as_yaml(rules())


def topology() -> dict[str, Any]:
    """Return the definitions of everything but users: virtual host, queues, our own services' permissions."""
    whole = definitions(VHOST, Passwords({}, dict.fromkeys(SERVICES, ""), ""))
    return {section: items for section, items in whole.items() if section != "users"}


def permissions(systems: list[str]) -> dict[str, Any]:
    """Return what the systems may do at the broker, and KEDA."""
    whole = definitions(VHOST, Passwords(dict.fromkeys(systems, "")))
    scaler = {"user": SCALER, "vhost": VHOST, "configure": "^$", "write": "^$", "read": "^$"}
    found = {section: whole[section] for section in SYSTEMS_SECTIONS}
    return found | {"permissions": [*found["permissions"], scaler]}


def users(systems: list[str]) -> dict[str, Any]:
    """Return the ExternalSecret that makes the broker's users of the passwords in the secret store."""
    names = [*SERVICES, OPERATOR, SCALER, *systems]
    rows = [
        f'  {{"name": "{name}", "password": {{{{ index . "{name}" | toJson }}}}, "tags": "{tags_of(name)}"}}'
        for name in names
    ]
    template = '{"users": [\n' + ",\n".join(rows) + "\n]}\n"
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "broker-users"},
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"},
            "target": {"template": {"data": {"00-users.json": template}}},
            "data": [
                {"secretKey": name, "remoteRef": {"key": "msign-gateway/broker", "property": name}} for name in names
            ],
        },
    }


def tags_of(user: str) -> str:
    """Return a broker user's tags: the operator may replay what others have sent."""
    return "impersonator" if user == OPERATOR else ""


def rules() -> dict[str, Any]:
    """Return the PrometheusRule with every group of `deploy/prometheus/`."""
    groups = []
    for path in sorted(RULES.rglob("*.yml")):
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and "tests" not in found:
            groups += found.get("groups", [])
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "msign-gateway"},
        "spec": {"groups": groups},
    }


def as_json(data: Any) -> str:
    """Return JSON as people read it."""
    return json.dumps(data, indent=2) + "\n"


class Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Return a text's node."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, Dumper.represent_text)


def as_yaml(data: Any) -> str:
    """Return a manifest, marked as generated."""
    return "# Made by deploy/k8s/generate.py\n" + yaml.dump(
        data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120
    )


if __name__ == "__main__":
    main()
