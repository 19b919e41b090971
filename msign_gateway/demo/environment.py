"""Which settings does each service get in the demo? The names are those of the architecture, "Settings"."""

import os
from dataclasses import dataclass
from pathlib import Path

from msign_gateway.demo.scene import Scene

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Servers:
    """The broker and the databases of one run, by URL, and what keeps the tokens."""

    administrator_amqp_url: str
    administrator_database_url: str
    amqp_urls: dict[str, str]
    """By broker user: services and systems."""
    database_url: str
    msign_database_url: str
    pkcs11_module: Path | None = None
    """SoftHSM's, where there is one."""
    broker_metrics: str | None = None
    """Where the broker's own metrics are (host:port), where that is known."""
    management_url: str | None = None
    """The broker's management API, where the login of `administrator_amqp_url` is good, too."""


def inherited() -> dict[str, str]:
    """Return what every child needs of our own environment, nothing that could be a setting, and where traces go."""
    kept = {name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith("OTEL_")}
    return kept | {"PYTHONUNBUFFERED": "1"}


def settings_of(service: str, scene: Scene, servers: Servers) -> dict[str, str]:
    """Return a service's whole environment."""
    own = _msign(scene, servers) if service == "msign" else _gateway(service, scene, servers)
    return inherited() | {"OPS_PORT": str(scene.ports.ops[service])} | own


def _msign(scene: Scene, servers: Servers) -> dict[str, str]:
    tls = scene.pki / "tls"
    return {
        "MSIGN_DATABASE_URL": servers.msign_database_url,
        "API_PORT": str(scene.ports.api),
        "API_CERT": str(tls / "server.pem"),
        "API_KEY": str(tls / "server.key"),
        "API_URL": scene.api_url,
        "CONSUMERS_CA": str(scene.tls_ca),
        "WEB_PORT": str(scene.ports.web),
        "WEB_SECRET": scene.web_secret,
        "PKI_DIR": str(scene.pki),
        "PKI_PORT": str(scene.ports.pki),
        "TRUST_DIR": str(scene.trust),
        "SHOW_PEOPLE": "true",
    } | _tokens(scene, servers)


def _tokens(scene: Scene, servers: Servers) -> dict[str, str]:
    """Return how the provider gets at tokens in SoftHSM; without that they are files in the test PKI."""
    if servers.pkcs11_module is None:
        return {}
    return {"PKCS11_MODULE": str(servers.pkcs11_module), "SOFTHSM2_CONF": str(scene.pki / "softhsm2.conf")}


def _gateway(service: str, scene: Scene, servers: Servers) -> dict[str, str]:
    certificate, key = scene.consumer(1)
    port = scene.ports.internal if service == "sign_gateway" else scene.ports.public
    return {
        "AMQP_URL": servers.amqp_urls[service],
        "DATABASE_URL": servers.database_url,
        "MSIGN_API_URL": scene.api_url,
        "MSIGN_FRONTEND_URL": scene.frontend_url,
        "MSIGN_CLIENT_CERT": str(certificate),
        "MSIGN_CLIENT_KEY": str(key),
        "MSIGN_CA_BUNDLE": str(scene.tls_ca),
        "MSIGN_TRACE_HEADERS": "true",
        "PUBLIC_URL": scene.public_url,
        "LINK_SECRET": scene.link_secret,
        "SYSTEMS_FILE": str(scene.systems_file),
        "HTTP_PORT": str(port),
    }
