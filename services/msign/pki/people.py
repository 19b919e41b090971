"""Who are the made-up people that can sign at a test instance, and with what?

Nobody here exists: the personal numbers are outside the ranges in use and the PINs are printed on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.contract.models import Instrument


class Flaw(StrEnum):
    """What is wrong with a certificate on purpose."""

    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person with one instrument; who owns several stands here several times, each with a key of its own.

    `subject` has the attributes of `signature-profile.md` besides name, IDNP and country; `pin` is a key file's
    password; `msisdn` is the phone's number; with `curve` the key is
    a P-256 one instead of RSA.
    """

    name: str
    idnp: str
    instrument: str
    pin: str
    subject: Mapping[str, str] = field(default_factory=dict)
    msisdn: str | None = None
    flaw: Flaw | None = None
    curve: bool = False

    @property
    def label(self) -> str:
        """The name of the person's key and certificate."""
        return f"{self.instrument}-{self.idnp}"

    @property
    def token(self) -> str:
        """The label of the token: a SIM is known by its number, anything else by its owner's."""
        return f"{self.instrument}-{self.msisdn or self.idnp}"

    @property
    def token_file(self) -> str:
        """Where the key is as a PKCS#12 file, in the infrastructure's directory."""
        return f"tokens/{self.token}.p12"

    def distinguished_name(self) -> dict[str, str]:
        """Return the certificate's subject for certomancer's configuration."""
        return {
            **self.subject,
            "country-name": "MD",
            "serial-number": self.idnp,
            "common-name": self.name,
        }

    def listed(self) -> dict[str, Any]:
        """Return the row of `people.json`."""
        row: dict[str, Any] = {
            "name": self.name,
            "idnp": self.idnp,
            "instrument": self.instrument,
            "pin": self.pin,
            "organization": self.subject.get("organization-name"),
            "note": f"certificate {self.flaw}" if self.flaw else "",
        }
        key_file = {"key_file": self.token_file} if self.instrument == Instrument.TAX else {}
        return row | key_file | ({"msisdn": self.msisdn} if self.msisdn else {})


_COMPANY = {
    "organization-name": "Întreprinderea Exemplu SRL, 1000000000017",
    "organizational-unit-name": "IT",
    "title": "Administrator",
    "street-address": "str. Exemplelor 1",
    "locality-name": "Chișinău",
    "state-or-province-name": "Chișinău",
    "postal-code": "MD-2000",
    "telephone-number": "+37300000001",
}
_ANA, _ION, _ELENA = (
    ("Ana Exemplu", "2000000000017"),
    ("Ion Modelescu", "2000000000024"),
    ("Елена Примерова", "2000000000031"),
)
_STEFAN, _MARIA = ("Ștefan Probă", "2000000000048"), ("Maria Țintă", "2000000000055")


def _person(who: tuple[str, str], instrument: Instrument, pin: str, **more: Any) -> Person:
    return Person(name=who[0], idnp=who[1], instrument=instrument.value, pin=pin, **more)


PEOPLE = (
    _person(_ANA, Instrument.MOLDSIGN, "1234"),
    _person(_ION, Instrument.MOLDSIGN, "2345", subject=_COMPANY),
    _person(_ELENA, Instrument.MOLDSIGN, "3456"),
    _person(_STEFAN, Instrument.MOLDSIGN, "4567", flaw=Flaw.EXPIRED, curve=True),
    _person(_ANA, Instrument.NATIONALID, "123456"),
    _person(_ELENA, Instrument.NATIONALID, "234567"),
    _person(_MARIA, Instrument.NATIONALID, "345678", flaw=Flaw.REVOKED, curve=True),
    _person(_ANA, Instrument.SECURESIGN, "87654321", curve=True),
    _person(_ION, Instrument.SECURESIGN, "76543210", subject=_COMPANY),
    _person(_ANA, Instrument.MOBILE, "1357", msisdn="37369000017", curve=True),
    _person(_ELENA, Instrument.MOBILE, "2468", msisdn="37369000031", curve=True),
    _person(_STEFAN, Instrument.MOBILE, "3579", msisdn="37369000048", flaw=Flaw.EXPIRED, curve=True),
    _person(_ANA, Instrument.TAX, "cheia-Anei-2026"),
    _person(_ION, Instrument.TAX, "cheia-firmei-2026", subject=_COMPANY, curve=True),
)
