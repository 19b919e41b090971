"""Which certificate is this encoding? The same few come with every signature, and are read once.

An ordinary one is read by `cryptography`, in a twentieth of the time that asn1crypto takes. What it tells answers most
questions; asn1crypto reads the whole certificate only where something else is asked, or it is not ordinary.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, wraps
from hashlib import sha256
from threading import RLock
from typing import Any, TypeVar

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.name import _ASN1Type

from shared.signatures.der import SEQUENCE, only

MAX_REMEMBERED = 512
MAX_REMEMBERED_BYTES = 4096
"""Larger ones are read anew each time; what is held of one takes about 45 times its encoding."""

MAX_REMEMBERED_CHARACTERS = 256

_F = TypeVar("_F")
_PLAIN = re.compile(r"[ -~]*")
_SPACES = re.compile(" +")
_READING = RLock()


class Certificate(asn1_x509.Certificate):  # type: ignore[misc]
    """An ordinary certificate: asn1crypto reads it, as a whole and at once, when something is asked that it must tell.

    Threads may share it. `quick` is what `cryptography` read; nobody may change anything.
    """

    der: bytes
    quick: x509.Certificate
    facts: dict[object, Any]
    _sha256: bytes | None

    @classmethod
    def of(cls, der: bytes, quick: x509.Certificate) -> Certificate:
        """The certificate that was read from `der`; raises `ValueError` where something stands behind it."""
        certificate: Certificate = cls.load(der, strict=True)
        certificate.der, certificate.quick, certificate.facts = der, quick, {}
        return certificate

    def _parse_children(self, recurse: bool = False) -> None:
        with _READING:
            if self.children is None:
                self.__dict__.update(vars(_whole(self.der)))

    def _set_extensions(self) -> None:
        self._parse_children()

    @property
    def native(self) -> Any:
        """All of it, as asn1crypto tells it."""
        self._parse_children()
        return self._native

    def dump(self, force: bool = False) -> bytes:
        """The DER encoding that was read."""
        return self.der

    def __reduce__(self) -> tuple[Callable[[bytes], asn1_x509.Certificate], tuple[bytes]]:
        """Between processes certificates travel as DER."""
        return certificate_of, (self.der,)

    def copy(self) -> asn1_x509.Certificate:
        """One of asn1crypto's own, which may be changed."""
        return asn1_x509.Certificate.load(self.der)

    __copy__ = copy

    def __deepcopy__(self, memo: object) -> asn1_x509.Certificate:
        return self.copy()

    def retag(self, *given: Any, **named: Any) -> asn1_x509.Certificate:
        """The same under another tag, as asn1crypto writes it into other structures."""
        return self.copy().retag(*given, **named)

    def untag(self) -> asn1_x509.Certificate:
        """A copy without a tag of its own."""
        return self.copy()

    @property
    def sha256(self) -> bytes:
        """The SHA-256 digest of the encoding."""
        if self._sha256 is None:
            self._sha256 = sha256(self.der).digest()
        return self._sha256

    @property
    def serial_number(self) -> int:
        """The number that the issuer gave it."""
        return self.quick.serial_number

    @property
    def not_valid_before(self) -> datetime:
        """When it begins to be valid."""
        return self.quick.not_valid_before_utc

    @property
    def not_valid_after(self) -> datetime:
        """When it expires."""
        return self.quick.not_valid_after_utc

    @property
    def critical_extensions(self) -> set[str]:
        """The names of the critical extensions, as asn1crypto calls them; numbers for unknown ones."""
        return {asn1_x509.ExtensionId.map(one.oid.dotted_string) for one in self.quick.extensions if one.critical}


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
    quick = _ordinary(der)
    if quick is not None:
        return Certificate.of(der, quick)
    certificate = _whole(der)
    certificate.facts = {}
    return certificate


def _whole(der: bytes) -> asn1_x509.Certificate:
    certificate = asn1_x509.Certificate.load(der, strict=True)
    certificate.native  # noqa: B018 - forces the whole to be read now, so that threads may share it
    certificate.critical_extensions  # noqa: B018 - gathered in steps: another thread might see only some
    return certificate


def _ordinary(der: bytes) -> x509.Certificate | None:
    """What `cryptography` reads of a certificate; None for one of which it may not read all that asn1crypto would.

    Its key is of a kind that both know, encoded in the only way there is; its names are plain text; each extension is
    read by both or by neither.
    """
    try:
        read = x509.load_der_x509_certificate(der)
        key = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        told = only(read.tbs_certificate_bytes, SEQUENCE).children()[6].encoding
        plain = read.version is x509.Version.v3 and key == told
        named = read.subject and read.issuer and all(map(_is_text, (*read.subject, *read.issuer)))
        return read if plain and named and all(map(_is_told, read.extensions)) else None
    except Exception:  # a hostile certificate may break any parser below
        return None


def _is_text(part: x509.NameAttribute[str | bytes]) -> bool:
    kind = asn1_x509.NameTypeAndValue._oid_specs.get(asn1_x509.NameType.map(part.oid.dotted_string))
    printable = part._type is _ASN1Type.PrintableString and str(part.value).isascii()
    return kind is asn1_x509.DirectoryString and (printable or part._type is _ASN1Type.UTF8String)


def _is_told(extension: x509.Extension[x509.ExtensionType]) -> bool:
    unknown = isinstance(extension.value, x509.UnrecognizedExtension)
    return not unknown or asn1_x509.ExtensionId.map(extension.oid.dotted_string) == extension.oid.dotted_string


def quickly(certificate: asn1_x509.Certificate) -> x509.Certificate | None:
    """What `cryptography` read of a certificate, if it is an ordinary one that is remembered."""
    return certificate.quick if isinstance(certificate, Certificate) else None


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
