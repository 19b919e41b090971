"""Which handler does each operation's call go to, and how does its result become an answer?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from services.msign.consumers import Consumer
from services.msign.handlers import MSign
from services.msign.soap.arguments import Arguments
from shared.contract import wsdl
from shared.contract.codec import to_value


@dataclass(frozen=True, slots=True)
class Operation:
    """`handle` does the work, `write` gives the value that zeep serialises."""

    handle: Callable[..., Awaitable[Any]]
    write: Callable[[Any], Any]


async def handle(msign: MSign, consumer: Consumer, name: str, arguments: Arguments) -> Any:
    """Do the work; returns the contract's dataclass or text."""
    return await OPERATIONS[name].handle(msign, consumer, *arguments)


def write_answer(name: str, result: Any) -> bytes:
    """The answer's envelope."""
    values = {f"{name}Result": OPERATIONS[name].write(result)}
    envelope = wsdl.operation(name).output.serialize(**values).content
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


OPERATIONS = {
    "PostSignRequest": Operation(MSign.post_sign_request, str),
    "GetSignResponse": Operation(MSign.get_sign_response, to_value),
    "VerifySignatures": Operation(MSign.verify_signatures, to_value),
}
