"""Where does each of RabbitMQ and PostgreSQL come from on this machine? A decision without side effects."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from msign_gateway.infrastructure.errors import InfrastructureError

FORCE = "MSIGN_INFRASTRUCTURE"


class Origin(StrEnum):
    """The three ways to a broker or a database."""

    GIVEN = "given"
    NATIVE = "native"
    CONTAINERS = "containers"


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine can do."""

    installed: bool
    """The server's programs are there."""
    installable: bool
    """They can be installed: root on a system with apt-get."""
    docker: bool
    """A Docker engine answers."""


def choose(what: str, url_variable: str, environment: Mapping[str, str], machine: Machine) -> Origin:
    """Return where `what` comes from; raises `InfrastructureError` when there is no way, naming the ways."""
    if environment.get(url_variable):
        return Origin.GIVEN
    forced = environment.get(FORCE, "")
    if forced not in {"", Origin.NATIVE, Origin.CONTAINERS}:
        raise InfrastructureError(f"{FORCE} must be native or containers, not {forced!r}")
    native = machine.installed or machine.installable
    if native and forced != Origin.CONTAINERS:
        return Origin.NATIVE
    if machine.docker and forced != Origin.NATIVE:
        return Origin.CONTAINERS
    raise InfrastructureError(
        f"there is no {what}: set {url_variable}, or install {what}, or run as root on Debian or Ubuntu, "
        "or start a Docker engine" + (f" ({FORCE}={forced} rules out the other ways)" if forced else "")
    )
