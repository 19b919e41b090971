"""Does RabbitMQ let us in, and are the exchanges and queues there as every service would declare them?

Looked at as the user of `AMQP_URL`, without changing anything: what is there is declared again only in the form that it
must have, which RabbitMQ refuses for anything else. The rest is the management API's: `management`.
"""

import asyncio
import ssl
from urllib.parse import urlsplit

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity, ChannelPreconditionFailed, ProbableAuthenticationError

from msign_gateway.doctor.findings import Finding, brief, counted, failed, ok, place, read_settings, travels, warning
from shared.connections import BrokerConnection
from shared.messaging.topology import COMMAND_QUEUES, COMMANDS, DEAD, EVENTS, CommandQueue

WITHIN_S = 8
OLDEST = (3, 10)
AGAIN = "a service that starts declares it; or import deploy/rabbitmq/definitions.example.json"


async def examine() -> list[Finding]:
    """Look at everything that AMQP shows."""
    settings = read_settings(BrokerConnection)
    if isinstance(settings, list):
        return settings
    url = settings.amqp_address()()
    findings = [travels("encryption", url)]
    try:
        connection = await aio_pika.connect(url, timeout=WITHIN_S)
    except (AMQPError, OSError, TimeoutError, ValueError) as error:
        return [*findings, refused(url, error)]
    async with connection:
        findings += [ok("login", f"{place(url)} lets {urlsplit(url).username} in"), version_of(connection)]
        try:
            async with asyncio.timeout(WITHIN_S):
                findings.append(await exchanges(connection))
                for queue in COMMAND_QUEUES:
                    findings += [await commands(connection, queue), await dead(connection, queue)]
        except (AMQPError, OSError, TimeoutError) as error:
            advice = "look at the broker's log"
            findings.append(failed("topology", f"looking broke off: {type(error).__name__}", advice))
    return findings


def refused(url: str, error: BaseException) -> Finding:
    """Tell why there is no connection."""
    parts = urlsplit(url)
    text = f"{error} {error.__cause__ or ''}"
    if isinstance(error, ProbableAuthenticationError) or "ACCESS_REFUSED" in text:
        detail = f"{place(url)} refuses the user {parts.username} or its password"
        return failed("login", detail, "set the user's password at the broker, then AMQP_URL (or its file)")
    if "OpenOk" in text:  # the broker closes the connection in place of opening the virtual host
        detail = f"{place(url)}: the virtual host {parts.path.removeprefix('/') or '/'} is not there for this user"
        return failed("login", detail, "create it and its permissions: rabbitmqctl add_vhost, set_permissions")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError) or "SSL" in text:
        cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
        detail = f"{place(url)}: the TLS handshake failed: {brief(cause)}"
        return failed(
            "login", detail, "compare AMQP_CA_BUNDLE with the broker's certificate, and its names with AMQP_URL"
        )
    detail = f"{place(url)} cannot be reached: {brief(error)}"
    return failed("login", detail, "is RabbitMQ running, and may this machine connect to it?")


def version_of(connection: AbstractConnection) -> Finding:
    """Tell whether the broker is new enough for what we ask of it."""
    properties = getattr(getattr(connection.transport, "connection", None), "server_properties", {}) or {}
    told = properties.get("version", "")
    version = told.decode() if isinstance(told, bytes) else str(told)
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers and numbers < OLDEST:
        return failed("version", f"RabbitMQ {version}", "3.10 to 4.x are supported: upgrade it")
    return ok("version", f"RabbitMQ {version}" if numbers else "not told")


async def exchanges(connection: AbstractConnection) -> Finding:
    """Tell whether the three exchanges are there, durable topics each."""
    for name in (COMMANDS, EVENTS, DEAD):
        problem = await _exchange(connection, name)
        if problem is not None:
            return problem
    return ok("exchanges", f"{COMMANDS}, {EVENTS} and {DEAD} are there")


async def _exchange(connection: AbstractConnection, name: str) -> Finding | None:
    try:
        async with connection.channel() as channel:
            await channel.declare_exchange(name, passive=True)
        async with connection.channel() as channel:
            await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
    except ChannelNotFoundEntity:
        return failed("exchanges", f"{name} is not there", AGAIN)
    except ChannelPreconditionFailed as error:
        return failed(
            "exchanges", f"{name} is another kind: {_reason(error)}", "delete it, so that it is declared anew"
        )
    except AMQPError as error:
        if "ACCESS_REFUSED" not in str(error):
            raise
    return None


async def commands(connection: AbstractConnection, queue: CommandQueue) -> Finding:
    """Tell whether a command queue is there, is what it must be, and has somebody who takes from it."""
    try:
        async with connection.channel() as channel:
            found = await channel.declare_queue(queue.name, passive=True)
            waiting, consumers = found.declaration_result.message_count, found.declaration_result.consumer_count
    except ChannelNotFoundEntity:
        return failed(queue.name, "is not there", AGAIN)
    if problem := await _other_kind(connection, queue.name, queue.arguments):
        return problem
    detail = f"{counted(consumers or 0, 'consumer')}, {counted(waiting or 0, 'command')} waiting"
    if not consumers:
        return warning(queue.name, detail, f"commands wait: start {queue.service}, or see why its /readyz fails")
    return ok(queue.name, detail)


async def dead(connection: AbstractConnection, queue: CommandQueue) -> Finding:
    """Tell whether a dead queue is there, and empty."""
    try:
        async with connection.channel() as channel:
            found = await channel.declare_queue(queue.dead, passive=True)
            count = found.declaration_result.message_count or 0
    except ChannelNotFoundEntity:
        return failed(queue.dead, "is not there: what cannot be used would be lost", AGAIN)
    if problem := await _other_kind(connection, queue.dead, queue.dead_arguments):
        return problem
    if count:
        advice = "see what they died of: msign-gateway dead list"
        return warning(queue.dead, f"{counted(count, 'dead letter')}", advice)
    return ok(queue.dead, "empty")


async def _other_kind(connection: AbstractConnection, name: str, arguments: dict[str, object]) -> Finding | None:
    """Declare what is there already: RabbitMQ refuses it if it has other arguments than these."""
    try:
        async with connection.channel() as channel:
            await channel.declare_queue(name, durable=True, arguments=arguments)  # type: ignore[arg-type]
    except ChannelPreconditionFailed as error:
        advice = "let it run empty, delete it, and let a service declare it anew"
        return failed(name, f"has other arguments than it must have: {_reason(error)}", advice)
    except AMQPError as error:
        if "ACCESS_REFUSED" not in str(error):
            raise
    return None


def _reason(error: AMQPError) -> str:
    return str(error).removeprefix("PRECONDITION_FAILED - ")[:200]
