"""Which chains of certificates lead from a leaf to an anchor, and is one valid at a given time? (RFC 5280 section 6)

Chains are found here, with every signature checked and every step counted, because a document may carry any number of
certificates that issued each other; each chain is then validated by pyhanko-certvalidator, or by what that found out
about the same authorities before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers, derive_quals_from_cert
from pyhanko_certvalidator.errors import ExpiredError, NotYetValidError, ValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    AcceptAllAlgorithms,
    CertRevTrustPolicy,
    PKIXValidationParams,
)
from pyhanko_certvalidator.validate import async_validate_path

from shared.errors import Bug
from shared.signatures.authorities import Chain, remember, vouch
from shared.signatures.certificates import issuer_key, subject_key
from shared.signatures.evidence import unique
from shared.signatures.reading import fact, quickly
from shared.signatures.responder import issued_by
from shared.signatures.values import ASN_VALIDATOR
from shared.signatures.verdict import Reason, Trust

MAX_LENGTH = 10
MAX_STEPS = 300
"""How many signatures of certificates are checked to find the chains of one leaf."""


class Issuers:
    """All certificates at hand by their subject; those that cannot be read are left out."""

    def __init__(self, anchors: Iterable[asn1_x509.Certificate], others: Iterable[asn1_x509.Certificate]) -> None:
        given = tuple(anchors)
        self._anchors = {one.sha256 for one in given}
        self._by_subject: dict[str, list[asn1_x509.Certificate]] = defaultdict(list)
        self._steps = 0
        for certificate in unique((*given, *others)):
            self._add(certificate)

    def chains(self, leaf: asn1_x509.Certificate) -> Iterator[Chain]:
        """Every chain from `leaf` to an anchor, those over anchors first; names and signatures hold, nothing more."""
        yield from self._walk((leaf,))

    def issuers(self, certificate: asn1_x509.Certificate) -> Iterator[asn1_x509.Certificate]:
        """Who issued a certificate: several, where authorities certify each other or renew their own."""
        for issuer in self._by_subject.get(issuer_key(certificate), ()):
            self._steps += 1
            if self._steps > MAX_STEPS:
                return
            if issued_by(certificate, issuer):
                yield issuer

    def dead_end(self, leaf: asn1_x509.Certificate) -> asn1_x509.Certificate:
        """The certificate above `leaf` (or itself) whose issuer is not at hand."""
        chain = [leaf]
        while len(chain) < MAX_LENGTH and (issuer := next(self.issuers(chain[-1]), None)) is not None:
            if issuer.sha256 == chain[-1].sha256:
                break
            chain.append(issuer)
        return chain[-1]

    def _add(self, certificate: asn1_x509.Certificate) -> None:
        try:
            name = subject_key(certificate)
        except Exception:  # a hostile certificate may break any parser below
            return
        self._by_subject[name].append(certificate)

    def _walk(self, chain: Chain) -> Iterator[Chain]:
        last = chain[-1]
        if last.sha256 in self._anchors:
            yield chain
            return
        if len(chain) == MAX_LENGTH:
            return
        for issuer in self.issuers(last):
            if not any(_same_owner(issuer, one) for one in chain):
                yield from self._walk((*chain, issuer))


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a chain does not make its leaf trusted."""

    trust: Trust
    reason: Reason


def why_invalid(chain: Chain, at: datetime) -> Denial | None:
    """What is wrong with a chain at a time (aware) by RFC 5280 section 6, revocation aside; None when nothing is.

    What was found out about its authorities before counts at any time at which all are in force: dates are the only
    thing in here that time changes. All algorithms are accepted (policy judges them, by date, in `conclusion`), and
    revocation is judged in `trust`, by what is known at the time.
    """
    if len(chain) == 1:
        return _why_not_valid(chain[0], at)
    if not _may_issue(chain[-1]):
        return Denial(Trust.UNTRUSTED, Reason("wrong_usage", "the trust anchor is not that of an authority"))
    if vouch(chain, at):
        return None
    denial = _why_path_invalid(chain, at)
    if denial is None:
        remember(chain)
    return denial


def _why_path_invalid(chain: Chain, at: datetime) -> Denial | None:
    leaf, *between = chain
    anchor = between.pop()
    trusted = CertTrustAnchor(anchor, _qualifiers(anchor))
    context = ValidationContext(
        trust_roots=[trusted],
        moment=at.astimezone(UTC),
        allow_fetching=False,
        revinfo_policy=CertRevTrustPolicy(NO_REVOCATION),
        algorithm_usage_policy=AcceptAllAlgorithms(),
        signature_validator=ASN_VALIDATOR,
    )
    validation = async_validate_path(context, ValidationPath(trusted, between[::-1], leaf))
    try:
        validation.send(None)  # nothing is fetched, so that it never waits
    except StopIteration:
        return None
    except Exception as error:  # a hostile certificate may break any parser below
        return _denial(error)
    raise Bug("the validation of a path waits for something")


def _why_not_valid(leaf: asn1_x509.Certificate, at: datetime) -> Denial | None:
    """An anchor that signs by itself has no path; its own dates count all the same."""
    if at > leaf.not_valid_after:
        return Denial(Trust.EXPIRED, _EXPIRED)
    if at < leaf.not_valid_before:
        return Denial(Trust.UNTRUSTED, _NOT_YET)
    return None


def _denial(error: Exception) -> Denial:
    """Our word for what the path validation complains about; causes count as much as the error itself."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__) is not None and len(causes) < 8:
        causes.append(cause)
    for kind, trust, reason in _DENIALS:
        if any(isinstance(one, kind) for one in causes):
            return Denial(trust, reason)
    return Denial(Trust.UNTRUSTED, UNREADABLE)


UNREADABLE = Reason("path_unreadable", "the certificate path could not be read")
_EXPIRED = Reason("expired", "a certificate of the path had expired")
_NOT_YET = Reason("not_yet_valid", "a certificate of the path was not valid yet")
_INVALID = Reason("path_invalid", "the certificate path is not valid")
_DENIALS: tuple[tuple[type[Exception], Trust, Reason], ...] = (
    (ExpiredError, Trust.EXPIRED, _EXPIRED),
    (NotYetValidError, Trust.UNTRUSTED, _NOT_YET),
    (ValidationError, Trust.UNTRUSTED, _INVALID),
)


def _same_owner(one: asn1_x509.Certificate, other: asn1_x509.Certificate) -> bool:
    return _key(one) == _key(other) and subject_key(one) == subject_key(other)


@fact
def _key(owner: asn1_x509.Certificate) -> bytes:
    if (quick := quickly(owner)) is not None:
        return quick.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return bytes(owner.public_key.dump())


def _may_issue(anchor: asn1_x509.Certificate) -> bool:
    """Whether an anchor is an authority: one that is somebody's own certificate vouches for nobody else."""
    usage, constraints = anchor.key_usage_value, anchor.basic_constraints_value
    if usage is not None and "key_cert_sign" not in usage.native:
        return False
    if constraints is not None:
        return bool(constraints["ca"].native)
    return usage is not None or anchor["tbs_certificate"]["version"].native == "v1"


def _qualifiers(anchor: asn1_x509.Certificate) -> TrustQualifiers:
    """What an anchor's own certificate restricts: how long paths may be, and which names they may have."""
    derived = derive_quals_from_cert(anchor).standard_parameters
    names = PKIXValidationParams(
        initial_permitted_subtrees=derived.initial_permitted_subtrees if derived else None,
        initial_excluded_subtrees=derived.initial_excluded_subtrees if derived else None,
    )
    return TrustQualifiers(standard_parameters=names, max_path_length=anchor.max_path_length)
