"""Which certificate do the signed properties name? (TS 101 903 section 7.2.2, EN 319 132-1 clause 5.2.2)"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asn1crypto import core, tsp
from cryptography.x509.oid import NameOID

from shared.signatures.algorithms import digest
from shared.signatures.certificates import issuer_key
from shared.signatures.reading import fact, quickly
from shared.signatures.verdict import Refusal
from shared.signatures.xades.names import ds
from shared.signatures.xades.structure import digest_named
from shared.signatures.xades.tree import children, decode_base64, decoded, elements, only_child, text_of

if TYPE_CHECKING:
    from asn1crypto import x509 as asn1_x509
    from lxml import etree

_ESCAPED_BYTES = re.compile(r"(?:\\[0-9A-Fa-f]{2})+")
_ENCODED_VALUE = re.compile(r"#((?:[0-9A-Fa-f]{2})+)")
_TELLING = {
    "common_name": NameOID.COMMON_NAME,
    "organization_name": NameOID.ORGANIZATION_NAME,
    "organizational_unit_name": NameOID.ORGANIZATIONAL_UNIT_NAME,
}


@dataclass(frozen=True, slots=True)
class NamedCertificate:
    """A certificate as SigningCertificate (v1 or V2) names it: by its digest, and perhaps by issuer and serial number.

    `issuer_text` comes from v1, in any of the many spellings of RFC 2253 and RFC 4514; `issuer` from V2.
    """

    digest: str
    value: bytes
    serial: int | None = None
    issuer_text: str = ""
    issuer: asn1_x509.Name | None = None

    def names(self, der: bytes, certificate: asn1_x509.Certificate) -> bool:
        """Whether everything that is said fits this certificate, whose encoding is `der`."""
        return (
            digest(self.digest, der) == self.value
            and self.serial in (None, certificate.serial_number)
            and (self.issuer is None or self.issuer.hashable == issuer_key(certificate))
            and _is_told(certificate, self.issuer_text)
        )


def named_certificates(about: etree._Element | None) -> tuple[NamedCertificate, ...]:
    """The certificates that SignedSignatureProperties name; raises `Refusal` for a naming that cannot be read."""
    if about is None:
        return ()
    holders = children(about, "SigningCertificate") + children(about, "SigningCertificateV2")
    return tuple(_named(cert) for holder in holders for cert in children(holder, "Cert"))


def _named(cert: etree._Element) -> NamedCertificate:
    digested = only_child(cert, "CertDigest")
    parts = {} if digested is None else {part.tag.rpartition("}")[2]: part for part in elements(digested)}
    if set(parts) != {"DigestMethod", "DigestValue"}:  # of ds:, in XAdES 1.1.1 of xades:
        raise Refusal("signing_certificate", "the signing-certificate property cannot be read")
    name, value = digest_named(parts["DigestMethod"]), decoded(parts["DigestValue"])
    first, second = only_child(cert, "IssuerSerial"), only_child(cert, "IssuerSerialV2")
    if first is not None:
        return NamedCertificate(name, value, _serial(first), _text_below(first, "X509IssuerName"))
    if second is not None:
        return _by_encoding(NamedCertificate(name, value), text_of(second))
    return NamedCertificate(name, value)


def _serial(issuer_serial: etree._Element) -> int | None:
    text = _text_below(issuer_serial, "X509SerialNumber")
    try:
        return int(text[:64]) if text else None
    except ValueError as error:
        raise Refusal("signing_certificate", "the certificate's serial number cannot be read") from error


def _by_encoding(named: NamedCertificate, text: str) -> NamedCertificate:
    """IssuerSerialV2 holds a DER IssuerSerial (RFC 5035); one that is none says nothing: the digest names already."""
    try:
        told = tsp.IssuerSerial.load(decode_base64(text), strict=True)
        (general,) = told["issuer"]
        name, serial = general.chosen, int(told["serial_number"].native)
        if general.name != "directory_name":
            return named
        name.native  # noqa: B018 - forces the whole to be read now
    except (Refusal, ValueError, TypeError, KeyError):
        return named
    return NamedCertificate(named.digest, named.value, serial, issuer=name)


def _is_told(certificate: asn1_x509.Certificate, text: str) -> bool:
    """Whether a distinguished name written by anybody may be that of the issuer: it has the most telling value of it.

    Real files differ in order, separators, quoting, attribute types and escapes; some have lost letters to `?`.
    """
    if not text or "?" in text or "\ufffd" in text:
        return True
    telling = _telling(certificate)
    return not telling or _letters(telling) in _letters(_unescaped(text))


@fact
def _telling(certificate: asn1_x509.Certificate) -> str:
    """The most telling value of the issuer's name that stands there once; empty if there is none."""
    quick = quickly(certificate)
    if quick is None:
        told = certificate.issuer.native
        return next((told[kind] for kind in _TELLING if isinstance(told.get(kind), str)), "")
    values = [[str(one.value) for one in quick.issuer.get_attributes_for_oid(oid)] for oid in _TELLING.values()]
    return next((found[0] for found in values if len(found) == 1), "")


def _unescaped(text: str) -> str:
    text = _ESCAPED_BYTES.sub(lambda one: bytes.fromhex(one[0].replace("\\", "")).decode("utf-8", "replace"), text)
    return _ENCODED_VALUE.sub(_string_in, text)


def _string_in(encoded: re.Match[str]) -> str:
    try:
        return str(core.load(bytes.fromhex(encoded[1])).native)
    except ValueError:
        return encoded[0]


def _letters(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", text).casefold() if one.isalnum())


def _text_below(node: etree._Element, name: str) -> str:
    found = node.find(ds(name))
    return "" if found is None else text_of(found).strip()
