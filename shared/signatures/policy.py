"""Which algorithms, keys and silences do we accept, and until when? Policy changes `valid`, never what was measured."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from shared.errors import Malformed
from shared.signatures.reading import fact, quickly
from shared.signatures.verdict import Reason

SHIPPED = Path(__file__).with_name("policy.toml")
FAMILIES = {"rsa": "rsa", "rsassa_pss": "rsa", "ec": "ec", "dsa": "dsa"}
_KINDS = ((rsa.RSAPublicKey, "rsa"), (ec.EllipticCurvePublicKey, "ec"), (dsa.DSAPublicKey, "dsa"))


@dataclass(frozen=True, slots=True)
class Rule:
    """From which day on to warn, and from which to refuse; None is never."""

    warn_from: date | None = None
    refuse_from: date | None = None

    def warns(self, day: date) -> bool:
        """Whether there is something to say on that day, if only a warning."""
        return self.refuses(day) or (self.warn_from is not None and self.warn_from <= day)

    def refuses(self, day: date) -> bool:
        """Whether it is refused on that day."""
        return self.refuse_from is not None and self.refuse_from <= day


@dataclass(frozen=True, slots=True)
class DigestRule:
    """A rule for digest algorithms, named as in `hashlib`."""

    names: frozenset[str]
    rule: Rule


@dataclass(frozen=True, slots=True)
class KeyRule:
    """A rule for keys of a family (`rsa`, `dsa`, `ec`) below a size."""

    family: str
    below_bits: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Complaint:
    """What policy has against a signature, and whether that makes it invalid."""

    reason: Reason
    refused: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """What to warn of and what to refuse (`policy.toml` beside this file is the one that is shipped)."""

    digests: tuple[DigestRule, ...] = ()
    keys: tuple[KeyRule, ...] = ()
    unknown_status_refused: bool = False
    max_age: timedelta = timedelta(hours=24)

    @classmethod
    def from_file(cls, path: Path) -> Policy:
        """Read a TOML file like `policy.toml`; raises `Malformed` with what is wrong with it."""
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
            return _policy(told)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Malformed(f"the policy {path.name} cannot be used: {error}", code="policy") from error

    def on_digests(self, names: Iterable[str], at: datetime, *, of: str = "signature") -> tuple[Complaint, ...]:
        """What there is to say of digest algorithms that the `of` uses, at that time."""
        day = at.date()
        found = [(name, one.rule) for name in sorted(set(names)) for one in self.digests if name in one.names]
        return tuple(
            Complaint(
                Reason("weak_digest", f"the {of} uses {name}, which is {'broken' if refused else 'weak'}"), refused
            )
            for name, rule in found
            if (refused := rule.refuses(day)) or rule.warns(day)
        )

    def on_key(self, owner: asn1_x509.Certificate, at: datetime, *, of: str = "signer") -> tuple[Complaint, ...]:
        """What there is to say of a certificate's key, at that time."""
        family = _family(owner)
        if family is None:  # EdDSA keys have one size
            return ()
        bits = _bits(owner)
        if bits is None:
            return (Complaint(Reason("weak_key", f"the {of}'s key is of an unknown kind"), refused=True),)
        day = at.date()
        told = [one.rule for one in self.keys if one.family == family and bits < one.below_bits and one.rule.warns(day)]
        if not told:
            return ()
        reason = Reason("weak_key", f"the {of}'s key of {bits} bits is too short")
        return (Complaint(reason, refused=any(rule.refuses(day) for rule in told)),)


@functools.cache
def shipped_policy() -> Policy:
    """The policy of `policy.toml`."""
    return Policy.from_file(SHIPPED)


@fact
def _family(owner: asn1_x509.Certificate) -> str | None:
    """The kind of a key; None for EdDSA."""
    quick = quickly(owner)
    if quick is None:
        return FAMILIES.get(owner.public_key.algorithm)
    key = quick.public_key()
    return next((family for kind, family in _KINDS if isinstance(key, kind)), None)


@fact
def _bits(owner: asn1_x509.Certificate) -> int | None:
    """The size of a key; None for one that is odd, such as a point on a curve of somebody's own (CVE-2020-0601)."""
    quick = quickly(owner)
    if quick is not None and isinstance(known := quick.public_key(), rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return -(-known.key_size // 8) * 8  # whole bytes, as asn1crypto counts them
    key = owner.public_key
    try:
        named = key.algorithm != "ec" or key["algorithm"]["parameters"].name == "named"
        return int(key.bit_size) if named else None
    except Exception:  # asn1crypto stumbles over odd keys in many ways
        return None


def _policy(told: dict[str, Any]) -> Policy:
    _only(told, "revocation", "digest", "key")
    revocation = told.get("revocation", {})
    _only(revocation, "unknown", "max_age_hours")
    unknown = revocation.get("unknown", "accept")
    if unknown not in ("accept", "refuse"):
        raise ValueError("revocation.unknown is either accept or refuse")
    return Policy(
        digests=tuple(_digest_rule(one) for one in told.get("digest", ())),
        keys=tuple(_key_rule(one) for one in told.get("key", ())),
        unknown_status_refused=unknown == "refuse",
        max_age=timedelta(hours=revocation.get("max_age_hours", 24)),
    )


def _digest_rule(told: dict[str, Any]) -> DigestRule:
    _only(told, "names", "warn_from", "refuse_from")
    return DigestRule(frozenset(str(name) for name in told["names"]), _rule(told))


def _key_rule(told: dict[str, Any]) -> KeyRule:
    _only(told, "family", "below_bits", "warn_from", "refuse_from")
    if told["family"] not in FAMILIES.values():
        raise ValueError(f"there is no family of keys called {told['family']}")
    return KeyRule(told["family"], int(told["below_bits"]), _rule(told))


def _rule(told: dict[str, Any]) -> Rule:
    days = told.get("warn_from"), told.get("refuse_from")
    if not all(day is None or type(day) is date for day in days):
        raise ValueError("warn_from and refuse_from are dates such as 2014-01-01")
    return Rule(*days)


def _only(told: dict[str, Any], *known: str) -> None:
    if unknown := set(told) - set(known):
        raise ValueError(f"unknown setting {min(unknown)}")
