"""Was a certificate revoked at the time that counts? OCSP answers tell, and revocation lists. (RFC 6960, RFC 5280)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from asn1crypto import x509 as asn1_x509

from shared.signatures.crls import listed
from shared.signatures.evidence import NOTHING, Evidence
from shared.signatures.fetching import Fetcher
from shared.signatures.responder import answer
from shared.signatures.sources import status_sources, tells_status
from shared.signatures.status import Irrelevant, RevocationStatus, Status, StatusUnknown, Word

SKEW = timedelta(minutes=5)
"""How far the clock of whoever tells a status may be ahead of ours."""

MAX_WORDS = 32
"""How many answers, and how many lists, on one certificate are listened to: a document may carry any number of them."""

HARMLESS = frozenset({"unspecified", "affiliation_changed", "superseded", "cessation_of_operation"})
"""Reasons that leave what a timestamping authority stamped before its revocation intact (RFC 3161 section 4)."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a word may be: up to its own nextUpdate, and `without_next_update` where it names none."""

    without_next_update: timedelta = timedelta(hours=24)

    def until(self, word: Word) -> datetime:
        """Until when the word may be relied on."""
        return word.next_update or word.this_update + self.without_next_update


DEFAULT_FRESHNESS = Freshness()


async def revocation_status(
    certificate: asn1_x509.Certificate,
    issuer: asn1_x509.Certificate,
    fetcher: Fetcher,
    *,
    at: datetime | None = None,
    known: Evidence = NOTHING,
) -> RevocationStatus:
    """The certificate's status at `at` (aware; now, when it is not given), asked for until somebody knows.

    First what is `known` counts, then the responders that the certificate names are asked, then its lists are read.
    `UNKNOWN` tells why nothing usable could be had; a certificate that names nobody to ask is GOOD.
    """
    moment = at or datetime.now(UTC)
    status = status_from(known, certificate, issuer, moment)
    if status.status is Status.UNKNOWN and not tells_status(certificate):
        return RevocationStatus(Status.GOOD, why="the certificate names nobody to ask")
    for source in status_sources(certificate, issuer):
        if status.status is not Status.UNKNOWN:
            break
        try:
            known = await fetcher.fetch(source) | known  # before whatever a document may flood us with
        except StatusUnknown as error:
            status = RevocationStatus(Status.UNKNOWN, why=str(error))
            continue
        status = status_from(known, certificate, issuer, moment)
    return status


def status_from(
    known: Evidence,
    certificate: asn1_x509.Certificate,
    issuer: asn1_x509.Certificate,
    at: datetime,
    freshness: Freshness = DEFAULT_FRESHNESS,
    *,
    now: datetime | None = None,
) -> RevocationStatus:
    """The status at `at` as far as the evidence tells; nothing is fetched.

    A revocation counts from its own date on, whoever tells it and however old the word is; only a hold may be lifted by
    a later word. GOOD needs a word that is current for `at`, or younger.
    """
    words, why = _words(known, certificate, issuer)
    past = [word for word in words if word.this_update <= (now or datetime.now(UTC)) + SKEW]
    revoked = [word for word in past if word.revoked_at is not None and not _was_lifted(word, past)]
    if revoked:
        first = min(revoked, key=_moment)
        told = Status.REVOKED if _moment(first) <= at else Status.GOOD
        return RevocationStatus(told, first.revoked_at, _gravest(first, revoked))
    current = []
    for word in (word for word in past if word.revoked_at is None):
        if stale := _why_stale(word, certificate, at, freshness):
            why = stale
        else:
            current.append(word.this_update)
    if current:
        return RevocationStatus(Status.GOOD, made_at=max(current))
    return RevocationStatus(Status.UNKNOWN, why=why or "nothing tells its status")


def voids_timestamps(status: RevocationStatus) -> bool:
    """Whether a revocation on the way to a timestamping authority, even a later one, makes its timestamps worthless.

    RFC 3161 section 4: it does unless one of the harmless reasons is stated. Whoever has the key of the authority, or
    of one above it, can put any time on anything.
    """
    return status.at is not None and status.why not in HARMLESS


def _words(
    known: Evidence, certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate
) -> tuple[list[Word], str]:
    """What is genuinely said about the certificate, and why the last of the rest was not taken."""
    answers = (partial(answer, one, others=known.certificates) for one in known.ocsp)
    lists = (partial(listed, one) for one in known.crls)
    found: list[Word] = []
    why = ""
    for readings in (answers, lists):  # each counted by itself: no number of answers may hide a list
        told = 0
        for read in readings:
            try:
                found.append(read(certificate=certificate, issuer=issuer))
            except Irrelevant:
                continue
            except StatusUnknown as error:
                why = str(error)
                continue
            told += 1
            if told == MAX_WORDS:
                break
    return found, why


def _moment(word: Word) -> datetime:
    return word.revoked_at or datetime.max.replace(tzinfo=UTC)


def _gravest(first: Word, revoked: list[Word]) -> str:
    """The reason of a revocation: a compromise may be found out, and told, after a harmless reason was."""
    graver = (word.reason for word in revoked if word.reason and word.reason not in HARMLESS)
    return next(graver, first.reason)


def _was_lifted(word: Word, others: list[Word]) -> bool:
    """A certificate on hold is free again when a later word does not have it any more (RFC 5280 section 5.3.1)."""
    later = (other for other in others if other.this_update > word.this_update)
    return word.reason == "certificate_hold" and any(other.revoked_at is None for other in later)


def _why_stale(word: Word, certificate: asn1_x509.Certificate, at: datetime, freshness: Freshness) -> str:
    """Why a word that does not have the certificate as revoked says nothing of `at`; empty when it does."""
    if freshness.until(word) < at:
        return "what tells its status is not current"
    ends = certificate.not_valid_after
    if word.this_update > ends and (word.covers_expired_since is None or word.covers_expired_since > ends):
        return "what tells its status was made after the certificate expired, when revocations are forgotten"
    return ""
