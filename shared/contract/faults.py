"""Which faults does MSign answer with, and what does each mean for the caller? (contract section 1, "Faults")

The provider raises these exceptions, the client raises the same ones for a fault that it received.
"""

from enum import StrEnum

from lxml import etree

from shared.errors import Malformed, MSignGatewayError, ProviderDown, Transient


class FaultCode(StrEnum):
    """The contract's fault codes."""

    AUTHENTICATION_FAILED = "AuthenticationFailed"
    AUTHORIZATION_FAILED = "AuthorizationFailed"
    INVALID_PARAMETER = "InvalidParameter"
    REQUEST_NOT_FOUND = "RequestNotFound"


class MSignFault(MSignGatewayError):
    """MSign answered with a fault: `code` is the fault code's local name, `text` says why in plain English."""

    def __init__(self, text: str, *, code: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class AuthenticationFailed(MSignFault, ProviderDown):
    """MSign does not know us: nothing will work until somebody mends the certificate or the registration."""

    def __init__(self, text: str) -> None:
        super().__init__(text, code=FaultCode.AUTHENTICATION_FAILED)


class AuthorizationFailed(MSignFault):
    """The sign request was posted by another system; final."""

    def __init__(self, text: str) -> None:
        super().__init__(text, code=FaultCode.AUTHORIZATION_FAILED)


class InvalidParameter(MSignFault, Malformed):
    """A parameter breaks a rule of the contract; the text names it."""

    def __init__(self, text: str) -> None:
        super().__init__(text, code=FaultCode.INVALID_PARAMETER)
        self.field = ""


class RequestNotFound(MSignFault):
    """There is no such sign request, or it was removed from the online database; final."""

    def __init__(self, text: str) -> None:
        super().__init__(text, code=FaultCode.REQUEST_NOT_FOUND)


class UnknownFault(MSignFault, Transient):
    """A fault that the contract does not name, such as an error inside MSign."""


_FAULTS: dict[str, type[AuthenticationFailed | AuthorizationFailed | InvalidParameter | RequestNotFound]] = {
    FaultCode.AUTHENTICATION_FAILED: AuthenticationFailed,
    FaultCode.AUTHORIZATION_FAILED: AuthorizationFailed,
    FaultCode.INVALID_PARAMETER: InvalidParameter,
    FaultCode.REQUEST_NOT_FOUND: RequestNotFound,
}


def fault_of(code: str, text: str) -> MSignFault:
    """The exception for a received fault; the code counts by its local name, whatever the prefix."""
    local = code.strip().rpartition(":")[2]
    kind = _FAULTS.get(local)
    return kind(text) if kind else UnknownFault(text, code=local)


def read_fault(body: etree._Element) -> MSignFault | None:
    """The fault in a SOAP 1.1 body, or None when there is none."""
    for child in body:
        if etree.QName(child).localname == "Fault":
            return fault_of(_text(child, "faultcode"), _text(child, "faultstring"))
    return None


def _text(fault: etree._Element, name: str) -> str:
    found = next((child for child in fault if etree.QName(child).localname == name), None)
    return "" if found is None else "".join(str(part) for part in found.itertext()).strip()
