"""What does a call ask for? Its element, which the schema has allowed, as the contract's dataclasses.

Missing, nil and empty all read as nothing, for `limits` to judge.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from shared.contract.faults import InvalidParameter
from shared.contract.models import (
    ContentType,
    DelegatorType,
    ExpectedSigner,
    SignContent,
    SignRequest,
    VerificationContent,
    VerificationRequest,
)
from shared.contract.wsdl import NAMESPACE

Arguments = tuple[Any, ...]
Values = Mapping[etree._Element, io.BytesIO]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TRUE = frozenset({"1", "true"})


def read_arguments(name: str, call: etree._Element, values: Values) -> Arguments:
    """Return the handler's arguments; `values` are the binary ones. Raises `InvalidParameter` where one is missing."""
    return _READERS[name](call, values)


def _post(call: etree._Element, values: Values) -> Arguments:
    request = _required(call, "request")
    return (
        SignRequest(
            content_type=ContentType(_text(request, "ContentType") or ""),
            short_content_description=_text(request, "ShortContentDescription") or "",
            contents=tuple(_sign_content(one, values) for one in _items(request, "SignContent")),
            content_description=_text(request, "ContentDescription"),
            signature_reason=_text(request, "SignatureReason"),
            expected_signer=_expected_signer(request),
        ),
    )


def _sign_content(element: etree._Element, values: Values) -> SignContent:
    return SignContent(
        content=_binary(element, "Content", values),
        correlation_id=_text(element, "CorrelationID"),
        name=_text(element, "Name"),
        multiple_signatures=(_text(element, "MultipleSignatures") or "").strip() in _TRUE,
    )


def _expected_signer(request: etree._Element) -> ExpectedSigner | None:
    element = _child(request, "ExpectedSigner")
    if element is None:
        return None
    role = _text(element, "DelegatedRoleID")
    return ExpectedSigner(
        id=_text(element, "ID") or "",
        delegator_type=DelegatorType(_text(element, "DelegatorType") or DelegatorType.NONE),
        delegator_id=_text(element, "DelegatorID"),
        delegated_role_id=None if role is None else int(role),
    )


def _get(call: etree._Element, _: Values) -> Arguments:
    request_id = _text(call, "requestID")
    if request_id is None:
        raise InvalidParameter("requestID: is required")
    return request_id, _text(call, "language")


def _verify(call: etree._Element, values: Values) -> Arguments:
    request = _required(call, "request")
    return (
        VerificationRequest(
            signed_content_type=ContentType(_text(request, "SignedContentType") or ""),
            contents=tuple(_verification_content(one, values) for one in _items(request, "VerificationContent")),
            language=_text(request, "Language"),
        ),
    )


def _verification_content(element: etree._Element, values: Values) -> VerificationContent:
    return VerificationContent(
        signature=_binary(element, "Signature", values),
        content=_binary(element, "Content", values) or None,
        correlation_id=_text(element, "CorrelationID"),
    )


def _required(call: etree._Element, name: str) -> etree._Element:
    found = _child(call, name)
    if found is None:
        raise InvalidParameter(f"{name}: is required")
    return found


def _items(request: etree._Element, name: str) -> list[etree._Element]:
    return request.findall(f"{{{NAMESPACE}}}Contents/{{{NAMESPACE}}}{name}")


def _child(element: etree._Element, name: str) -> etree._Element | None:
    found = element.find(f"{{{NAMESPACE}}}{name}")
    return None if found is None or found.get(_NIL, "").strip() in _TRUE else found


def _text(element: etree._Element, name: str) -> str | None:
    found = _child(element, name)
    return None if found is None else found.text


def _binary(element: etree._Element, name: str, values: Values) -> bytes:
    found = _child(element, name)
    return b"" if found is None or found not in values else values[found].getvalue()


_READERS: dict[str, Callable[[etree._Element, Values], Arguments]] = {
    "PostSignRequest": _post,
    "GetSignResponse": _get,
    "VerifySignatures": _verify,
}
