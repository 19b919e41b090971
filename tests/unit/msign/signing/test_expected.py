from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from services.msign.mandates import NoMandates
from services.msign.signing.expected import is_expected
from shared.contract.models import DelegatorType, ExpectedSigner
from tests.pki import EPOCH, FAR, rsa_key

IDNP, IDNO, ANA = "2000000000024", "1000000000017", "2000000000017"
NOBODY = NoMandates()


@dataclass(frozen=True)
class OneMandate:
    """Mandates with exactly one in them."""

    held: tuple[object, ...]

    async def holds(self, who, delegator_type, delegator_id, role_id):
        return (who, delegator_type, delegator_id, role_id) == self.held


def certificate(*names: tuple[x509.ObjectIdentifier, str]) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(kind, value) for kind, value in ((NameOID.SERIAL_NUMBER, IDNP), *names)])
    key = rsa_key("md-person")
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(1)
    builder = builder.public_key(key.public_key()).not_valid_before(EPOCH).not_valid_after(FAR)
    return builder.sign(key, hashes.SHA256())


def for_organisation(number: str, role: int | None = None) -> ExpectedSigner:
    return ExpectedSigner(
        id=IDNP, delegator_type=DelegatorType.ORGANIZATION, delegator_id=number, delegated_role_id=role
    )


def for_person(number: str, role: int | None = None) -> ExpectedSigner:
    return ExpectedSigner(id=IDNP, delegator_type=DelegatorType.PERSON, delegator_id=number, delegated_role_id=role)


async def test_anybody_may_sign_where_nobody_is_expected():
    assert await is_expected(None, certificate(), NOBODY)


async def test_the_personal_number_must_be_the_expected_ones():
    assert await is_expected(ExpectedSigner(id=IDNP), certificate(), NOBODY)
    assert not await is_expected(ExpectedSigner(id=ANA), certificate(), NOBODY)


@pytest.mark.parametrize(
    "name",
    [
        (NameOID.ORGANIZATION_NAME, f"Întreprinderea Exemplu SRL, {IDNO}"),
        (NameOID.ORGANIZATION_IDENTIFIER, f"NTRMD-{IDNO}"),
    ],
)
async def test_who_has_the_organisations_number_in_the_certificate_signs_for_it_without_a_mandate(name):
    assert await is_expected(for_organisation(IDNO), certificate(name), NOBODY)
    assert not await is_expected(for_organisation("1000000000024"), certificate(name), NOBODY)


@pytest.mark.parametrize("text", ["Exemplu SRL", f"Exemplu SRL, 9{IDNO}"])
async def test_an_organisation_without_that_number_is_another_one(text):
    assert not await is_expected(for_organisation(IDNO), certificate((NameOID.ORGANIZATION_NAME, text)), NOBODY)


@pytest.mark.parametrize("role", [None, 0])
async def test_a_mandate_in_general_lets_sign_for_an_organisation_or_a_person(role):
    in_general = OneMandate((IDNP, DelegatorType.ORGANIZATION, IDNO, None))
    assert await is_expected(for_organisation(IDNO, role), certificate(), in_general)
    assert await is_expected(for_person(ANA, role), certificate(), OneMandate((IDNP, DelegatorType.PERSON, ANA, None)))


async def test_who_acts_in_a_role_needs_the_mandate_for_it_whatever_the_certificate_says():
    of_company = certificate((NameOID.ORGANIZATION_NAME, f"Exemplu SRL, {IDNO}"))
    assert not await is_expected(for_organisation(IDNO, 7), of_company, NOBODY)
    in_role = OneMandate((IDNP, DelegatorType.ORGANIZATION, IDNO, 7))
    assert await is_expected(for_organisation(IDNO, 7), of_company, in_role)
    assert not await is_expected(for_organisation(IDNO, 8), of_company, in_role)


async def test_nobody_represents_a_person_without_a_mandate():
    assert not await is_expected(for_person(ANA), certificate(), NOBODY)


async def test_a_personal_number_among_the_organisations_does_not_let_sign_for_that_person():
    named = certificate((NameOID.ORGANIZATION_NAME, f"Exemplu SRL, {ANA}"))
    assert not await is_expected(for_person(ANA), named, NOBODY)


async def test_a_mandate_does_not_make_somebody_else_the_expected_signer():
    expected = ExpectedSigner(id=ANA, delegator_type=DelegatorType.ORGANIZATION, delegator_id=IDNO)
    theirs = OneMandate((ANA, DelegatorType.ORGANIZATION, IDNO, None))
    assert not await is_expected(expected, certificate(), theirs)
