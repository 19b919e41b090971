"""Where is everything? `.demo/endpoints.env`, for outside tools that are pointed at the running demo."""

import shlex
from collections.abc import Mapping

from msign_gateway.demo.environment import Servers
from msign_gateway.demo.scene import SERVICES, SYSTEMS, Scene
from msign_gateway.infrastructure.place import write_for


def endpoints(
    scene: Scene, servers: Servers, pids: Mapping[str, int], prometheus_url: str | None = None
) -> dict[str, str]:
    """Return the variables; all paths are absolute."""
    found = {"AMQP_URL": servers.administrator_amqp_url, "DATABASE_URL": servers.administrator_database_url}
    if servers.management_url:
        found["AMQP_MANAGEMENT_URL"] = servers.management_url
    for system in SYSTEMS:
        found[f"{system.upper()}_AMQP_URL"] = servers.amqp_urls[system]
        found[f"{system.upper()}_TOKEN"] = scene.tokens[system]
    found |= {
        "MSIGN_API_URL": scene.api_url,
        "MSIGN_FRONTEND_URL": scene.frontend_url,
        "MSIGN_CA_BUNDLE": str(scene.tls_ca.resolve()),
    }
    for number, name in ((1, "MSIGN_CLIENT"), (2, "MSIGN_CLIENT2"), (3, "MSIGN_CLIENT3")):
        certificate, key = scene.consumer(number)
        found |= {f"{name}_CERT": str(certificate.resolve()), f"{name}_KEY": str(key.resolve())}
    found |= {
        "PUBLIC_URL": scene.public_url,
        "LINK_SECRET": scene.link_secret,
        "SIGN_GATEWAY_URL": scene.internal_url,
        "TRUST_DIR": str(scene.trust.resolve()),
        "PKI_URL": scene.pki_url,
        "E_SERVICE_URL": scene.e_service_url,
        "RETURN_URL": f"{scene.e_service_url}/back",
        "PEOPLE_FILE": str((scene.pki / "people.json").resolve()),
        "SYSTEMS_FILE": str(scene.systems_file.resolve()),
        "LOG_DIR": str(scene.logs.resolve()),
    }
    for service in SERVICES:
        found |= {f"{service.upper()}_OPS_URL": scene.ops_url(service), f"{service.upper()}_PID": str(pids[service])}
    if prometheus_url:
        found["PROMETHEUS_URL"] = prometheus_url
    return found


def write_endpoints(scene: Scene, variables: Mapping[str, str]) -> None:
    """Write the file in one go, readable for its owner only (it holds passwords)."""
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    write_for(None, scene.endpoints.with_suffix(".new"), text).rename(scene.endpoints)
