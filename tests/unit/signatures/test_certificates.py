from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from shared.signatures.certificates import display_subject, personal_number
from tests.pki import TestPki, rsa_key

PHONE = x509.ObjectIdentifier("2.5.4.20")


def of(pki: TestPki, *parts: tuple[x509.ObjectIdentifier, str]) -> x509.Certificate:
    return pki.person(rsa_key("subject"), *parts).certificate


def test_the_display_form_has_the_order_of_the_profile(pki):
    certificate = of(
        pki,
        (NameOID.COMMON_NAME, "Ana Exemplu"),
        (NameOID.SERIAL_NUMBER, "2000000000007"),
        (NameOID.LOCALITY_NAME, "Chișinău"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Moldova"),
        (PHONE, "022000000"),
        (NameOID.STREET_ADDRESS, "str. Exemplu 1"),
        (NameOID.TITLE, "Director"),
        (NameOID.POSTAL_CODE, "MD-2033"),
        (NameOID.COUNTRY_NAME, "MD"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "IT"),
        (NameOID.ORGANIZATION_NAME, "Exemplu SRL 1000000000001"),
    )
    assert display_subject(certificate) == (
        "O=Exemplu SRL 1000000000001, OU=IT, C=MD, PostalCode=MD-2033, T=Director, STREET=str. Exemplu 1, "
        "Phone=022000000, S=Moldova, L=Chișinău, SERIALNUMBER=2000000000007, CN=Ana Exemplu"
    )


def test_a_natural_persons_subject_is_short(pki):
    assert display_subject(pki.signer.certificate) == "C=MD, SERIALNUMBER=2000000000007, CN=Ana Exemplu"


def test_a_long_subject_stays_within_250_characters_and_keeps_the_name(pki):
    long = of(
        pki,
        (NameOID.COMMON_NAME, "Ana Exemplu"),
        (NameOID.SERIAL_NUMBER, "2000000000007"),
        (NameOID.ORGANIZATION_NAME, "O" * 64),
        (NameOID.STREET_ADDRESS, "s" * 120),
        (NameOID.TITLE, "t" * 60),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "u" * 60),
    )
    shown = display_subject(long)
    assert len(shown) <= 250
    assert shown.endswith("SERIALNUMBER=2000000000007, CN=Ana Exemplu")
    assert shown.startswith("O=OOO")
    assert "STREET" not in shown


def test_a_value_that_could_pass_for_more_attributes_is_quoted(pki):
    sly = of(pki, (NameOID.COMMON_NAME, 'Ana, CN="Ion"'), (NameOID.COUNTRY_NAME, "MD"))
    assert display_subject(sly) == 'C=MD, CN="Ana, CN=""Ion"""'


def test_the_personal_number_is_the_subjects_serial_number(pki):
    assert personal_number(pki.signer.certificate) == "2000000000007"


def test_without_exactly_one_serial_number_there_is_no_personal_number(pki):
    assert personal_number(of(pki, (NameOID.COMMON_NAME, "Ana"))) is None
    twice = of(pki, (NameOID.SERIAL_NUMBER, "2000000000007"), (NameOID.SERIAL_NUMBER, "2000000000008"))
    assert personal_number(twice) is None
