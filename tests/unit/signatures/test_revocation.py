"""What a revocation list proves, and which lists prove nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from shared.signatures.responder import StatusUnknown
from shared.signatures.revocation import judge
from tests.pki import CA_NAME, EPOCH, FAR, SIGNER_NAME, name_of, rsa_key

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HERE = "http://127.0.0.1:1/mdqsign.crl"
ISSUER_NAME, ISSUER_KEY = name_of(*CA_NAME), rsa_key("issuer of lists")


def certificate(subject: x509.Name, *extensions: x509.ExtensionType) -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(ISSUER_NAME).serial_number(7)
    builder = builder.public_key(ISSUER_KEY.public_key()).not_valid_before(EPOCH).not_valid_after(FAR)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(ISSUER_KEY, hashes.SHA256())


def places(url: str) -> list[x509.GeneralName]:
    return [x509.UniformResourceIdentifier(url)]


ISSUER = certificate(ISSUER_NAME)
LEAF = certificate(
    name_of(*SIGNER_NAME), x509.CRLDistributionPoints([x509.DistributionPoint(places(HERE), None, None, None)])
)


def scope(**changes: object) -> x509.IssuingDistributionPoint:
    values: dict[str, object] = {
        "full_name": places(HERE),
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(values | changes))  # type: ignore[arg-type]


def listed(
    *serials: int, extension: x509.ExtensionType | None = None, key=ISSUER_KEY, made: datetime = NOW, by=ISSUER_NAME
) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(by)
    builder = builder.last_update(made).next_update(made + timedelta(hours=1))
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(made).build()
        builder = builder.add_revoked_certificate(revoked)
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "extension",
    [None, scope(), scope(only_contains_user_certs=True), scope(full_name=None, only_contains_user_certs=True)],
)
def test_a_certificate_is_revoked_when_the_list_has_it(extension: x509.ExtensionType | None):
    assert judge(LEAF, ISSUER, listed(6, 7, extension=extension), NOW)
    assert not judge(LEAF, ISSUER, listed(6, 8, extension=extension), NOW)


@pytest.mark.parametrize(
    "extension",
    [
        scope(full_name=places("http://127.0.0.1:1/other.crl")),
        scope(only_contains_ca_certs=True),
        scope(only_contains_attribute_certs=True),
        scope(indirect_crl=True),
        scope(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})),
        x509.DeltaCRLIndicator(1),
    ],
)
def test_a_list_that_is_not_about_all_of_the_issuers_signers_proves_nothing(extension: x509.ExtensionType):
    with pytest.raises(StatusUnknown):
        judge(LEAF, ISSUER, listed(extension=extension), NOW)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        listed(key=rsa_key("somebody else")),
        listed(by=name_of(*SIGNER_NAME)),
        listed(made=NOW - timedelta(hours=2)),
        listed(made=NOW + timedelta(minutes=1)),
    ],
)
def test_a_list_that_is_broken_foreign_or_not_current_proves_nothing(data: bytes):
    with pytest.raises(StatusUnknown):
        judge(LEAF, ISSUER, data, NOW)
