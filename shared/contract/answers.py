"""What does an answer of MSign say, as the contract's dataclasses?

Elements are taken in the schema's order, as zeep would take them (which reads the same from any answer, at several
times the cost): one that is not in its place makes the answer unusable; a value that cannot be read is none.
"""

import binascii
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from lxml import etree

from shared.contract import wsdl
from shared.contract.faults import read_fault
from shared.contract.models import (
    SignResponse,
    SignResult,
    SignStatus,
    SpooledResult,
    VerificationCertificate,
    VerificationResponse,
    VerificationResult,
)
from shared.errors import Transient
from shared.spool import Spool

Spools = Mapping[etree._Element, Spool]
"""The signatures that came beside the tree, by their element."""
Result = TypeVar("Result")
Read = Callable[[etree._Element, Spools], Result]

_SIGN_RESPONSE = {"Message": False, "Results": True, "Status": True}
_SIGN_RESULT = {"Certificate": False, "CorrelationID": False, "Signature": False}
_VERIFICATION_RESPONSE = {"Results": True}
_VERIFICATION_RESULT = {"Certificates": False, "CorrelationID": False, "Message": True, "SignaturesValid": True}
_CERTIFICATE = {"Certificate": True, "SignatureValid": True, "SignedAt": False, "Subject": True}
_SPACE = b" \t\r\n"
_TRUE = frozenset({"1", "true"})

Fields = dict[str, etree._Element]


def read_answer(name: str, root: etree._Element, spools: Spools, read: Read[Result]) -> Result:
    """Return what `read` makes of an operation's result.

    Raises the fault that the answer holds, `Transient` where there is no result, `ValueError` for one that does not
    match the contract.
    """
    body = root.find(f"{{{wsdl.ENVELOPE}}}Body")
    if body is None:
        raise Transient("MSign's answer is not a SOAP 1.1 envelope")
    if (fault := read_fault(body)) is not None:
        raise fault
    wrapper = body.find(f"{{{wsdl.NAMESPACE}}}{name}Response")
    if wrapper is None:
        raise Transient(f"MSign's answer holds no {name}Response")
    result = _fields(wrapper, {f"{name}Result": False}).get(f"{name}Result")
    if result is None or (not len(result) and not result.text):
        raise Transient(f"MSign's {name}Result is empty")
    return read(result, spools)


def read_request_id(result: etree._Element, _: Spools) -> str:
    """Return the RequestID."""
    request_id = (result.text or "").strip()
    if not request_id:
        raise ValueError("the RequestID is empty")
    return request_id


def read_sign_response(result: etree._Element, spools: Spools) -> SignResponse:
    """Return the SignResponse; large signatures stay in their spools."""
    fields = _fields(result, _SIGN_RESPONSE)
    return SignResponse(
        status=SignStatus(_text(fields, "Status") or ""),
        message=_text(fields, "Message"),
        results=tuple(_sign_result(item, spools) for item in _items(fields, "Results", "SignResult")),
    )


def read_verification_response(result: etree._Element, _: Spools) -> VerificationResponse:
    """Return the VerificationResponse."""
    items = _items(_fields(result, _VERIFICATION_RESPONSE), "Results", "VerificationResult")
    return VerificationResponse(results=tuple(map(_verification_result, items)))


def _sign_result(item: etree._Element, spools: Spools) -> SignResult:
    fields = _fields(item, _SIGN_RESULT)
    correlation_id, certificate = _text(fields, "CorrelationID"), _binary(fields, "Certificate")
    spool = spools.get(fields["Signature"]) if "Signature" in fields else None
    if spool is not None and not spool.is_in_memory:
        return SpooledResult(correlation_id=correlation_id, certificate=certificate, spool=spool)
    signature = _binary(fields, "Signature") if spool is None else spool.read() or None
    return SignResult(correlation_id=correlation_id, certificate=certificate, signature=signature)


def _verification_result(item: etree._Element) -> VerificationResult:
    fields = _fields(item, _VERIFICATION_RESULT)
    return VerificationResult(
        message=_text(fields, "Message") or "",
        signatures_valid=_boolean(fields, "SignaturesValid"),
        correlation_id=_text(fields, "CorrelationID"),
        certificates=tuple(map(_certificate, _items(fields, "Certificates", "VerificationCertificate"))),
    )


def _certificate(item: etree._Element) -> VerificationCertificate:
    fields = _fields(item, _CERTIFICATE)
    return VerificationCertificate(
        certificate=_binary(fields, "Certificate") or b"",
        signature_valid=_boolean(fields, "SignatureValid"),
        subject=_text(fields, "Subject") or "",
        signed_at=_moment(fields, "SignedAt"),
    )


def _fields(element: etree._Element, names: Mapping[str, bool]) -> Fields:
    """Return the children by their names, given in the schema's order and with whether it requires them.

    A nil or an empty element has none at all.
    """
    found: Fields = {}
    rest = deque(element)
    for name, required in names.items():
        if rest and _is(rest[0], name):
            found[name] = rest.popleft()
        elif rest and required:
            raise ValueError(f"{name} is missing")
    if rest:
        raise ValueError("an element is not in its place")
    return found


def _items(fields: Fields, array: str, name: str) -> list[etree._Element]:
    found = list(fields[array]) if array in fields else []
    if not all(_is(item, name) for item in found):
        raise ValueError(f"{array} holds something else than {name}")
    return found


def _is(element: etree._Element, name: str) -> bool:
    return element.tag in (f"{{{wsdl.NAMESPACE}}}{name}", name)


def _text(fields: Fields, name: str) -> str | None:
    return fields[name].text if name in fields else None


def _boolean(fields: Fields, name: str) -> bool:
    return (_text(fields, name) or "").strip() in _TRUE


def _binary(fields: Fields, name: str) -> bytes | None:
    text = _text(fields, name)
    try:
        return (
            None
            if text is None
            else binascii.a2b_base64(text.encode("ascii").translate(None, _SPACE), strict_mode=True)
        )
    except ValueError:
        return None


def _moment(fields: Fields, name: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat((_text(fields, name) or "").strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # .NET's word for no time is midnight of the year 1, in any zone
        return None
