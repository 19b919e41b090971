"""Is this the signer that the e-Service expects?"""

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

from shared.contract.models import DelegatorType, ExpectedSigner
from shared.signatures.certificates import personal_number

_ORGANISATION_NUMBER = re.compile(r"(?<![0-9])[0-9]{13}(?![0-9])")


def is_expected(expected: ExpectedSigner | None, certificate: x509.Certificate) -> bool:
    """Tell whether the certificate is the expected signer's (contract: the IDNP must match).

    Who signs for an organisation needs its number (IDNO) in the certificate as well. Nothing in a certificate proves
    that somebody may sign for another person or in a role, so such a signer is nobody's.
    """
    if expected is None:
        return True
    return personal_number(certificate) == expected.id and _may_represent(expected, certificate)


def _may_represent(expected: ExpectedSigner, certificate: x509.Certificate) -> bool:
    if expected.delegator_type is DelegatorType.NONE:
        return True
    if expected.delegator_type is DelegatorType.PERSON or expected.delegated_role_id:
        return False
    return expected.delegator_id in organisation_numbers(certificate)


def organisation_numbers(certificate: x509.Certificate) -> frozenset[str]:
    """Return the 13-digit numbers in the subject's O and organizationIdentifier (`signature-profile.md`)."""
    kinds = (NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATION_IDENTIFIER)
    names = [str(one.value) for kind in kinds for one in certificate.subject.get_attributes_for_oid(kind)]
    return frozenset(number for name in names for number in _ORGANISATION_NUMBER.findall(name))
