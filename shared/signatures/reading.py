"""Which certificate is this encoding? The same few come with every signature, and are read once."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

from asn1crypto import x509 as asn1_x509

MAX_REMEMBERED = 512
MAX_REMEMBERED_BYTES = 4096
"""Larger ones are read anew each time; what is held of one takes about 45 times its encoding."""

MAX_REMEMBERED_CHARACTERS = 256

_F = TypeVar("_F")
_PLAIN = re.compile(r"[ -~]*")
_SPACES = re.compile(" +")


def certificate_of(der: bytes) -> asn1_x509.Certificate:
    """The certificate of an encoding with nothing behind it; nobody may change what is returned, for others have it.

    Raises whatever asn1crypto raises on unreadable input. A small one was read as a whole, others may break later.
    """
    return _read(der) if len(der) <= MAX_REMEMBERED_BYTES else asn1_x509.Certificate.load(der, strict=True)


def shared(certificate: asn1_x509.Certificate) -> asn1_x509.Certificate:
    """The same certificate as `certificate_of` its encoding; itself where it cannot be read as a whole."""
    try:
        return certificate_of(certificate.dump())
    except Exception:  # a hostile certificate may break any parser below
        return certificate


@lru_cache(MAX_REMEMBERED)
def _read(der: bytes) -> asn1_x509.Certificate:
    certificate = asn1_x509.Certificate.load(der, strict=True)
    certificate.native  # noqa: B018 - forces the whole to be read now, so that threads may share it
    certificate.critical_extensions  # noqa: B018 - gathered in steps: another thread might see only some
    certificate.facts = {}
    return certificate


def fact(tell: Callable[[asn1_x509.Certificate], _F]) -> Callable[[asn1_x509.Certificate], _F]:
    """Let what a function tells of a certificate be kept with it, if it is one that is remembered itself.

    Only for what follows from the certificate alone; what is raised is not kept.
    """

    @wraps(tell)
    def told(certificate: asn1_x509.Certificate) -> _F:
        facts: dict[object, _F] | None = vars(certificate).get("facts")
        if facts is None:
            return tell(certificate)
        if tell not in facts:
            facts[tell] = tell(certificate)
        return facts[tell]

    return told


@fact
def encoded(certificate: asn1_x509.Certificate) -> bytes:
    """The DER encoding that was read."""
    return bytes(certificate.dump())


AS_IT_COMES = asn1_x509.NameTypeAndValue._ldap_string_prep
"""asn1crypto's own preparation of a value for being compared (RFC 4518 section 2), character by character."""


def prepared(part: asn1_x509.NameTypeAndValue, value: str) -> str:
    """The same as `AS_IT_COMES`, which is remembered: certificates, timestamps and signatures repeat few values.

    Of plain ASCII, preparing changes nothing but letters to lower case and the spaces.
    """
    if _PLAIN.fullmatch(value):
        return f" {_SPACES.sub('  ', value.lower()).strip()} "
    return _prepared(value) if len(value) <= MAX_REMEMBERED_CHARACTERS else str(AS_IT_COMES(part, value))


@lru_cache(4096)
def _prepared(value: str) -> str:
    return str(AS_IT_COMES(asn1_x509.NameTypeAndValue(), value))


asn1_x509.NameTypeAndValue._ldap_string_prep = prepared
