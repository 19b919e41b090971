"""Who moves sign jobs here: ours, the peers, and the floor? What each is started with."""

import base64
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from benchmarks.cases import Role
from benchmarks.signing.stage import Program, Set, Stage, our_settings
from msign_gateway.infrastructure.ports import free_ports
from shared.contract import wsdl
from shared.contract.codec import to_value
from shared.contract.models import ContentType, SignContent, SignRequest
from shared.messaging.intake import PREFETCH

SERVICE = "service"
EVENT_BYTES = 700
DURABLE = {
    "queues": "quorum, 1 node",
    "messages": "persistent",
    "confirms": "each message",
    "commits": "synchronous, fsync",
}


@dataclass(frozen=True, slots=True)
class Contender:
    """One program that consumes commands; `programs` makes what is started for a run."""

    name: str
    role: Role
    programs: Callable[[Stage, Set], Sequence[Program]]
    migrated: bool = False
    conditions: Mapping[str, str] = field(default_factory=dict)


def ours(concurrency: int) -> Contender:
    """Our `sign_gateway`, as it is shipped but for the number of calls at once."""

    def programs(stage: Stage, one: Set) -> list[Program]:
        ops_port, http_port = free_ports(2)
        settings = our_settings(stage, one, "sign_gateway", ops_port, http_port)
        own = {"POST_CONCURRENCY": str(concurrency)}
        ready = f"http://127.0.0.1:{ops_port}/readyz"
        return [Program(SERVICE, "services.sign_gateway", settings | own, ready)]

    conditions = DURABLE | {"prefetch": str(PREFETCH), "calls at once": str(concurrency)}
    return Contender(f"sign_gateway, {concurrency} calls at once", Role.OURS, programs, True, conditions)


def peers(prefetches: Sequence[int], *, frameworks: bool = True) -> list[Contender]:
    """What others write; only those whose libraries are installed (httpx, FastStream)."""
    found = []
    if _installed("httpx"):
        found += [
            _simple("aio-pika, zeep, asyncpg", "benchmarks.signing.by_hand", Role.PEER, one) for one in prefetches
        ]
    if frameworks and _installed("httpx") and _installed("faststream"):
        name, most = "FastStream, zeep, asyncpg", max(prefetches)
        found.append(_simple(name, "benchmarks.signing.by_faststream", Role.PEER, most))
    return found


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def floor(prefetch: int) -> Contender:
    """The operations alone."""
    return _simple("operations alone", "benchmarks.signing.floor", Role.FLOOR, prefetch)


def _simple(name: str, module: str, role: Role, prefetch: int) -> Contender:
    def programs(stage: Stage, one: Set) -> list[Program]:
        environment = {
            "AMQP_URL": one.amqp_urls["sign_gateway"],
            "DATABASE_URL": one.database_url,
            "MSIGN_API_URL": one.msign_url,
            "PREFETCH": str(prefetch),
            "ENVELOPE": envelope(stage),
            "EVENT_BYTES": str(EVENT_BYTES),
        }
        return [Program(SERVICE, module, environment)]

    conditions = DURABLE | {"prefetch": str(prefetch), "calls at once": str(prefetch)}
    return Contender(f"{name}, prefetch {prefetch}", role, programs, False, conditions)


def envelope(stage: Stage) -> str:
    """Return a SOAP request as ours sends it, for those who send always the same."""
    content = SignContent(content=base64.b64decode(stage.materials[0].digest), correlation_id="1")
    request = SignRequest(content_type=ContentType.HASH, short_content_description="Declarație", contents=(content,))
    written = wsdl.operation("PostSignRequest").create(request=to_value(request)).content
    return etree.tostring(written, encoding="unicode")
