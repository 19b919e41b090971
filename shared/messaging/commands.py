"""What may a system ask for? The data of the two commands, as they stand on the wire.

Shapes, types and lengths are checked here; the rules of the contract that need the contents themselves are
`shared.contract.limits`' business, and who may return where is the registry's.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Protocol, Self, runtime_checkable

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from shared.contract.models import ContentType, DelegatorType, Instrument, Language
from shared.messaging.envelope import Moment

SIGN_REQUEST = "msign.sign.request.v1"
VERIFICATION_REQUEST = "msign.verification.request.v1"

OWN_IDS = "msign-gateway-"
"""How the ids begin that contents without one get from us; systems' own must not, or two could be the same."""
REF_PATTERN = r"^sha256:[0-9a-f]{64}$"


@runtime_checkable
class LongBase64(Protocol):
    """Base64 that is no copy of what came in (`shared.messaging.long_texts`)."""

    @property
    def padding(self) -> int: ...  # noqa: D102
    def decoded(self) -> bytes: ...  # noqa: D102
    def __len__(self) -> int: ...


def _decode(value: object) -> object:
    if not isinstance(value, str | LongBase64):
        return value
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else value.decoded()
    except (binascii.Error, ValueError):
        raise PydanticCustomError("bad_base64", "is not base64") from None


def inline_bytes(data: Mapping[str, object], field: str) -> int:
    """Return how many bytes the contents of a command bring inline in `field`, told from their base64.

    So that what is too much is never decoded; of data that have another shape only what looks like base64 counts.
    """
    contents = data.get("contents")
    said = [item.get(field) for item in contents if isinstance(item, dict)] if isinstance(contents, list) else []
    return sum(len(text) // 4 * 3 - _padding(text) for text in said if isinstance(text, str | LongBase64))


def _padding(text: str | LongBase64) -> int:
    return text[-2:].count("=") if isinstance(text, str) else text.padding


Base64 = Annotated[
    bytes,
    BeforeValidator(
        _decode, json_schema_input_type=Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]
    ),
]


def _refusing(pattern: str) -> AfterValidator:
    unusable = re.compile(pattern)

    def check(text: str) -> str:
        if unusable.search(text):
            raise PydanticCustomError("unusable_character", "holds a character that cannot be passed on")
        return text

    return AfterValidator(check)


XML = _refusing("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Text that XML 1.0 can carry to MSign (its production Char)."""
STORED = _refusing("\x00")
"""Text that Postgres can keep."""
Url = Annotated[str, Field(max_length=2048), _refusing("[\x00-\x20\x7f]")]
Ref = Annotated[str, Field(pattern=REF_PATTERN)]


def _not_ours(text: str) -> str:
    if text.startswith(OWN_IDS):
        raise PydanticCustomError("reserved", f"must not begin with {OWN_IDS}")
    return text


CorrelationId = Annotated[str, Field(min_length=1, max_length=36), XML, AfterValidator(_not_ours)]


LAST_YEAR = 9000
"""A deadline at the end of the calendar could not be put off any more."""


def _can_be_put_off(deadline: datetime) -> datetime:
    if deadline.year > LAST_YEAR:
        raise PydanticCustomError("out_of_the_calendar", f"must not lie after the year {LAST_YEAR}")
    return deadline


Deadline = Annotated[Moment, AfterValidator(_can_be_put_off)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _one_in_schema(first: str, second: str) -> ConfigDict:
    given: list[JsonValue] = [
        {"required": [name], "properties": {name: {"type": "string"}}} for name in (first, second)
    ]
    return ConfigDict(json_schema_extra={"oneOf": given})


class SignContentData(_Data):
    """One thing to sign, inline or by reference to a stored content."""

    model_config = _one_in_schema("content", "content_ref")

    content: Base64 | None = None
    """The digest for Hash (SHA-1 or longer), the whole file for Pdf."""
    content_ref: Ref | None = None
    """The reference of a content that was stored before, over HTTP."""
    correlation_id: CorrelationId | None = None
    """Comes back with the result; unique within the command."""
    name: Annotated[str, Field(max_length=256), XML] | None = None
    """The file's name, for the Sign Page."""
    multiple_signatures: bool = False
    """Whether others may sign the PDF afterwards."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        _exactly_one(self, "content", "content_ref")
        return self


class ExpectedSignerData(_Data):
    """Who must sign."""

    id: Annotated[str, Field(max_length=32), XML]
    """The signer's personal number (IDNP, 13 digits)."""
    delegator_type: DelegatorType = DelegatorType.NONE
    """Whom the signer acts for, if for anybody."""
    delegator_id: Annotated[str, Field(max_length=64), XML] | None = None
    """The number of whom the signer acts for (IDNP or IDNO)."""
    delegated_role_id: Annotated[int, Field(ge=-(2**31), lt=2**31)] | None = None
    """The role in which the signer may act, as MSign numbers it."""


class SignRequestData(_Data):
    """The data of `msign.sign.request.v1`."""

    content_type: ContentType
    """Hash or Pdf; one kind in a command."""
    short_description: Annotated[str, Field(min_length=1, max_length=90), XML]
    """What is signed, in the few words that a phone shows."""
    description: Annotated[str, Field(max_length=512), XML] | None = None
    """What is signed, for the Sign Page; the short description if left out."""
    signature_reason: Annotated[str, Field(max_length=255), XML] | None = None
    """The reason that stands in a signed PDF."""
    contents: Annotated[list[SignContentData], Field(min_length=1)]
    """What is signed, in the order of the results."""
    expected_signer: ExpectedSignerData | None = None
    """Who must sign; anybody may if left out."""
    return_url: Url
    """Where the browser goes afterwards; in an origin that the system registered."""
    relay_state: Annotated[str, Field(max_length=2048), STORED] | None = None
    """Comes back unchanged, in the event and in the browser's address."""
    language: Language = Language.RO
    """Of the Sign Page and of messages to the user."""
    instrument: Instrument | None = None
    """The instrument to sign with; the user chooses if left out."""
    msisdn: Annotated[str, Field(pattern=r"^[0-9]{6,15}$")] | None = None
    """The signer's phone number, digits only; needed with `mobile`."""
    deadline: Deadline | None = None
    """Until when the user may sign; 24 hours if left out, unless an operator set another time."""


class VerificationContentData(_Data):
    """One signature to verify; `content` is the hash that was signed."""

    model_config = _one_in_schema("signature", "signature_ref")

    signature: Base64 | None = None
    """The XAdES document for Hash, the signed file for Pdf."""
    signature_ref: Ref | None = None
    """The reference of a signature that was stored before."""
    content: Base64 | None = None
    """The hash that was signed; for Hash only."""
    correlation_id: CorrelationId | None = None
    """Comes back with the verdict; unique within the command."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        _exactly_one(self, "signature", "signature_ref")
        return self


class VerificationRequestData(_Data):
    """The data of `msign.verification.request.v1`."""

    content_type: ContentType
    """Hash or Pdf; one kind in a command."""
    language: Language = Language.RO
    """Of the verdicts' messages."""
    contents: Annotated[list[VerificationContentData], Field(min_length=1)]
    """What is verified, in the order of the verdicts."""


def _exactly_one(data: BaseModel, first: str, second: str) -> None:
    if (getattr(data, first) is None) == (getattr(data, second) is None):
        raise PydanticCustomError("one_of", f"needs exactly one of {first} and {second}")
