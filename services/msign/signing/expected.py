"""Is this the signer that the e-Service expects?"""

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

from services.msign.mandates import Mandates
from shared.contract.models import DelegatorType, ExpectedSigner
from shared.signatures.certificates import personal_number

_ORGANISATION_NUMBER = re.compile(r"(?<![0-9])[0-9]{13}(?![0-9])")


async def is_expected(expected: ExpectedSigner | None, certificate: x509.Certificate, mandates: Mandates) -> bool:
    """Tell whether the certificate is the expected signer's (contract: the IDNP must match).

    Who signs for somebody else needs a mandate from them, and one for the role if a role is asked for. The
    organisation's number (IDNO) in the certificate is as good as a mandate without a role.
    """
    if expected is None:
        return True
    if personal_number(certificate) != expected.id:
        return False
    role = expected.delegated_role_id or None
    if expected.delegator_type is DelegatorType.NONE:
        return True
    if _is_of(certificate, expected) and role is None:
        return True
    return await mandates.holds(expected.id, expected.delegator_type, expected.delegator_id, role)


def _is_of(certificate: x509.Certificate, expected: ExpectedSigner) -> bool:
    of_organisation = expected.delegator_type is DelegatorType.ORGANIZATION
    return of_organisation and expected.delegator_id in organisation_numbers(certificate)


def organisation_numbers(certificate: x509.Certificate) -> frozenset[str]:
    """Return the 13-digit numbers in the subject's O and organizationIdentifier (`signature-profile.md`)."""
    kinds = (NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATION_IDENTIFIER)
    names = [str(one.value) for kind in kinds for one in certificate.subject.get_attributes_for_oid(kind)]
    return frozenset(number for name in names for number in _ORGANISATION_NUMBER.findall(name))
