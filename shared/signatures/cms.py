"""Does a CMS signature hold over the content that it is said to be over? (RFC 5652; PDF files and timestamps use it)"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.validation.generic_cms import get_signing_cert_attr, validate_sig_integrity

from shared.signatures.certificates import issuer_key, name_key
from shared.signatures.der import SEQUENCE, only
from shared.signatures.reading import shared
from shared.signatures.signers import read_signer
from shared.signatures.values import ASN_VALIDATOR
from shared.signatures.verdict import Reason

DigestBy = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class CmsCheck:
    """What a CMS signature turned out to be; it holds when `reasons` is empty.

    `digests` are the algorithms that it rests on: that of the content, and that of the signature value.
    """

    certificate: asn1_x509.Certificate | None
    others: tuple[asn1_x509.Certificate, ...] = ()
    digests: frozenset[str] = frozenset()
    reasons: tuple[Reason, ...] = ()


def check_signer(
    signed_data: cms.SignedData,
    content_type: str,
    content_digest: DigestBy,
    *,
    binding_required: bool,
    pool: Iterable[asn1_x509.Certificate] = (),
) -> CmsCheck:
    """Check the one signer of `signed_data` over a content whose digest `content_digest` gives for an algorithm.

    The signer's certificate comes from the message or from `pool`. With `binding_required`, the signed attributes must
    name the certificate (RFC 5035). Raises whatever asn1crypto raises on unreadable input.
    """
    if len(signed_data["signer_infos"]) != 1:
        return _refused(None, (), frozenset(), "signer_count", "the CMS message must have exactly one signer")
    signer = signed_data["signer_infos"][0]
    embedded = embedded_certificates(signed_data)
    leaf = _named_by(signer["sid"], (*embedded, *pool))
    others = tuple(one for one in embedded if leaf is None or one.sha256 != leaf.sha256)
    digest_name = str(signer["digest_algorithm"]["algorithm"].native).lower()
    digests = frozenset(filter(None, (digest_name, value_digest(signer["signature_algorithm"]))))
    if leaf is None:
        return _refused(None, others, digests, "no_certificate", "the signer's certificate is not in the signature")
    told_by = cache(content_digest)
    if _is_proven(signer, leaf, content_type, told_by, bound=binding_required):
        return CmsCheck(leaf, others, digests)
    if binding_required and not _is_bound(signer):
        return _refused(leaf, others, digests, "no_binding", "the signed attributes do not name the certificate")
    try:
        intact, genuine = validate_sig_integrity(signer, leaf, content_type, told_by(digest_name), ASN_VALIDATOR)
    except Exception:  # attributes that contradict the signature, and keys and algorithms that do not fit together
        told = "the signed attributes are wrong, or name another certificate or algorithm"
        return _refused(leaf, others, digests, "signed_attributes", told)
    reasons = []
    if not intact:
        reasons.append(Reason("digest_mismatch", "the content is not the one that was signed"))
    if not genuine:
        reasons.append(Reason("signature_value", "the signature value does not verify with the signer's key"))
    return CmsCheck(leaf, others, digests, tuple(reasons))


def embedded_certificates(signed_data: cms.SignedData) -> tuple[asn1_x509.Certificate, ...]:
    """The X.509 certificates that a CMS message carries."""
    if isinstance(signed_data["certificates"], core.Void):
        return ()
    return tuple(shared(one.chosen) for one in signed_data["certificates"] if one.name == "certificate")


def unsigned_values(signer: cms.SignerInfo, name: str) -> list[cms.ContentInfo]:
    """All values of an unsigned attribute of a signer."""
    if isinstance(signer["unsigned_attrs"], core.Void):
        return []
    return [value for one in signer["unsigned_attrs"] if one["type"].native == name for value in one["values"]]


def value_digest(algorithm: algos.SignedDigestAlgorithm) -> str:
    """The digest that a signature algorithm names; empty for one that leaves it to others, or is not known."""
    try:
        return str(algorithm.hash_algo)
    except (ValueError, KeyError, TypeError):
        return ""


def _is_proven(
    signer: cms.SignerInfo, leaf: asn1_x509.Certificate, content_type: str, content_digest: DigestBy, *, bound: bool
) -> bool:
    """Whether the signature is one that is quickly found to hold; False says nothing."""
    try:
        kind = bytes(cms.ContentType(content_type).contents)
        told = read_signer(only(bytes(signer.dump()), SEQUENCE))
        return told.signed_so(leaf, kind, content_digest, bound=bound)
    except Exception:  # a hostile message may break any parser below
        return False


def _is_bound(signer: cms.SignerInfo) -> bool:
    attributes = signer["signed_attrs"]
    return not isinstance(attributes, core.Void) and get_signing_cert_attr(attributes) is not None


def _named_by(sid: cms.SignerIdentifier, pool: Iterable[asn1_x509.Certificate]) -> asn1_x509.Certificate | None:
    for one in pool:
        if sid.name == "issuer_and_serial_number":
            told = sid.chosen
            same_number = one.serial_number == told["serial_number"].native
            if same_number and issuer_key(one) == name_key(told["issuer"]):
                return one
        elif one.key_identifier == sid.chosen.native:
            return one
    return None


def _refused(
    leaf: asn1_x509.Certificate | None,
    others: tuple[asn1_x509.Certificate, ...],
    digests: frozenset[str],
    code: str,
    sentence: str,
) -> CmsCheck:
    return CmsCheck(leaf, others, digests, (Reason(code, sentence),))
