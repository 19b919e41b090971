"""How does each operation's element become a call of a handler, and its result an element again?

zeep's types, made from the WSDL, do both; this is the table of what goes where.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from services.msign.consumers import Consumer
from services.msign.handlers import MSign
from shared.contract import wsdl
from shared.contract.codec import read_sign_request, read_verification_request, to_value
from shared.contract.faults import InvalidParameter

Arguments = tuple[Any, ...]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@dataclass(frozen=True, slots=True)
class Operation:
    """`read` makes the handler's arguments of a parsed element, `handle` does the work, `write` gives zeep's value."""

    read: Callable[[Any], Arguments]
    handle: Callable[..., Awaitable[Any]]
    write: Callable[[Any], Any]


def read_arguments(name: str, call: etree._Element) -> Arguments:
    """The handler's arguments in a validated element. Raises `InvalidParameter`."""
    _drop_nil(call)
    return OPERATIONS[name].read(wsdl.element(name).parse(call, wsdl.document().types))


async def handle(msign: MSign, consumer: Consumer, name: str, arguments: Arguments) -> Any:
    """Do the work; returns the contract's dataclass or text."""
    return await OPERATIONS[name].handle(msign, consumer, *arguments)


def write_answer(name: str, result: Any) -> bytes:
    """The answer's envelope."""
    values = {f"{name}Result": OPERATIONS[name].write(result)}
    envelope = wsdl.operation(name).output.serialize(**values).content
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _drop_nil(call: etree._Element) -> None:
    # zeep reads a nil complex element as one whose parts are all empty, which would be an ExpectedSigner without an ID.
    for element in list(call.iterfind(".//{*}ExpectedSigner")) + list(call):
        parent = element.getparent()
        if parent is not None and element.get(_NIL, "").strip() in {"1", "true"}:
            parent.remove(element)


def _read_post(value: Any) -> Arguments:
    return (read_sign_request(_required("request", getattr(value, "request", None))),)


def _read_get(value: Any) -> Arguments:
    return _required("requestID", getattr(value, "requestID", None)), value.language


def _read_verify(value: Any) -> Arguments:
    return (read_verification_request(_required("request", getattr(value, "request", None))),)


def _required(name: str, value: Any) -> Any:
    if value is None or value == "":
        raise InvalidParameter(f"{name}: is required")
    return value


OPERATIONS = {
    "PostSignRequest": Operation(_read_post, MSign.post_sign_request, str),
    "GetSignResponse": Operation(_read_get, MSign.get_sign_response, to_value),
    "VerifySignatures": Operation(_read_verify, MSign.verify_signatures, to_value),
}
