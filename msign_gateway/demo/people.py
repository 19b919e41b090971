"""Who signs in the demo? Made-up people of the test PKI, with the PINs of their made-up tokens."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Person:
    """One person with a signing instrument."""

    name: str
    idnp: str
    instrument: str
    pin: str
    organization: str | None


def read_people(file: Path) -> tuple[Person, ...]:
    """Return the people of the test PKI's `people.json`."""
    return tuple(Person(**entry) for entry in json.loads(file.read_text(encoding="utf-8")))
