"""Is this the signer that the e-Service expects?"""

from cryptography import x509

from shared.contract.models import ExpectedSigner
from shared.signatures.certificates import personal_number


def is_expected(expected: ExpectedSigner | None, certificate: x509.Certificate) -> bool:
    """Tell whether the certificate is the expected signer's (contract: the IDNP must match)."""
    return expected is None or personal_number(certificate) == expected.id
