"""What does the Sign Page need to know about a signing instrument, and how does one say no?"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from services.msign.instruments.numbers import IDNP_PATTERN, WRITTEN_LENGTH, digits
from shared.contract.models import Instrument as InstrumentName
from shared.errors import MSignGatewayError
from shared.signatures.keys import SigningKey


class FieldKind(StrEnum):
    """How a form shows a field: digits that may be seen, a secret, or a file to upload."""

    DIGITS = "digits"
    SECRET = "secret"  # noqa: S105
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that an instrument's form asks for; `max_length` counts characters, for a file bytes.

    `pattern` is what browsers let through; `read` tells what is meant by it.
    """

    name: str
    kind: FieldKind = FieldKind.DIGITS
    pattern: str = ""
    max_length: int = 64
    read: Callable[[str], str] = str.strip


IDNP = Field("IDNP", pattern=IDNP_PATTERN, max_length=WRITTEN_LENGTH, read=digits)
"""The personal number."""


class Refusal(StrEnum):
    """Why a key could not be opened; the page has a text for each."""

    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105
    UNKNOWN_SUBSCRIBER = "unknown_subscriber"
    WRONG_PIN = "wrong_pin"
    LOCKED = "locked"
    TOO_MANY_TRIES = "too_many_tries"
    TOO_MANY_CALLS = "too_many_calls"
    KEY_FILE_UNREADABLE = "key_file_unreadable"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    STATUS_UNKNOWN = "status_unknown"


class Refused(MSignGatewayError):
    """The instrument does not sign with what was entered.

    `tries_left` is set for a wrong PIN, `wait` where time helps: how long it takes until the next entry counts.
    """

    def __init__(self, why: Refusal, *, tries_left: int | None = None, wait: timedelta | None = None) -> None:
        super().__init__(f"the instrument refused: {why}")
        self.why = why
        self.tries_left = tries_left
        self.wait = wait


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A key that may sign now; with `pin_per_document` one PIN entry is good for one signature only."""

    key: SigningKey
    pin_per_document: bool = False


class SigningInstrument(Protocol):
    """A way to sign that the Sign Page offers."""

    @property
    def name(self) -> InstrumentName:
        """Its name in the browser form (contract section 2)."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """What its page asks for, in order."""

    @property
    def pin_per_document(self) -> bool:
        """Whether its tokens ask for the PIN before each signature: what the page announces."""

    def open(self, form: Mapping[str, str | bytes]) -> AbstractAsyncContextManager[OpenKey]:
        """Return the key that the entered values open; it works inside the block. Entering raises `Refused`."""
