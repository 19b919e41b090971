"""How do the contract's dataclasses become SOAP values?

One table per dataclass, field name → element name. zeep's types, made from the WSDL, do the rest: order, nil, base64.
Values to be sent are plain dictionaries. (Our client reads answers by itself, see `answers`; so does the provider with
requests, as they come: `services.msign.soap`.)
"""

from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from shared.contract.models import (
    SignContent,
    SignResult,
    VerificationCertificate,
    VerificationContent,
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
