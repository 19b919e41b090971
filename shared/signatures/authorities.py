"""Which authorities certify whom they like, so that a path over them need not be validated as a whole again?

Validating a path (RFC 5280 section 6.1) finds out two things: that each authority on it may issue certificates, at that
depth, and that the leaf keeps what they ask for. The first does not depend on the leaf. Where no authority of the path
restricts names or policies, the second is little: its signature, its dates, its issuer's name, and no extension that
is critical and unknown or asks for policies itself. So the authorities are remembered, and only the leaf is looked at.
"""

from __future__ import annotations

from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509

from shared.signatures.extensions import alternatives, extensions, policies
from shared.signatures.memory import Memory
from shared.signatures.reading import fact
from shared.signatures.responder import issued_by

Chain = tuple[asn1_x509.Certificate, ...]
"""A leaf, who issued it, and so on up to an anchor."""

MAX_POLICIES = 16

_RESTRICTING = frozenset({"name_constraints", "policy_constraints", "policy_mappings", "inhibit_any_policy"})
_KNOWN = frozenset({"basic_constraints", "key_usage", "extended_key_usage", "certificate_policies", "subject_alt_name"})
_NAMES = frozenset({"rfc822_name", "dns_name", "uniform_resource_identifier", "directory_name"})
_ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

UNCONDITIONAL: Memory[tuple[bytes, ...], tuple[datetime, datetime]] = Memory(256)
"""From when until when (the anchor's own dates aside) authorities that restrict nothing are all in force."""


def vouch(chain: Chain, at: datetime) -> bool:
    """Whether a chain is valid at a time (aware) because its authorities are known to be; False says nothing."""
    known = UNCONDITIONAL.get(_above(chain))
    if known is None or not known[0] <= at <= known[1]:
        return False
    leaf, issuer = chain[:2]
    try:
        in_force = leaf.not_valid_before <= at <= leaf.not_valid_after
        return in_force and _asks_for_nothing(leaf) and issued_by(leaf, issuer)
    except Exception:  # a hostile certificate may break any parser below
        return False


def remember(chain: Chain) -> None:
    """Remember the authorities of a chain that was found valid, revocation aside, if they restrict nothing."""
    above = chain[1:]
    if above and not any(_RESTRICTING & extensions(one) for one in above):
        begins = (one.not_valid_before for one in above[:-1])
        ends = (one.not_valid_after for one in above[:-1])
        UNCONDITIONAL.put(_above(chain), (max(begins, default=_ALWAYS[0]), min(ends, default=_ALWAYS[1])))


def _above(chain: Chain) -> tuple[bytes, ...]:
    return tuple(one.sha256 for one in chain[1:])


@fact
def _asks_for_nothing(leaf: asn1_x509.Certificate) -> bool:
    """Whether there is nothing about a leaf that could make a path invalid under authorities without restrictions."""
    asks = leaf.critical_extensions - _KNOWN or _RESTRICTING & extensions(leaf)
    return not asks and policies(leaf) <= MAX_POLICIES and alternatives(leaf) <= _NAMES
