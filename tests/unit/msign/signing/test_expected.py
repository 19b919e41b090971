import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from services.msign.signing.expected import is_expected
from shared.contract.models import DelegatorType, ExpectedSigner
from tests.pki import EPOCH, FAR, rsa_key

IDNP, IDNO = "2000000000024", "1000000000017"


def certificate(*names: tuple[x509.ObjectIdentifier, str]) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(kind, value) for kind, value in ((NameOID.SERIAL_NUMBER, IDNP), *names)])
    key = rsa_key("md-person")
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(1)
    builder = builder.public_key(key.public_key()).not_valid_before(EPOCH).not_valid_after(FAR)
    return builder.sign(key, hashes.SHA256())


def for_organisation(number: str) -> ExpectedSigner:
    return ExpectedSigner(id=IDNP, delegator_type=DelegatorType.ORGANIZATION, delegator_id=number)


def test_anybody_may_sign_where_nobody_is_expected():
    assert is_expected(None, certificate())


def test_the_personal_number_must_be_the_expected_ones():
    assert is_expected(ExpectedSigner(id=IDNP), certificate())
    assert not is_expected(ExpectedSigner(id="2000000000017"), certificate())


@pytest.mark.parametrize(
    "name",
    [
        (NameOID.ORGANIZATION_NAME, f"Întreprinderea Exemplu SRL, {IDNO}"),
        (NameOID.ORGANIZATION_IDENTIFIER, f"NTRMD-{IDNO}"),
    ],
)
def test_who_signs_for_an_organisation_has_its_number_in_the_certificate(name):
    assert is_expected(for_organisation(IDNO), certificate(name))
    assert not is_expected(for_organisation("1000000000024"), certificate(name))


@pytest.mark.parametrize("text", ["Exemplu SRL", f"Exemplu SRL, 9{IDNO}"])
def test_an_organisation_without_that_number_is_another_one(text):
    assert not is_expected(for_organisation(IDNO), certificate((NameOID.ORGANIZATION_NAME, text)))


@pytest.mark.parametrize(
    "unproven",
    [
        ExpectedSigner(id=IDNP, delegator_type=DelegatorType.PERSON, delegator_id="2000000000017"),
        ExpectedSigner(id=IDNP, delegator_type=DelegatorType.ORGANIZATION, delegator_id=IDNO, delegated_role_id=7),
    ],
)
def test_nobody_represents_a_person_or_acts_in_a_role_without_proof(unproven):
    assert not is_expected(unproven, certificate((NameOID.ORGANIZATION_NAME, f"Exemplu SRL, {IDNO}")))
