"""What does a certificate tell about its owner?"""

from __future__ import annotations

from functools import lru_cache

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from shared.signatures.reading import fact, prepared, quickly, shared

MAX_SUBJECT_CHARACTERS = 250
MAX_REMEMBERED_BYTES = 1024
"""Larger names are prepared anew each time: what is remembered of hostile ones must stay small."""

_SHOWN: tuple[tuple[str, str], ...] = (
    (NameOID.ORGANIZATION_NAME.dotted_string, "O"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME.dotted_string, "OU"),
    (NameOID.COUNTRY_NAME.dotted_string, "C"),
    (NameOID.POSTAL_CODE.dotted_string, "PostalCode"),
    (NameOID.TITLE.dotted_string, "T"),
    (NameOID.STREET_ADDRESS.dotted_string, "STREET"),
    ("2.5.4.20", "Phone"),
    (NameOID.STATE_OR_PROVINCE_NAME.dotted_string, "S"),
    (NameOID.LOCALITY_NAME.dotted_string, "L"),
    (NameOID.SURNAME.dotted_string, "SN"),
    (NameOID.GIVEN_NAME.dotted_string, "G"),
    (NameOID.SERIAL_NUMBER.dotted_string, "SERIALNUMBER"),
    (NameOID.COMMON_NAME.dotted_string, "CN"),
)
_NO_PART = asn1_x509.NameTypeAndValue()
_DROPPED_FIRST = ("Phone", "STREET", "PostalCode", "S", "SN", "G", "OU", "L", "T", "C", "O")


def display_subject(certificate: x509.Certificate) -> str:
    """The subject for people, in the order of `signature-profile.md` ("Certificates"), at most 250 characters.

    A longer one loses whole attributes, the least telling first, and never the common name.
    """
    parts = _shown_parts(certificate)
    for name in _DROPPED_FIRST:
        if len(_joined(parts)) <= MAX_SUBJECT_CHARACTERS:
            break
        parts = [part for part in parts if part[0] != name]
    text = _joined(parts)
    return text if len(text) <= MAX_SUBJECT_CHARACTERS else text[: MAX_SUBJECT_CHARACTERS - 1] + "…"


def personal_number(certificate: x509.Certificate) -> str | None:
    """The subject's serialNumber, which holds the personal number (IDNP); None when there is not exactly one."""
    try:
        found = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    except ValueError:
        return None
    if len(found) != 1:
        return None
    return str(found[0].value).strip() or None


def to_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """The same certificate for asn1crypto."""
    return shared(asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)))


def name_key(name: asn1_x509.Name) -> str:
    """A distinguished name in the form in which names are compared (RFC 5280 section 7.1)."""
    der = name.dump()
    return _prepared(der) if len(der) <= MAX_REMEMBERED_BYTES else _prepared.__wrapped__(der)


@lru_cache(4096)
def _prepared(name: bytes) -> str:
    return str(asn1_x509.Name.load(name).hashable)


@fact
def subject_key(certificate: asn1_x509.Certificate) -> str:
    """`name_key` of the subject."""
    quick = quickly(certificate)
    return name_key(certificate.subject) if quick is None else _quick_key(quick.subject)


@fact
def issuer_key(certificate: asn1_x509.Certificate) -> str:
    """`name_key` of the issuer."""
    quick = quickly(certificate)
    return name_key(certificate.issuer) if quick is None else _quick_key(quick.issuer)


def _quick_key(name: x509.Name) -> str:
    """The same as `name_key`, of an ordinary certificate's name, which has nothing but text."""
    parts = []
    for attributes in name.rdns:
        values: dict[str, str] = {}
        for one in attributes:
            values[asn1_x509.NameType.map(one.oid.dotted_string)] = prepared(_NO_PART, str(one.value))
        parts.append("\x1f".join(f"{kind}: {values[kind]}" for kind in sorted(values)))
    return "\x1e".join(parts)


def _shown_parts(certificate: x509.Certificate) -> list[tuple[str, str]]:
    try:
        attributes = [(one.oid.dotted_string, str(one.value)) for one in certificate.subject]
    except ValueError:
        return []
    return [(label, _quoted(value)) for oid, label in _SHOWN for told, value in attributes if told == oid and value]


def _joined(parts: list[tuple[str, str]]) -> str:
    return ", ".join(f"{label}={value}" for label, value in parts)


def _quoted(value: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in value)
    if any(character in printable for character in ',+="<>;') or printable != printable.strip():
        return '"' + printable.replace('"', '""') + '"'
    return printable
