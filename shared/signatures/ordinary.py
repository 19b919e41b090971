"""Is this a timestamp token as nearly all are, and does its signature hold? Others are read by asn1crypto, in `tokens`.

Ordinary is a token in DER with one ordinary signer (`signers`), whose certificate is in it, and without anything that
would have to be judged besides. Nothing is refused here: whatever is amiss is for those who can tell what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asn1crypto import x509 as asn1_x509

from shared.signatures.algorithms import digest
from shared.signatures.der import (
    BOOLEAN,
    GENERALIZED_TIME,
    IDENTIFIER,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Element,
    NotStrict,
    only,
)
from shared.signatures.reading import certificate_of
from shared.signatures.signers import (
    CONTENT_TYPE,
    DIGESTS,
    FIRST,
    MESSAGE_DIGEST,
    NAMED,
    NAMED_V2,
    PROTECTED,
    SECOND,
    algorithm_in,
    oid,
    read_signer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNED_DATA, _TST_INFO = oid("1.2.840.113549.1.7.2"), oid("1.2.840.113549.1.9.16.1.4")
_SIGNING_TIME = oid("1.2.840.113549.1.9.5")
_ATTRIBUTES = frozenset({CONTENT_TYPE, MESSAGE_DIGEST, _SIGNING_TIME, NAMED, NAMED_V2, PROTECTED})
_TIME = re.compile(rb"(\d{4})" + rb"(\d\d)" * 5 + rb"(?:\.(\d{1,6}))?Z")
_LAST_PARTS = SEQUENCE, BOOLEAN, INTEGER, FIRST, SECOND
"""What a TSTInfo may end with, in this order: accuracy, ordering, nonce, tsa, extensions."""


@dataclass(frozen=True, slots=True)
class OrdinaryToken:
    """A token whose signature may hold: its TSTInfo, as bytes and read, the certificates in it, and its SignerInfo."""

    content: bytes
    algorithm: str
    imprint: bytes
    at: datetime
    certificates: tuple[bytes, ...]
    signer: Element

    def is_over(self, digest_by: Callable[[str], bytes]) -> bool:
        """Whether the token is over what has these digests."""
        return digest_by(self.algorithm) == self.imprint


@dataclass(frozen=True, slots=True)
class Proof:
    """What holds of an ordinary token: who made it, the certificates in it, and the digests that its value rests on."""

    signer: asn1_x509.Certificate
    certificates: tuple[asn1_x509.Certificate, ...]
    digests: frozenset[str]


def read_token(token: bytes) -> OrdinaryToken | None:
    """Read a TimeStampToken (RFC 3161 section 2.4.2); None for one that is not ordinary."""
    try:
        kind, wrapped = only(token, SEQUENCE).children(IDENTIFIER, FIRST)
        (signed,) = wrapped.children(SEQUENCE)
        version, _, enclosed, certificates, signers = signed.children(INTEGER, SET, SEQUENCE, FIRST, SET)
        inner, held = enclosed.children(IDENTIFIER, FIRST)
        (content,) = held.children(OCTET_STRING)
        (signer,) = signers.children(SEQUENCE)
        if (kind.content, version.content, inner.content) != (_SIGNED_DATA, b"\x03", _TST_INFO):
            return None
        encoded = tuple(one.encoding for one in certificates.children())
        return OrdinaryToken(content.content, *_info(content.content), encoded, signer)
    except (NotStrict, KeyError, ValueError):
        return None


def proof_of(token: OrdinaryToken) -> Proof | None:
    """Check the token's signature (RFC 5652 section 5.4, RFC 5035); None where it does not hold, or may not."""
    try:
        return _proof(token)
    except Exception:  # a hostile certificate may break any parser below
        return None


def _info(content: bytes) -> tuple[str, bytes, datetime]:
    """The imprint and the time of a TSTInfo."""
    version, policy, imprint, number, time, *last = only(content, SEQUENCE).children()
    tags = version.tag, policy.tag, imprint.tag, number.tag, time.tag
    order = [_LAST_PARTS.index(one.tag) for one in last]
    if tags != (INTEGER, IDENTIFIER, SEQUENCE, INTEGER, GENERALIZED_TIME) or order != sorted(set(order)):
        raise NotStrict("not a TSTInfo")
    if version.content != b"\x01" or any(map(_may_be_critical, last)):
        raise NotStrict("another version, or an extension that must be understood")
    algorithm, value = imprint.children(SEQUENCE, OCTET_STRING)
    return DIGESTS[algorithm_in(algorithm)], value.content, _time(time.content)


def _may_be_critical(part: Element) -> bool:
    return part.tag == SECOND and any(one.children()[1].tag == BOOLEAN for one in part.children())


def _time(content: bytes) -> datetime:
    told = _TIME.fullmatch(content)
    if told is None:
        raise NotStrict("not a time of day in UTC")
    *parts, fraction = told.groups(b"")
    year, month, day, hour, minute, second = map(int, parts)
    return datetime(year, month, day, hour, minute, second, int(fraction.ljust(6, b"0")), tzinfo=UTC)


def _proof(token: OrdinaryToken) -> Proof | None:
    signer = read_signer(token.signer)
    certificates = tuple(map(certificate_of, token.certificates))
    number = int.from_bytes(only(signer.named[1], INTEGER).content, "big", signed=True)
    told = [one for one in certificates if one.serial_number == number]
    if len(told) != 1 or not signer.is_named(told[0]) or signer.more or signer.attributes.keys() - _ATTRIBUTES:
        return None
    if not signer.signed_so(told[0], _TST_INFO, lambda name: digest(name, token.content), bound=True):
        return None
    return Proof(told[0], certificates, frozenset({signer.digest, signer.scheme.digest}))
