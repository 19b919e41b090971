"""Who carries documents here? What each is started with, and where its front doors are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from benchmarks.cases import Role
from benchmarks.signing.stage import Program, Set, Stage, our_settings
from benchmarks.stalls import Stalls
from msign_gateway.infrastructure.ports import free_ports
from shared.keys import Keyring
from shared.signing.links import Links

PREFETCH = 20
GATEWAY = "sign_gateway"
WEB = "callback_web"
SERVICE = "service"
BY_HAND = "aio-pika, zeep, asyncpg, aiohttp"


@dataclass(frozen=True, slots=True)
class Doors:
    """A contender's programs, where it takes documents and returning browsers, and the stalls of each program."""

    programs: Sequence[Program]
    contents_url: str
    return_url: str
    stalls: dict[str, Stalls]


@dataclass(frozen=True, slots=True)
class Carrier:
    """One contender, and what it looks at of a signed copy; `open` makes what is started for a run."""

    name: str
    role: Role
    checks: str
    open: Callable[[Stage, Set], Doors]
    migrated: bool


def ours() -> Carrier:
    """Our `sign_gateway` and `callback_web`, as they are shipped."""
    return Carrier("sign_gateway and callback_web", Role.OURS, "integrity, coverage, original, signer", _ours, True)


def peers(*, checked_only: bool) -> list[Carrier]:
    """What one writes with zeep as it comes: with pyHanko's check of the signed copy, and without any."""
    checked = Carrier(
        f"{BY_HAND}, pyHanko",
        Role.PEER,
        "integrity, coverage",
        partial(_natural, "benchmarks.documents.checked"),
        False,
    )
    bare = Carrier(BY_HAND, Role.PEER, "nothing", partial(_natural, "benchmarks.documents.natural"), False)
    return [checked] if checked_only else [checked, bare]


def relay_state(job_id: UUID) -> str:
    """Return what MSign brings back with the browser."""
    return Links(Keyring("b" * 40), "http://sign.example").relay_state(job_id)


def _ours(stage: Stage, one: Set) -> Doors:
    ports = free_ports(4)
    programs = []
    for name, ops_port, http_port in ((GATEWAY, ports[0], ports[1]), (WEB, ports[2], ports[3])):
        settings = our_settings(stage, one, name, ops_port, http_port)
        ready = f"http://127.0.0.1:{ops_port}/readyz"
        programs.append(Program(name, f"services.{name}", settings, ready, stage.folder / f"{name}.stalls"))
    return _doors(programs, ports[1], ports[3])


def _natural(module: str, stage: Stage, one: Set) -> Doors:
    (port,) = free_ports(1)
    environment = {
        "AMQP_URL": one.amqp_urls["sign_gateway"],
        "DATABASE_URL": one.database_url,
        "MSIGN_API_URL": one.msign_url,
        "HTTP_PORT": str(port),
        "PREFETCH": str(PREFETCH),
    }
    program = Program(SERVICE, module, environment, stalls=stage.folder / f"{SERVICE}.stalls")
    return _doors([program], port, port)


def _doors(programs: list[Program], contents_port: int, return_port: int) -> Doors:
    stalls = {program.name: Stalls(program.stalls) for program in programs if program.stalls}
    return Doors(
        programs, f"http://127.0.0.1:{contents_port}/contents", f"http://127.0.0.1:{return_port}/return", stalls
    )
