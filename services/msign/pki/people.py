"""Who are the made-up people that can sign at a test instance?

Nobody here exists: the personal numbers are outside the ranges in use and the PINs are printed on purpose.
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A demo signer; `subject` has the attributes of `signature-profile.md` besides name, IDNP and country."""

    name: str
    idnp: str
    instrument: str
    pin: str
    subject: dict[str, str]

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
        row = asdict(self)
        del row["subject"]
        return row | {"organization": self.subject.get("organization-name")}


PEOPLE = (
    Person(name="Ana Exemplu", idnp="2000000000017", instrument="moldsign", pin="1234", subject={}),
    Person(
        name="Ion Modelescu",
        idnp="2000000000024",
        instrument="moldsign",
        pin="2345",
        subject={
            "organization-name": "Întreprinderea Exemplu SRL, 1000000000017",
            "organizational-unit-name": "IT",
            "title": "Administrator",
            "street-address": "str. Exemplelor 1",
            "locality-name": "Chișinău",
            "state-or-province-name": "Chișinău",
            "postal-code": "MD-2000",
            "telephone-number": "+37300000001",
        },
    ),
    Person(name="Елена Примерова", idnp="2000000000031", instrument="moldsign", pin="3456", subject={}),
)
