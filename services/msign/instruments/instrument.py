"""What does the Sign Page need to know about a signing instrument, and how does one say no?"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.contract.models import Instrument as InstrumentName
from shared.errors import MSignGatewayError
from shared.signatures.keys import SigningKey


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that an instrument's form asks for; its label is the page text `field_<name in lower case>`."""

    name: str
    secret: bool = False
    pattern: str = ""
    max_length: int = 64


class Refusal(StrEnum):
    """Why a key could not be opened; the page has a text for each."""

    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105
    WRONG_PIN = "wrong_pin"
    LOCKED = "locked"


class Refused(MSignGatewayError):
    """The instrument does not sign with what was entered; `tries_left` is set for a wrong PIN."""

    def __init__(self, why: Refusal, *, tries_left: int | None = None) -> None:
        super().__init__(f"the instrument refused: {why}")
        self.why = why
        self.tries_left = tries_left


class SigningInstrument(Protocol):
    """A way to sign that the Sign Page offers."""

    @property
    def name(self) -> InstrumentName:
        """Its name in the browser form (contract section 2)."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """What its page asks for, in order."""

    async def open(self, form: Mapping[str, str]) -> SigningKey:
        """Return the key that the entered values open; raises `Refused`."""
