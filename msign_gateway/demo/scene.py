"""Which addresses, secrets and files does one run of the demo consist of? Decided before anything starts."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from msign_gateway.infrastructure.definitions import Passwords
from msign_gateway.infrastructure.ports import free_ports

SYSTEMS = ("declaratii", "registru")
SERVICES = ("msign", "sign_gateway", "callback_web", "verifier")


@dataclass(frozen=True, slots=True)
class Ports:
    """Free ports of 127.0.0.1."""

    api: int
    web: int
    pki: int
    internal: int
    public: int
    e_service: int
    ops: dict[str, int]

    @classmethod
    def free(cls) -> "Ports":
        """Choose ports that nobody uses now."""
        api, web, pki, internal, public, e_service, *ops = free_ports(6 + len(SERVICES))
        return cls(api, web, pki, internal, public, e_service, dict(zip(SERVICES, ops, strict=True)))


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Scene:
    """One run: `directory` is the `.demo` folder, `output` the folder of what it leaves for people."""

    directory: Path
    output: Path
    ports: Ports = field(default_factory=Ports.free)
    passwords: Passwords = field(default_factory=lambda: Passwords.fresh(SYSTEMS))
    tokens: dict[str, str] = field(default_factory=lambda: {name: _secret() for name in SYSTEMS})
    link_secret: str = field(default_factory=_secret)
    web_secret: str = field(default_factory=_secret)

    @property
    def pki(self) -> Path:
        """The test PKI's directory."""
        return self.directory / "pki"

    @property
    def trust(self) -> Path:
        """The directory of the test PKI's anchors."""
        return self.pki / "trust"

    @property
    def tls_ca(self) -> Path:
        """The CA of the provider's API and of its consumers."""
        return self.pki / "tls" / "ca.pem"

    @property
    def logs(self) -> Path:
        """The directory of the services' logs."""
        return self.directory / "logs"

    @property
    def hold(self) -> Path:
        """The directory in which a file with a service's name keeps that service stopped."""
        return self.directory / "hold"

    @property
    def prometheus(self) -> Path:
        """The directory of Prometheus' configuration and data."""
        return self.directory / "prometheus"

    @property
    def systems_file(self) -> Path:
        """The registry of systems."""
        return self.directory / "systems.json"

    @property
    def endpoints(self) -> Path:
        """The file that tells outside tools where everything is."""
        return self.directory / "endpoints.env"

    @property
    def api_url(self) -> str:
        """MSign's SOAP endpoint."""
        return f"https://127.0.0.1:{self.ports.api}/MSign.svc"

    @property
    def frontend_url(self) -> str:
        """Where the Sign Page is."""
        return f"http://127.0.0.1:{self.ports.web}"

    @property
    def pki_url(self) -> str:
        """Where OCSP, CRLs and timestamps are."""
        return f"http://127.0.0.1:{self.ports.pki}"

    @property
    def internal_url(self) -> str:
        """Where sign_gateway's internal HTTP API is."""
        return f"http://127.0.0.1:{self.ports.internal}"

    @property
    def public_url(self) -> str:
        """Where callback_web is."""
        return f"http://127.0.0.1:{self.ports.public}"

    @property
    def e_service_url(self) -> str:
        """Where the sample e-Service is."""
        return f"http://127.0.0.1:{self.ports.e_service}"

    def ops_url(self, service: str) -> str:
        """Return where a service answers operators."""
        return f"http://127.0.0.1:{self.ports.ops[service]}"

    def consumer(self, number: int) -> tuple[Path, Path]:
        """Return certificate and key of a consumer of MSign's API: 1 and 2 are registered, 3 is not."""
        return self.pki / "tls" / f"consumer{number}.pem", self.pki / "tls" / f"consumer{number}.key"
