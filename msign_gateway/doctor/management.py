"""Has the broker the permissions, bindings and policies that are shipped? Asked of its management API.

`AMQP_MANAGEMENT_URL` names it with an administrator's login (`https://admin:…@broker:15671`); without a login there,
that of `AMQP_URL` is used. What should be there is `infrastructure.definitions` for the systems of `SYSTEMS_FILE`.
"""

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import aiohttp

from msign_gateway.doctor.files import SystemsSettings
from msign_gateway.doctor.findings import (
    Finding,
    Outcome,
    brief,
    counted,
    failed,
    ok,
    place,
    read_settings,
    skipped,
    travels,
    warning,
)
from msign_gateway.infrastructure.broker import Broker, Refused
from msign_gateway.infrastructure.definitions import OPERATOR, SERVICES, Passwords, definitions
from msign_gateway.infrastructure.errors import InfrastructureError
from shared.connections import BrokerConnection
from shared.errors import Malformed
from shared.settings import Settings, url_text
from shared.systems import Registry

Item = Mapping[str, Any]
IMPORT = "import the definitions for these systems again: deploy/rabbitmq/definitions.example.json shows them"


class ManagementSettings(Settings):
    """Where the management API is."""

    amqp_management_url: url_text("http", "https") | None = None  # type: ignore[valid-type]


@dataclass(frozen=True, slots=True)
class Part:
    """One list of the definitions: how its items are known, what of them counts, and how serious a difference is."""

    name: str
    path: str
    known_by: tuple[str, ...]
    counts: tuple[str, ...]
    outcome: Outcome
    called: str


PARTS = (
    Part("exchanges", "exchanges/{}", ("name",), ("type", "durable"), Outcome.FAILED, "exchange"),
    Part("queues", "queues/{}", ("name",), ("arguments", "durable"), Outcome.FAILED, "queue"),
    Part("bindings", "bindings/{}", ("source", "destination", "routing_key"), (), Outcome.FAILED, "binding"),
    Part(
        "permissions", "vhosts/{}/permissions", ("user",), ("configure", "write", "read"), Outcome.FAILED, "permission"
    ),
    Part(
        "topic_permissions", "vhosts/{}/topic-permissions", ("user", "exchange"), ("write", "read"), Outcome.FAILED,
        "topic permission",
    ),
    Part(
        "policies", "policies/{}", ("name",), ("pattern", "definition", "apply-to"), Outcome.WARNING, "policy"
    ),
)  # fmt: skip


async def examine() -> list[Finding]:
    """Compare what is there with what is shipped."""
    management, connection = read_settings(ManagementSettings), read_settings(BrokerConnection)
    if isinstance(management, list):
        return management
    if isinstance(connection, list) or management.amqp_management_url is None:
        advice = "set AMQP_MANAGEMENT_URL (with an administrator's login) to have them looked at"
        return [skipped("permissions", "permissions, bindings, policies and alarms were not looked at", advice)]
    url = management.amqp_management_url
    broker, vhost = broker_of(url, connection), vhost_of(connection.amqp_url)
    findings, there = [travels("management", url)], quote(vhost, safe="")
    try:
        findings.append(await alarms(broker))
        wanted = definitions(vhost, everybody())
        for part in PARTS:
            findings += compare(part, wanted[part.name], await broker.call("GET", part.path.format(there)))
        users, places = await broker.call("GET", "users"), await broker.call("GET", f"vhosts/{there}/permissions")
        findings += [impersonators(users), strangers(users, wanted["permissions"], places)]
    except Malformed as error:
        findings.append(failed("systems", str(error), "mend SYSTEMS_FILE"))
    except Refused as error:
        findings.append(failed("management", f"{place(url)} answers with HTTP {error.status}", _advice(error.status)))
    except InfrastructureError as error:
        advice = "is the plugin rabbitmq_management on, and may this machine connect to it?"
        findings.append(failed("management", f"{place(url)} cannot be reached: {_why(error.__cause__)}", advice))
    return findings


def _advice(status: int) -> str:
    if status in {401, 403}:
        return "log in as a user with the tag administrator"
    return "is this the management API of the broker of AMQP_URL?"


def _why(error: BaseException | None) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return brief(error.certificate_error)
    return brief(error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error or TimeoutError())


def broker_of(management_url: str, connection: BrokerConnection) -> Broker:
    """Return the broker by its management API, with the login that stands there, or else in `AMQP_URL`.

    The CAs are the same as for the broker itself.
    """
    parts = urlsplit(management_url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    broker = Broker(management_url if parts.username else connection.amqp_url, bare)
    if connection.amqp_ca_bundle is not None:
        broker.tls = ssl.create_default_context(cafile=connection.amqp_ca_bundle)
    return broker


def vhost_of(amqp_url: str) -> str:
    """Return the virtual host of an AMQP URL."""
    return unquote(urlsplit(amqp_url).path.removeprefix("/")) or "/"


def everybody() -> Passwords:
    """Return whom the definitions are for: the systems that are registered, the services, the operator."""
    settings = read_settings(SystemsSettings)
    names = [] if isinstance(settings, list) else [one.name for one in Registry.read(settings.systems_file).systems]
    return Passwords(dict.fromkeys(names, ""), dict.fromkeys(SERVICES, ""), "")


async def alarms(broker: Broker) -> Finding:
    """Tell whether the broker has stopped taking messages because its memory or disk is full."""
    nodes = await broker.call("GET", "nodes")
    in_alarm = [
        f"{node['name']} ({what})"
        for node in nodes
        for what, alarm in (("memory", "mem_alarm"), ("disk", "disk_free_alarm"))
        if node.get(alarm)
    ]
    down = [node["name"] for node in nodes if not node.get("running", True)]
    if in_alarm:
        advice = "free memory or disk: until then the broker takes no messages"
        return failed("alarms", f"publishers are blocked by {', '.join(in_alarm)}", advice)
    if down:
        return failed("alarms", f"nodes are down: {', '.join(down)}", "start them: quorum queues need a majority")
    return ok("alarms", f"{counted(len(nodes), 'node')}, no alarm")


def compare(part: Part, wanted: Iterable[Item], found: Iterable[Item]) -> list[Finding]:
    """Return a finding for each item that is missing or different, or one that says that all are well."""
    key: Callable[[Item], tuple[Any, ...]] = lambda item: tuple(item[name] for name in part.known_by)  # noqa: E731
    there = {key(item): item for item in found}
    problems = []
    count = 0
    for item in wanted:
        count += 1
        name = " ".join(str(one) for one in key(item))
        if key(item) not in there:
            problems.append(Finding(part.called, part.outcome, f"{name} is not there", IMPORT))
            continue
        other = [field for field in part.counts if there[key(item)].get(field) != item[field]]
        if other:
            told = ", ".join(f"{field} is {there[key(item)].get(field)!r}, not {item[field]!r}" for field in other)
            problems.append(Finding(part.called, part.outcome, f"{name}: {told}", IMPORT))
    plural = "policies" if part.called == "policy" else f"{part.called}s"
    return problems or [ok(plural, f"all {count} are as shipped")]


def tagged(users: Iterable[Item], tag: str) -> set[str]:
    """Return the users that have a tag; RabbitMQ tells tags as a list, before 3.8 as one text."""
    return {user["name"] for user in users if tag in (user.get("tags") or ())}


def strangers(users: Iterable[Item], wanted: Iterable[Item], found: Iterable[Item]) -> Finding:
    """Tell whether users that are neither ours nor administrators may use the virtual host."""
    known = {one["user"] for one in wanted} | tagged(users, "administrator")
    others = sorted({one["user"] for one in found} - known)
    if others:
        advice = "register them (msign-gateway systems add), or take their permissions: rabbitmqctl clear_permissions"
        return warning("users", f"who is {', '.join(others)}? Not a system, a service or the operator", advice)
    return ok("users", "nobody else may use this virtual host")


def impersonators(users: Iterable[Item]) -> Finding:
    """Tell whether somebody but the operator may publish in others' names."""
    others = sorted(tagged(users, "impersonator") - {OPERATOR})
    if others:
        advice = "take the tag impersonator from them: rabbitmqctl set_user_tags"
        return failed("impersonators", f"{', '.join(others)} may publish in others' names", advice)
    return ok("impersonators", f"nobody but {OPERATOR} may publish in others' names")
