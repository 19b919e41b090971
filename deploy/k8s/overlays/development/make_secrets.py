"""Which secrets does a cluster on a desk need? Prints them as manifests, all made up anew, for `kubectl apply -f -`.

Repeated, it would change the passwords of a database that exists: once for each cluster. With `--print-tokens`, what
the systems need to publish and to ask is told on standard error.
"""

import argparse
import base64
import io
import json
import secrets
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from msign_gateway.infrastructure.definitions import SERVICES, Passwords, definitions
from services.msign.pki.create import create
from shared.systems import Registry, System, token_digest

NAMESPACE = "msign-gateway"
SYSTEMS = ("declaratii", "registru")
ROLES = ("msign_gateway_owner", "msign_gateway", "msign")
DATABASES = {"database-owner": "msign_gateway_owner", "database": "msign_gateway"}
VHOST = "msign"


def main() -> None:
    """Print the secrets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print-tokens", action="store_true", help="tell the systems' secrets on standard error")
    told, manifests = make_secrets()
    yaml.safe_dump_all(manifests, sys.stdout, sort_keys=False)
    if parser.parse_args().print_tokens:
        print(json.dumps(told, indent=2), file=sys.stderr)  # noqa: T201


def make_secrets() -> tuple[dict[str, dict[str, str]], list[dict[str, Any]]]:
    """Return what each system is told, and all Secrets."""
    broker = Passwords.fresh(SYSTEMS)
    tokens = {name: secrets.token_urlsafe(32) for name in SYSTEMS}
    told = {
        name: {"AMQP_URL": amqp_url(name, broker.systems[name], "localhost"), "token": tokens[name]} for name in SYSTEMS
    }
    return told, [*_broker(broker), *_databases(), *_services(tokens), *_provider()]


def amqp_url(user: str, password: str, host: str = f"rabbitmq.{NAMESPACE}.svc") -> str:
    """Return a broker user's URL."""
    return f"amqp://{user}:{password}@{host}:5672/{VHOST}"


def secret(name: str, data: Mapping[str, str | bytes]) -> dict[str, Any]:
    """Return a Secret's manifest."""
    encoded = {
        key: base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
        for key, value in data.items()
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "type": "Opaque",
        "data": encoded,
    }


def _broker(passwords: Passwords) -> list[dict[str, Any]]:
    """The services' URLs, and the definitions that are not in the base: all users, and what the systems may do."""
    users = {"users": definitions(VHOST, passwords)["users"]}
    systems = definitions(VHOST, Passwords(passwords.systems))
    allowed = {section: systems[section] for section in ("permissions", "topic_permissions")}
    files = {"00-users.json": json.dumps(users), "20-systems.json": json.dumps(allowed)}
    urls = [
        secret(f"broker-{name.replace('_', '-')}", {"url": amqp_url(name, passwords.services[name])})
        for name in SERVICES
    ]
    return [secret("broker-users", files), *urls]


def _databases() -> list[dict[str, Any]]:
    passwords = {role: secrets.token_urlsafe(24) for role in ROLES}

    def url(role: str, database: str) -> str:
        return f"postgresql://{role}:{passwords[role]}@postgres.{NAMESPACE}.svc:5432/{database}"

    statements = "".join(f"ALTER ROLE {role} PASSWORD '{password}';\n" for role, password in passwords.items())
    return [
        secret("postgres", {"superuser": secrets.token_urlsafe(24), "passwords": statements}),
        *(secret(name, {"url": url(role, "msign_gateway")}) for name, role in DATABASES.items()),
        secret("msign-database", {"url": url("msign", "msign")}),
    ]


def _services(tokens: Mapping[str, str]) -> list[dict[str, Any]]:
    registry = Registry(
        systems=tuple(
            System(name=name, return_origins=("http://localhost:8000",), token_sha256=token_digest(token))
            for name, token in tokens.items()
        )
    )
    return [
        secret("link", {"secret": secrets.token_urlsafe(32)}),
        secret("systems", {"systems.json": registry.model_dump_json(indent=2)}),
    ]


def _provider() -> list[dict[str, Any]]:
    """Our MSign's keys and certificates, all in one archive, and the gateway's share of them."""
    with tempfile.TemporaryDirectory() as place:
        pki = Path(place) / "pki"
        create(
            pki,
            pki_url=f"http://msign.{NAMESPACE}.svc:8081",
            server_names=[f"msign.{NAMESPACE}.svc", "msign", "localhost"],
        )
        tls = pki / "tls"
        files = {"tls.crt": tls / "consumer1.pem", "tls.key": tls / "consumer1.key", "ca.crt": tls / "ca.pem"}
        return [
            secret("msign-client", {name: path.read_bytes() for name, path in files.items()}),
            secret("msign-pki", {"pki.tar": _archive(pki)}),
            secret("msign-web", {"secret": secrets.token_urlsafe(32)}),
        ]


def _archive(directory: Path) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(directory, arcname=directory.name, filter=_of_nobody)
    return archive.getvalue()


def _of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main()
