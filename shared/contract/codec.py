"""How do the contract's dataclasses become SOAP values, and back?

One table per dataclass, field name → element name. zeep's types, made from the WSDL, do the rest: order, nil, base64.
Values to be sent are plain dictionaries; answers received are whatever zeep parsed, read by attribute. (The provider
reads requests by itself, as they come: `services.msign.soap`.)
"""

from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from shared.contract import wsdl
from shared.contract.models import (
    SignContent,
    SignResponse,
    SignResult,
    SignStatus,
    VerificationCertificate,
    VerificationContent,
    VerificationResponse,
    VerificationResult,
)

_SPECIAL = {"id": "ID", "correlation_id": "CorrelationID", "delegator_id": "DelegatorID"}
_SPECIAL["delegated_role_id"] = "DelegatedRoleID"
_ITEMS = {
    SignContent: "SignContent",
    SignResult: "SignResult",
    VerificationContent: "VerificationContent",
    VerificationResult: "VerificationResult",
    VerificationCertificate: "VerificationCertificate",
}

Model = TypeVar("Model")


def element_name(field: str) -> str:
    """The contract's element for a field: `short_content_description` → `ShortContentDescription`."""
    return _SPECIAL.get(field) or "".join(part.capitalize() for part in field.split("_"))


def to_value(model: Any) -> dict[str, Any]:
    """The value that zeep serialises for one of the contract's dataclasses."""
    return {element_name(field.name): _sent(field.name, getattr(model, field.name)) for field in fields(model)}


def _sent(name: str, value: Any) -> Any:
    if isinstance(value, tuple):
        return _sent_array(name, value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if value is None or isinstance(value, str | bytes | bool | int):
        return value
    return to_value(value)


def _sent_array(name: str, items: tuple[Any, ...]) -> dict[str, Any] | None:
    if not items:
        return None if name == "certificates" else {}
    return {_ITEMS[type(items[0])]: [to_value(item) for item in items]}


def read_sign_response(value: Any) -> SignResponse:
    """The dataclass for a parsed `SignResponse`. Raises `ValueError` for an unknown status."""
    results = tuple(
        SignResult(correlation_id=item.CorrelationID, certificate=item.Certificate, signature=item.Signature)
        for item in _items(value.Results, "SignResult")
    )
    return SignResponse(status=SignStatus(value.Status), message=value.Message, results=results)


def read_verification_response(value: Any) -> VerificationResponse:
    """The dataclass for a parsed `VerificationResponse`."""
    return VerificationResponse(
        results=tuple(_read_verification_result(item) for item in _items(value.Results, "VerificationResult"))
    )


def _read_verification_result(value: Any) -> VerificationResult:
    return VerificationResult(
        message=value.Message or "",
        signatures_valid=bool(value.SignaturesValid),
        correlation_id=value.CorrelationID,
        certificates=tuple(
            VerificationCertificate(
                certificate=item.Certificate or b"",
                signature_valid=bool(item.SignatureValid),
                subject=item.Subject or "",
                signed_at=_aware(item.SignedAt),
            )
            for item in _items(value.Certificates, "VerificationCertificate")
        ),
    )


def _items(array: Any, name: str) -> list[Any]:
    found = [] if array is None else getattr(array, name) or []
    return [wsdl.element(name)() if item is None else item for item in found]


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
