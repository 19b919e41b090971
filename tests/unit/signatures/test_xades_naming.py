"""How the signed properties name a certificate: digest, serial number and issuer, in the spellings of real files."""

from __future__ import annotations

import base64
import hashlib

import pytest
from asn1crypto import tsp, x509
from cryptography.hazmat.primitives.serialization import Encoding

from shared.signatures.certificates import to_asn1
from shared.signatures.verdict import Refusal
from shared.signatures.xades.naming import named_certificates
from tests.pki import TestPki
from tests.unit.signatures.forms import DS, SHA256, XADES, tree

SPELLINGS = {
    "RFC 4514": "CN=MDQSign,2.5.4.97=NTRMD-1000000000001,O=Exemplu IT,L=Chișinău,C=MD",
    "the other way round, with spaces": "C=MD, L=Chișinău, O=Exemplu IT, OID.2.5.4.97=NTRMD-1000000000001, CN=MDQSign",
    "lower-case types and slashes": "/c=MD/l=Chișinău/o=Exemplu IT/cn=MDQSign",
    "escaped UTF-8": r"CN=MDQSign,O=Exemplu IT,L=Chi\C8\99in\C4\83u,C=MD",
    "encoded values": "CN=#0c074d44515369676e,O=Exemplu IT,C=MD",
    "quoted and wrapped": 'CN="MDQSign",\n  O="Exemplu IT", C=MD',
    "letters lost": "CN=MDQS?gn, L=Chi?in?u, C=MD",
    "nothing": "",
}
FOREIGN = {
    "another authority": "CN=Another CA,O=Exemplu IT,C=MD",
    "the root": "CN=mdtrustca,O=Exemplu IT,L=Chișinău,C=MD",
    "another encoded value": "CN=#0c0b416e6f74686572204341,O=Exemplu IT",
}


def named(pki: TestPki, issuer_serial: str, version: str = "") -> bool:
    """Whether the signer's certificate is named by its digest and what else stands there."""
    der = pki.signer.certificate.public_bytes(Encoding.DER)
    value = base64.b64encode(hashlib.sha256(der).digest()).decode()
    about = tree(
        f'<x:SignedSignatureProperties xmlns:x="{XADES}" xmlns:ds="{DS}"><x:SigningCertificate{version}><x:Cert>'
        f'<x:CertDigest><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>{value}</ds:DigestValue></x:CertDigest>'
        f"{issuer_serial}</x:Cert></x:SigningCertificate{version}></x:SignedSignatureProperties>"
    )
    (one,) = named_certificates(about)
    return one.names(der, to_asn1(pki.signer.certificate))


def first_version(pki: TestPki, issuer: str, serial: str | None = None) -> bool:
    number = str(pki.signer.certificate.serial_number) if serial is None else serial
    return named(
        pki,
        f"<x:IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{number}</ds:X509SerialNumber></x:IssuerSerial>",
    )


def second_version(pki: TestPki, encoded: bytes) -> bool:
    return named(pki, f"<x:IssuerSerialV2>{base64.b64encode(encoded).decode()}</x:IssuerSerialV2>", "V2")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_issuer_is_known_in_every_spelling(pki, spelling):
    assert first_version(pki, SPELLINGS[spelling])


@pytest.mark.parametrize("spelling", FOREIGN)
def test_a_foreign_issuer_names_another_certificate(pki, spelling):
    assert not first_version(pki, FOREIGN[spelling])


def test_a_foreign_serial_number_names_another_certificate(pki):
    assert first_version(pki, SPELLINGS["RFC 4514"], serial=f" {pki.signer.certificate.serial_number}\n")
    assert not first_version(pki, SPELLINGS["RFC 4514"], serial="1")


def test_a_serial_number_that_is_no_number_is_refused(pki):
    with pytest.raises(Refusal):
        first_version(pki, SPELLINGS["RFC 4514"], serial="one")


def test_the_encoded_issuer_and_serial_number_of_version_2_must_fit(pki):
    certificate = to_asn1(pki.signer.certificate)
    for issuer, serial, fits in (
        (certificate.issuer, certificate.serial_number, True),
        (certificate.subject, certificate.serial_number, False),
        (certificate.issuer, 1, False),
    ):
        told = tsp.IssuerSerial({"issuer": [x509.GeneralName("directory_name", issuer)], "serial_number": serial})
        assert second_version(pki, told.dump()) is fits


@pytest.mark.parametrize("encoded", [b"", b"no DER", b"\x30\x03\x02\x01\x01"])
def test_what_cannot_be_read_in_version_2_says_nothing_against_the_digest(pki, encoded):
    assert second_version(pki, encoded)
