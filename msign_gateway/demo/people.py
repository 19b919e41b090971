"""Who signs in the demo? Made-up people of the test PKI, with the PINs of their made-up tokens."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """One person with a signing instrument; who owns several is there several times."""

    name: str
    idnp: str
    instrument: str
    pin: str
    """Of the token or the phone; for a key file, its password."""
    organization: str | None = None
    msisdn: str | None = None
    """The phone's number, for mobile."""
    key_file: Path | None = None
    """Where the key file is, for tax."""
    note: str = ""
    """What is wrong with the certificate, if something is."""


def read_people(file: Path) -> tuple[Person, ...]:
    """Return the people of the test PKI's `people.json`, whose key files it names by their places beside it."""
    rows = json.loads(file.read_text(encoding="utf-8"))
    return tuple(Person(**row | _key_file(row, file.parent)) for row in rows)


def _key_file(row: Mapping[str, Any], directory: Path) -> dict[str, Path]:
    return {"key_file": directory / row["key_file"]} if row.get("key_file") else {}


def owner_of(instrument: str, people: Iterable[Person]) -> Person | None:
    """Return the first one who can sign with an instrument, or None."""
    return next((person for person in people if person.instrument == instrument and not person.note), None)
