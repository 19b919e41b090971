"""What `cryptography` tells of a certificate is what asn1crypto tells of it, whatever the certificate is."""

from __future__ import annotations

import random
import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from shared.signatures import extensions
from shared.signatures.certificates import issuer_key, subject_key
from shared.signatures.conclusion import _issued_with
from shared.signatures.paths import _key
from shared.signatures.policy import _bits, _family
from shared.signatures.reading import certificate_of, quickly
from shared.signatures.sources import issuer_urls, list_urls, responder_urls, tells_status
from shared.signatures.tokens import _may_stamp
from shared.signatures.trust import may_sign
from shared.signatures.xades.naming import _telling
from tests.pki import TestPki, ec_key, name_of, rsa_key
from tests.unit.signatures.test_authorities import ISSUING, LEAVES, odd
from tests.unit.signatures.test_mutations import damaged

FIXTURES = Path(__file__).parents[2] / "fixtures" / "xades"
ROUNDS = 1500
TOLD: dict[str, Callable[[asn1_x509.Certificate], Any]] = {
    **{
        tell.__name__: tell
        for tell in (
            extensions.extensions, extensions.usages, extensions.purposes, extensions.policies,
            extensions.alternatives, subject_key, issuer_key, responder_urls, issuer_urls, list_urls, tells_status,
            may_sign, _may_stamp, _issued_with, _key, _bits, _family, _telling,
        )
    },
    "number": lambda one: one.serial_number,
    "begins": lambda one: one.not_valid_before,
    "ends": lambda one: one.not_valid_after,
    "digest": lambda one: one.sha256,
    "critical": lambda one: one.critical_extensions,
    "encoding": lambda one: one.dump(),
    "all": lambda one: one.native,
}  # fmt: skip


def distribution(*urls: str) -> x509.CRLDistributionPoints:
    names = [x509.UniformResourceIdentifier(url) for url in urls]
    return x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)])


def access(*urls: str) -> x509.AuthorityInformationAccess:
    methods = AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for url in urls for method in methods]
    )


USAGE = dict.fromkeys(
    ("key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only", "decipher_only"), False
)
PLACES = (
    "http://ca.example", "http://ca.example/", "https://ca.example/a/b-c_d.crl", "http://10.0.0.1/~a", "http://CA.example/",
    "http://ca.example:80/a", "http://ca.example:8080/a", "http://ca.example/%41.crl", "http://ca.example/?a=b&c=d",
    "http://xn--bcher-kva.example/", "http://ca.example/a#b", "HTTP://ca.example/a", "ldap://ca.example/a", "http:///a",
    "http://ca.example/a.crl\n", "urn:a", "",
)  # fmt: skip
MADE = {
    **{f"at {place!r}": odd(ISSUING, (distribution(place), False), (access(place), False)) for place in PLACES},
    "at several places": odd(ISSUING, (distribution(*PLACES), False), (access(*PLACES), False)),
    "usages": odd(
        ISSUING,
        (x509.KeyUsage(True, True, key_cert_sign=True, **USAGE), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ObjectIdentifier("1.2.3.4.5")]), True),
    ),
    "status declined": odd(ISSUING, (x509.OCSPNoCheck(), False), (distribution("http://ca.example/a.crl"), False)),
    **{
        f"a key on {curve.name}": ISSUING.issue(name_of((NameOID.COMMON_NAME, "A")), ec_key("any", curve).public_key())
        for curve in (ec.SECP256R1, ec.SECP521R1)
    },
    **{
        f"a key of {bits} bits": ISSUING.issue(
            name_of((NameOID.COMMON_NAME, "A")), rsa_key(f"{bits}", bits).public_key()
        )
        for bits in (1024, 2047, 3072)
    },
    "a name in many parts": ISSUING.issue(
        x509.Name(
            [
                x509.RelativeDistinguishedName(
                    [
                        x509.NameAttribute(NameOID.SURNAME, "Țurcanu"),
                        x509.NameAttribute(NameOID.GIVEN_NAME, "ANA  Ana "),
                    ]
                ),
                x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "Ana Țurcanu")]),
                x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "again")]),
            ]
        ),
        ec_key("any").public_key(),
    ),
}
ALL = {**LEAVES, **MADE, "authority": ISSUING.certificate, "stamper": TestPki.make().timestamper.certificate}


def outcome(tell: Callable[[asn1_x509.Certificate], Any], certificate: asn1_x509.Certificate) -> Any:
    try:
        return tell(certificate)
    except Exception as error:
        return type(error)


def differences(der: bytes) -> list[str]:
    """What is told otherwise of a certificate by asn1crypto alone, which reads it anew for each question."""
    known = certificate_of(der)
    return [
        name
        for name, tell in TOLD.items()
        if outcome(tell, known) != outcome(tell, asn1_x509.Certificate.load(der, strict=True))
    ]


@pytest.mark.parametrize("which", ALL)
def test_both_libraries_tell_the_same_of_certificates_that_are_ordinary(which):
    der = ALL[which].public_bytes(Encoding.DER)
    assert quickly(certificate_of(der)) is not None
    assert differences(der) == []


def test_both_libraries_tell_the_same_of_certificates_in_files_of_other_tools():
    found = {
        b64decode(one)
        for file in FIXTURES.glob("*.xml")
        for one in re.findall(rb"X509Certificate>\s*([A-Za-z0-9+/=\s]{100,}?)\s*<", file.read_bytes())
    }
    assert len(found) > 5
    assert [differences(der) for der in found] == [[]] * len(found)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("seed", range(2))
def test_both_libraries_tell_the_same_of_certificates_with_random_damage(seed):
    chance = random.Random(seed)
    whole = [one.public_bytes(Encoding.DER) for one in ALL.values()]
    ordinary = 0
    for _ in range(ROUNDS):
        der = damaged(chance.choice(whole), chance)
        try:
            known = certificate_of(der)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        ordinary += quickly(known) is not None
        assert differences(der) == [], der.hex()
    assert ordinary > ROUNDS / 50


@pytest.mark.parametrize(
    "name",
    [
        name_of(),
        name_of((NameOID.EMAIL_ADDRESS, "ca@example.org")),
        name_of((NameOID.DOMAIN_COMPONENT, "example")),
        name_of((ObjectIdentifier("1.2.3.4.5"), "text")),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ana", _type=_ASN1Type.T61String)]),
    ],
)
def test_names_that_are_more_than_text_are_read_by_asn1crypto(name):
    der = ISSUING.issue(name, ec_key("any").public_key()).public_bytes(Encoding.DER)
    assert quickly(certificate_of(der)) is None
    assert differences(der) == []


NETSCAPE = ObjectIdentifier("2.16.840.1.113730.1.1")


def test_extensions_that_only_asn1crypto_knows_are_read_by_it():
    held, broken = (
        odd(ISSUING, (x509.UnrecognizedExtension(NETSCAPE, value), False)).public_bytes(Encoding.DER)
        for value in (b"\x03\x02\x05\xa0", b"\x03\x05")
    )
    assert quickly(certificate_of(held)) is None
    assert differences(held) == []
    with pytest.raises(ValueError, match="Insufficient data"):
        certificate_of(broken)
