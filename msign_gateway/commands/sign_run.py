"""How does a sign job go, seen from a terminal? Ask, tell the link, wait, write."""

import asyncio
import uuid
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from aio_pika.exceptions import AMQPError
from pydantic import ValidationError

from msign_gateway.client import GatewayClient
from msign_gateway.client.contents import ContentStore
from msign_gateway.commands.sign_files import Order, Paper, command, papers, write
from msign_gateway.commands.sign_telling import Teller
from shared.errors import Malformed, MSignGatewayError, Transient
from shared.messaging.envelope import Event
from shared.messaging.events import ACCEPTED, READY, SIGN_REJECTED, AcceptedData, ReadyData, RejectedData, ResultData

SIGNED, NOT_SIGNED, NOT_ASKED, NOT_KNOWN = range(4)
ACCEPTED_WITHIN_S = 60.0
_FINAL = frozenset({READY, SIGN_REJECTED})
_FIRST = _FINAL | {ACCEPTED}
INLINE_BYTES = 4 * 1024 * 1024
"""What the gateway takes in a message unless it is set otherwise."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to reach the gateway, and how long to wait for the signer."""

    amqp_url: str
    gateway_url: str | None
    token: str | None
    timeout_s: float

    @property
    def system(self) -> str:
        """The system that asks: the broker's user."""
        return unquote(urlsplit(self.amqp_url).username or "")

    @property
    def store(self) -> ContentStore | None:
        """The gateway's HTTP API, where both its address and a token are known."""
        return ContentStore(self.gateway_url, self.token) if self.gateway_url and self.token else None


class _Ended(Exception):
    """The command ends with this exit code and this sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def run(order: Order, way: Way, teller: Teller) -> int:
    """Do everything; returns the exit code (see the command's help)."""
    command_id = str(uuid.uuid4())
    try:
        asyncio.run(_signed(order, way, teller, command_id))
    except _Ended as ended:
        teller.complain(str(ended))
        return ended.code
    except KeyboardInterrupt:
        teller.complain(f"stopped waiting; if it was asked already, command {command_id} goes on")
        return 130
    return SIGNED


async def _signed(order: Order, way: Way, teller: Teller, command_id: str) -> None:
    try:
        asked = papers(order)
        data = command(order, asked, await _stored(asked, way))
        async with GatewayClient.connect(way.amqp_url, system=way.system, store=way.store) as client:
            await client.sign(data, command_id=command_id)
            await _answered(client, asked, way, teller, command_id)
    except MSignGatewayError as error:
        raise _Ended(NOT_ASKED, str(error)) from error
    except (AMQPError, OSError, ValueError) as error:
        raise _Ended(NOT_ASKED, f"the broker of AMQP_URL cannot be used: {type(error).__name__}: {error}") from error


async def _stored(asked: tuple[Paper, ...], way: Way) -> dict[str, str]:
    """Store what is too large for a message; returns the references by the papers' ids."""
    size = sum(len(paper.content) for paper in asked)
    if size <= INLINE_BYTES:
        return {}
    if (store := way.store) is None:
        raise Malformed(f"{size} bytes are too many for a message: give --gateway-url and --token, to store them first")
    return {paper.id: await asyncio.to_thread(store.put, paper.content) for paper in asked}


async def _answered(client: GatewayClient, asked: tuple[Paper, ...], way: Way, teller: Teller, command_id: str) -> None:
    try:
        event = await _next(client, command_id, _FIRST, ACCEPTED_WITHIN_S, "the gateway", teller)
        if event.type == ACCEPTED:
            _accepted(AcceptedData.model_validate(event.data), teller)
            event = await _next(client, command_id, _FINAL, way.timeout_s, "the signer", teller)
        if event.type == SIGN_REJECTED:
            _rejected(RejectedData.model_validate(event.data))
        await _written(client, ReadyData.model_validate(event.data), asked, way, teller, command_id)
    except ValidationError as error:
        raise _Ended(NOT_KNOWN, f"command {command_id}: an event that is not as it should be") from error


def _accepted(data: AcceptedData, teller: Teller) -> None:
    facts = data.model_dump(mode="json", include={"command_id", "job_id", "sign_url", "expires_at"})
    teller.say("accepted", f"Sign at {data.sign_url}", **facts)
    teller.show_code(data.sign_url)


async def _next(
    client: GatewayClient, command_id: str, types: frozenset[str], timeout_s: float, who: str, teller: Teller
) -> Event:
    try:
        with teller.waiting(f"waiting for {who} …"):
            return await client.next_event(command_id, types=types, timeout_s=timeout_s)
    except TimeoutError:
        why = f"no answer of {who} within {timeout_s:.0f} s"
    except MSignGatewayError as error:
        why = str(error)
    raise _Ended(NOT_KNOWN, f"{why}; command {command_id} goes on")


def _rejected(data: RejectedData) -> NoReturn:
    told = "; ".join(f"{error.field.removeprefix('/data/')} {error.message} ({error.code})" for error in data.errors)
    raise _Ended(NOT_SIGNED, f"the job was rejected: {told}")


async def _written(
    client: GatewayClient, data: ReadyData, asked: tuple[Paper, ...], way: Way, teller: Teller, command_id: str
) -> None:
    if data.status != "Success":
        reason = f" ({data.reason_code})" if data.reason_code else ""
        raise _Ended(NOT_SIGNED, f"not signed: {data.status}{reason}{f', {data.message}' if data.message else ''}")
    results = {result.correlation_id: result for result in data.results}
    for paper in asked:
        try:
            write(paper, await _signature(client, results.get(paper.id), way))
        except (MSignGatewayError, OSError) as error:
            sentence = f"{paper.file} is signed, but {paper.result} was not written: {error} (command {command_id})"
            raise _Ended(NOT_KNOWN, sentence) from error
    files = [{"file": str(paper.file), "signed": str(paper.result)} for paper in asked]
    signers = {result.signer.subject for result in data.results if result.signer}
    sentence = "\n".join(str(paper.result) for paper in asked)
    teller.say(
        "ready", f"Signed by {' and '.join(sorted(signers)) or 'somebody'}\n{sentence}", status="Success", files=files
    )


async def _signature(client: GatewayClient, result: ResultData | None, way: Way) -> bytes:
    if result is None:
        raise Transient("the event has no signature for it")
    if result.signature is None and result.signature_ref is not None and way.store is None:
        raise Malformed(f"{result.signature_ref} has to be fetched: give --gateway-url and --token")
    return await client.signature(result)
